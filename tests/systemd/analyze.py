"""systemd's own word on a unit."""

import subprocess
from pathlib import Path


def verify(root: Path, unit: str) -> str:
    """Return what systemd-analyze has to say; it returns 0 even for a key it does not know."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", f"--root={root}", unit],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr
