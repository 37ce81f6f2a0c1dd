"""The emulated head unit: QEMU without KVM, network or display, and a line to the program in the guest."""

import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from assistant.errors import CabinError
from scripts.benchimage import tools
from scripts.benchimage.image import Image

CORES, MEMORY_MB = 1, 2048
CPU: Final = "cortex-a72"
SHIFT: Final = 0
"""The guest's clock goes on by 2 ** SHIFT ns with every instruction: one core of a thousand million a second, however busy the host is.

Without it a guest on a busy host cannot keep up with its own microphone, and no figure could be compared with another.
"""
DARK_S: Final = 20.0
"""How long a machine was without power when it is switched on again, by its own clock.

The host's would tell it of a quarter of an hour, and more on a busy host: prices that were agreed to would have run out.
"""
TELL_EVERY_S: Final = 30.0


class Machine:
    """One machine with a disk of its own over the image's; it survives a power cut as a real disk does."""

    def __init__(self, image: Image, folder: Path) -> None:
        """Make a fresh disk in `folder`; nothing runs yet. `folder/share` is what the guest may write to."""
        self._image, self._folder = image, folder
        self.share = folder / "share"
        self.share.mkdir(parents=True, exist_ok=True)
        self._disk = folder / "disk.qcow2"
        self._boots = 0
        self._clock = time.time()
        self._sockets = Path(tempfile.mkdtemp(prefix="cabin-qemu-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._rest = b""
        create = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(image.disk), str(self._disk)]
        self._disk.unlink(missing_ok=True)
        tools.run(create, "making a disk", folder / "disk.log")

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut the power if it is on, and remove the sockets."""
        self.cut_power()
        shutil.rmtree(self._sockets, ignore_errors=True)

    @property
    def running(self) -> bool:
        """Tell whether the power is on."""
        return self._process is not None and self._process.poll() is None

    @property
    def console(self) -> Path:
        """Return what the present boot wrote to its console."""
        return self._folder / f"console-{self._boots}.log"

    def command(self, *console: str) -> list[str]:
        """Return QEMU's command line; `console` says where the serial console goes. Its clock goes on where it was."""
        line = f"socket,id=line,path={self._sockets / 'line'},server=on,wait=off"
        return [
            *("qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", CPU, "-accel", "tcg"),
            *("-icount", f"shift={SHIFT},sleep=on"),
            *("-rtc", f"base={time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(self._clock))},clock=vm"),
            *("-smp", str(CORES), "-m", str(MEMORY_MB), "-no-reboot", "-nodefaults", "-display", "none"),
            *("-kernel", str(self._image.kernel), "-initrd", str(self._image.initrd)),
            *("-append", "console=ttyAMA0 quiet cabin.bench"),
            *("-drive", f"if=none,id=root,format=qcow2,cache=writeback,file={self._disk}"),
            *("-device", "virtio-blk-pci,drive=root", "-device", "virtio-rng-pci"),
            *("-chardev", line, "-device", "virtio-serial-pci"),
            *("-device", "virtserialport,chardev=line,name=cabin.bench"),
            *("-fsdev", f"local,id=share,path={self.share},security_model=none"),
            *("-device", "virtio-9p-pci,fsdev=share,mount_tag=bench", "-nic", "none"),
            *console,
        ]

    def start(self) -> None:
        """Switch on; `wait_up` tells when the guest answers."""
        self._clock = self._clock + DARK_S if self._boots else time.time()
        self._boots += 1
        self._rest = b""
        log = (self._folder / "qemu.log").open("ab")
        with log:
            command = self.command("-serial", f"file:{self.console}")
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._line = self._connected(self._sockets / "line")

    def wait_up(self, timeout_s: float) -> float:
        """Wait for the guest's program; return the seconds since the call. Raises CabinError."""
        began = time.monotonic()
        self._hear(timeout_s, "booting")
        return time.monotonic() - began

    def do(self, step: str, /, timeout_s: float = 900.0, **arguments: Any) -> dict[str, Any]:
        """Have the guest do a step; return what it tells. Raises CabinError if it failed or kept silent."""
        assert self._line is not None
        try:
            self._line.sendall(json.dumps({"step": step, **arguments}).encode() + b"\n")
        except OSError:
            raise CabinError(f"{step}: the machine hung up", f"see {self.console}") from None
        told = self._hear(timeout_s, " ".join((step, *map(str, arguments.values()))))
        if "failed" in told:
            raise CabinError(f"{step} failed in the guest: {told['why']}", f"see {self.share} and {self.console}")
        told.pop("done")
        return told

    def wait_off(self, timeout_s: float) -> bool:
        """Wait until the machine has switched itself off; tell whether it did."""
        assert self._process is not None
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return self._process.returncode == 0

    def cut_power(self) -> None:
        """End it between two instructions; what the guest had not written to its disk is lost."""
        if self._process is not None and self.running:
            self._process.kill()
            self._process.wait()
        if self._line is not None:
            self._line.close()
            self._line = None

    def _connected(self, path: Path) -> socket.socket:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        ends = time.monotonic() + 30
        while True:
            try:
                line.connect(str(path))
            except OSError:
                self._check_alive()
                if time.monotonic() > ends:
                    raise CabinError("QEMU does not open its socket", f"see {self._folder / 'qemu.log'}") from None
                time.sleep(0.1)
            else:
                return line

    def _hear(self, timeout_s: float, what: str) -> dict[str, Any]:
        """Return the next line of the guest, telling a person now and then that it is waited for."""
        assert self._line is not None
        began = told = time.monotonic()
        self._line.settimeout(1.0)
        while b"\n" not in self._rest:
            now = time.monotonic()
            if now - began > timeout_s:
                raise CabinError(f"{what}: no answer in {timeout_s:.0f} s", f"see {self.console}")
            if now - told > TELL_EVERY_S:
                told = now
                tools.say(f"{what}: {now - began:.0f} s")
            try:
                read = self._line.recv(65_536)
            except TimeoutError:
                self._check_alive()
                continue
            except ConnectionError:
                read = b""
            if not read:
                self._check_alive()
                raise CabinError(f"{what}: the machine hung up", f"see {self.console}")
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        self._clock = found.pop("clock")
        return found

    def _check_alive(self) -> None:
        if not self.running:
            where = self.console if self.console.exists() else self._folder / "qemu.log"
            raise CabinError(f"the machine went off: {tools.last_line(where)}", f"see {where}")
