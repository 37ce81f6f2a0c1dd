"""The papers of the bench's fleet: an authority, the broker's, the vehicle's and the bridge's certificates, by scripts/ca."""

from pathlib import Path
from typing import Final

from scripts.benchimage import cache, tools

VEHICLE: Final = "bench-car"
"""As `overlay/etc/cabin/cabin.toml` has it."""
CA: Final = cache.ROOT / "scripts" / "ca"
STEPS: Final = (("init",), ("server", "localhost"), ("client", VEHICLE), ("client", "bridge"))


def made(build: Path) -> Path:
    """Return the folder with all of them; they are made once and are good for two years."""
    key = cache.key_of(CA.read_bytes(), repr(STEPS))

    def make(part: Path) -> None:
        tools.need("openssl")
        for verb, *names in STEPS:
            if verb != "init" or not (part / "ca.key").exists():
                tools.run([str(CA), verb, str(part), *names], f"scripts/ca {verb}", build / "ca.log")

    return cache.product(build, "papers", key, make, "certificates of the bench's fleet")
