"""Python packages for the guest: pinned wheels for aarch64 with their hashes checked, and llama.cpp compiled across."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant.errors import CabinError
from scripts.benchimage import cache, tools
from scripts.benchimage.debian import PYTHON

GUEST: Final = cache.ROOT / "scripts" / "requirements" / "guest.txt"
CROSS: Final = cache.ROOT / "scripts" / "requirements" / "cross.txt"
COMPILED: Final = "llama-cpp-python"
"""There is no aarch64 wheel of it, so it is compiled here."""
GLIBC: Final = ("2014", "_2_17", "_2_24", "_2_26", "_2_27", "_2_28", "_2_31", "_2_34", "_2_35", "_2_36")
"""All that bookworm can run: with one tag alone pip would silently take an older release that has it."""
TOOLCHAIN: Final = """set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
"""
NO_COMMON: Final = cache.ROOT / "scripts" / "llama-no-common.cmake"
OPTIONS: Final = (
    "-DGGML_NATIVE=OFF",
    "-DGGML_CPU_ARM_ARCH=armv8-a",
    "-DLLAVA_BUILD=OFF",
    f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={NO_COMMON}",
)
NEEDS_BYTES: Final = 2_500_000_000


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock: a name, its one version, its hashes as pip writes them."""

    name: str
    version: str
    hashes: tuple[str, ...]

    def line(self) -> str:
        """Return it for a requirements file."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash={each}" for each in self.hashes)])


def pins(text: str) -> tuple[Pin, ...]:
    """Read a lock made for one platform. CabinError for a line without a hash, or with a condition."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        name, equals, version = words[0].partition("==")
        hashes = tuple(word.removeprefix("--hash=") for word in words[1:])
        if not equals or not hashes or not all(word.startswith("--hash=") for word in words[1:]):
            raise CabinError(f"guest.txt: not a pin with hashes and nothing else: {line.strip()[:80]}", "scripts/lock")
        found.append(Pin(name, version, hashes))
    return tuple(found)


def target() -> list[str]:
    """Return pip's options for the guest's Python."""
    tags = [f"manylinux{glibc}_aarch64" for glibc in GLIBC]
    options = ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}"]
    options += [f"--abi={abi}" for abi in (f"cp{PYTHON.replace('.', '')}", "abi3", "none")]
    return options + [f"--platform={tag}" for tag in (*tags, "linux_aarch64")]


def own_python(build: Path) -> Path:
    """Return the Python of a virtual environment with what builds wheels, at pinned versions."""
    key = cache.key_of(CROSS.read_bytes(), sys.version, sys.executable)

    def make(part: Path) -> None:
        shutil.rmtree(part)
        done = subprocess.run([sys.executable, "-m", "venv", part], capture_output=True, text=True, check=False)
        if done.returncode:
            raise CabinError("python3 -m venv does not work", "sudo apt-get install python3-venv")
        command = [str(part / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "-r", str(CROSS)]
        tools.run([*command, "--disable-pip-version-check"], "pip", part.parent / "tools.log")

    return cache.product(build, "tools", key, make, "tools that build wheels") / "bin" / "python"


def site(build: Path) -> Path:
    """Return the folder with every package the guest needs, unpacked and compiled to bytecode."""
    wanted = pins(GUEST.read_text())
    python = own_python(build)
    llama = _compiled(build, python, next(pin for pin in wanted if pin.name == COMPILED))
    ready = _downloaded(build, python, tuple(pin for pin in wanted if pin.name != COMPILED))
    key = cache.key_of(llama.parent.name, ready.name, *target())

    def make(part: Path) -> None:
        shutil.rmtree(part)
        command = [str(python), "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile", *target()]
        files = [str(wheel) for wheel in (*sorted(ready.glob("*.whl")), llama)]
        tools.run([*command, "--target", str(part), *files], "unpacking wheels", build / "site.log")
        compile_bytecode(part, build / "bytecode.log")

    return cache.product(build, "site", key, make, "unpacking the guest's Python packages")


def compile_bytecode(folder: Path, log: Path) -> None:
    """Compile for the guest, whose services may not write there; by a Python of the guest's version."""
    python = sys.executable if sys.version.startswith(f"{PYTHON}.") else shutil.which(f"python{PYTHON}")
    if python is None:
        tools.say(f"no Python {PYTHON} here: the guest compiles each module at every start, so its start is slower")
        return
    command = [python, "-m", "compileall", "-q", "-j0", "--invalidation-mode=unchecked-hash", str(folder)]
    tools.run(["sh", "-c", '"$@" || [ $? = 1 ]', "sh", *command], "bytecode", log)


def _downloaded(build: Path, python: Path, wanted: tuple[Pin, ...]) -> Path:
    key = cache.key_of(*(pin.line() for pin in wanted), *target())

    def make(part: Path) -> None:
        tools.need_space(part, NEEDS_BYTES)
        listed = build / "wheels.txt"
        listed.write_text("\n".join(pin.line() for pin in wanted) + "\n")
        command = [str(python), "-m", "pip", "download", "--no-deps", "--require-hashes", "-r", str(listed)]
        tools.run([*command, *target(), "--dest", str(part)], "wheels", build / "wheels.log")

    return cache.product(build, "wheels", key, make, f"{len(wanted)} wheels for aarch64")


def _compiled(build: Path, python: Path, pin: Pin) -> Path:
    """Return the wheel of llama.cpp, compiled across (a quarter of an hour); an interrupted build goes on."""
    key = cache.key_of(pin.line(), TOOLCHAIN, NO_COMMON.read_bytes(), *(option for option in OPTIONS[:-1]))

    def make(part: Path) -> None:
        tools.need("aarch64-linux-gnu-g++", "cmake", "ninja")
        tools.need_space(part, NEEDS_BYTES)
        work = build / f"llama-{key}.work"
        work.mkdir(exist_ok=True)
        source = _source(work, python, pin)
        toolchain = work / "toolchain.cmake"
        toolchain.write_text(TOOLCHAIN)
        options = " ".join((f"-DCMAKE_TOOLCHAIN_FILE={toolchain}", *OPTIONS))
        env = {"_PYTHON_HOST_PLATFORM": "linux-aarch64", "CMAKE_ARGS": options}
        command = [str(python), "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-v"]
        command += ["-C", f"build-dir={work / 'objects'}", "-w", str(part), str(source)]
        tools.run(command, "llama.cpp", build / "llama.log", env)
        shutil.rmtree(work)

    made = cache.product(build, "llama", key, make, "llama.cpp for aarch64 (the first time a quarter of an hour)")
    return next(made.glob("*.whl"))


def _source(work: Path, python: Path, pin: Pin) -> Path:
    """Fetch the source by its hash and unpack it once, so that the object files stay good."""
    unpacked = work / f"{pin.name.replace('-', '_')}-{pin.version}"
    if unpacked.exists():
        return unpacked
    listed = work / "llama.txt"
    listed.write_text(pin.line() + "\n")
    command = [str(python), "-m", "pip", "download", "--no-deps", "--no-build-isolation", "--no-binary", pin.name]
    tools.run([*command, "--require-hashes", "-r", str(listed), "-d", str(work)], "source", work / "source.log")
    part = work / "unpacking"
    part.mkdir(exist_ok=True)
    tools.run(["tar", "-x", "-C", str(part), "-f", str(next(work.glob("*.tar.gz")))], "source", work / "source.log")
    (part / unpacked.name).rename(unpacked)
    return unpacked
