"""`scripts/qemu`: make the aarch64 bench image, boot it, run the bench in it. 0 good, 1 failed, 2 bad usage."""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from assistant.errors import CabinError
from scripts.benchimage import cache, result, tools
from scripts.benchimage.image import Image, image
from scripts.benchimage.machine import Machine
from scripts.benchimage.trial import CLIPS, Trial


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb."""
    options = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _end)
    try:
        return int(options.run(options))
    except CabinError as error:
        print(f"scripts/qemu {options.verb}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("scripts/qemu: ended; the next run goes on from here", file=sys.stderr)
        return 130


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _build(options: argparse.Namespace) -> int:
    del options
    build = cache.build_folder()
    with cache.alone(build):
        made = image(build)
    print(json.dumps({"disk": str(made.disk), **made.about}, indent=2))
    return 0


def _boot(options: argparse.Namespace) -> int:
    del options
    build = cache.build_folder()
    with cache.alone(build), Machine(image(build), _fresh(build / "boot")) as machine:
        tools.say("a root shell comes in a minute or two; Ctrl-A X cuts the power, `poweroff` ends it in order")
        return subprocess.run(machine.command("-serial", "mon:stdio"), check=False).returncode


def _test(options: argparse.Namespace) -> int:
    build = cache.build_folder()
    out = options.out or build / "result.json"
    if not out.parent.is_dir():
        raise CabinError(f"{out.parent}: no such folder", "name another file in --out")
    with cache.alone(build):
        told = _tried(image(build), _fresh(build / "test"), tuple(options.clips))
    out.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(result.shown(told))
    tools.say(f"{out}; spoken answers, journals and consoles are in {build / 'test'}")
    return 0 if told["passed"] else 1


def _tried(made: Image, folder: Path, clips: tuple[str, ...]) -> dict[str, Any]:
    """Return the document of a trial; a trial that breaks off has one too."""
    began = time.monotonic()
    with Machine(made, folder) as machine:
        trial = Trial(machine, model=bool(made.about.get("models")), clips=clips)
        try:
            trial.run()
        except CabinError as error:
            trial.checks.append({"check": "the trial comes to its end", "passed": False, "seen": str(error)})
            tools.say(str(error))
    return result.document(made, trial.steps, trial.checks, time.monotonic() - began)


def _show(options: argparse.Namespace) -> int:
    told = result.read(options.file or cache.build_folder() / "result.json")
    print(result.shown(told))
    return 0 if told["passed"] else 1


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("scripts/qemu", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("build", help="make the image; cached, goes on where it stopped").set_defaults(run=_build)
    verbs.add_parser("boot", help="boot it with its console here").set_defaults(run=_boot)
    test = verbs.add_parser("test", help="boot it, run the bench, write one JSON document")
    test.add_argument("--out", type=Path, metavar="FILE", help="the document (build/qemu/result.json)")
    test.add_argument("--clips", nargs="+", choices=list(CLIPS), default=list(CLIPS), help="these recordings only")
    test.set_defaults(run=_test)
    show = verbs.add_parser("show", help="print a document")
    show.add_argument("file", nargs="?", type=Path)
    show.set_defaults(run=_show)
    return parser


if __name__ == "__main__":
    sys.exit(main())
