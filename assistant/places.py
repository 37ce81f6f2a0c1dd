"""Where Cabin's own files lie: beside the package in a checkout, under share/cabin where it is installed."""

import sys
from pathlib import Path

from assistant.errors import ConfigError

ROOTS = (Path(__file__).parents[1], Path(sys.prefix) / "share" / "cabin", Path("/usr/share/cabin"))


def shipped(name: str) -> Path:
    """Return the path of a shipped file or folder, e.g. `config/vehicles/demo.toml`; ConfigError if it is nowhere."""
    for root in ROOTS:
        if (root / name).exists():
            return root / name
    raise ConfigError(
        f"{name} is not installed", f"put it under one of: {', '.join(str(root / name) for root in ROOTS)}"
    )
