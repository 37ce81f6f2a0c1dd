"""One JSON line in, `{"step": name, …arguments}`; one JSON line out, `{"done": name, …}` or `{"failed": name, "why": …}`.

Each line out bears the guest's time, epoch seconds, as `clock`.
"""

import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Final

from scripts.benchimage.guest.steps import Steps

PORT: Final = Path("/dev/virtio-ports/cabin.bench")


def main() -> None:
    """Serve until the machine goes off."""
    with PORT.open("r+b", buffering=0) as port:
        steps = Steps()
        _tell(port, {"done": "up"})
        while line := _line(port):
            asked = json.loads(line)
            name = asked.pop("step")
            try:
                told = {"done": name, **steps.do(name, **asked)}
            except Exception as error:  # noqa: BLE001 - the host judges, whatever went wrong
                traceback.print_exc(file=sys.stderr)
                told = {"failed": name, "why": f"{type(error).__name__}: {error}"}
            _tell(port, told)


def _line(port: Any) -> bytes:
    """Read one line; the port gives what is there, which may be a part of one, or nothing while the host is not there."""
    line = b""
    while not line.endswith(b"\n"):
        read = port.read(4096)
        if not read:
            time.sleep(0.2)
        line += read or b""
    return line


def _tell(port: Any, told: dict[str, Any]) -> None:
    raw = json.dumps(told | {"clock": time.time()}, ensure_ascii=False).encode() + b"\n"
    while raw:
        raw = raw[port.write(raw) :]


if __name__ == "__main__":
    main()
