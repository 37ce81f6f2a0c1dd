"""What a process that opens a model or a voice may not do, whatever the file makes of it: no network, no new rights, no unbounded memory."""

import ctypes
import errno
import platform
import resource
import struct
from typing import Final

SPARE_BYTES: Final = 4 << 30
"""Address space beside twice the file: a crafted file that asks for more ends the process."""
_NO_NEW_PRIVILEGES: Final = 38
_SECCOMP: Final = 22
_FILTER: Final = 2
_ALLOW: Final = 0x7FFF_0000
_ERRNO: Final = 0x0005_0000
_KILL: Final = 0x8000_0000
_MACHINES: Final = {
    "x86_64": (0xC000_003E, (41, 53, 425, 321)),
    "aarch64": (0xC000_00B7, (198, 199, 425, 280)),
}
"""Kernel's name of the architecture; numbers of socket, socketpair, io_uring_setup and bpf."""
_X32_BIT: Final = 0x4000_0000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def seal(file_bytes: int) -> bool:
    """Bound the address space by the file's size and close the network for this process for good; False where the kernel offers no filter."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = 2 * file_bytes + SPARE_BYTES
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return _close_network()


def _close_network() -> bool:
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = _program(*machine)
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(code) // 8, code)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0)


def _program(architecture: int, refused: tuple[int, ...]) -> bytes:
    """Return a classic BPF program that refuses the calls with EPERM and kills calls of a foreign architecture."""
    load, equal, at_least, back = 0x20, 0x15, 0x35, 0x06
    steps = [
        (load, 0, 0, 4),
        (equal, 1, 0, architecture),
        (back, 0, 0, _KILL),
        (load, 0, 0, 0),
        (at_least, len(refused) + 1, 0, _X32_BIT),
        *((equal, len(refused) - place, 0, number) for place, number in enumerate(refused)),
        (back, 0, 0, _ALLOW),
        (back, 0, 0, _ERRNO | errno.EPERM),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)
