"""The command `cabin`: exit 0 good, 1 the job failed, 2 bad usage or bad input; never a traceback for what a user did."""

import argparse
import gc
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant import logs
from assistant.errors import CabinError

COMMANDS = {
    "run": "listen and act: the daemon",
    "drive": "take audio files as the microphone; one JSON line a turn",
    "ask": "take a sentence as text; plan, outcome and reply come out",
    "hear": "transcribe audio files",
    "bench": "measure: wake, hear, understand, turn, orders",
    "check": "what is installed, which engine is used and why, what is wrong and the mend",
    "models": "list, fetch and verify model files",
    "config": "show the configuration in force, secrets masked",
    "audit": "verify or show the audit chain",
    "orders": "show the orders of this car",
    "pin": "set, remove or ask about the owner's PIN for large payments",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; `argv` without the program's name, None for the process's own."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    gc.disable()  # of what is imported nothing is garbage, and looking for it takes a third of the time
    parser = _parser(arguments)
    gc.freeze()
    gc.enable()
    options = parser.parse_args(arguments)
    logs.configure(options.verbose)
    try:
        return int(options.run(options))
    except CabinError as error:
        logging.getLogger(__name__).debug("failed", exc_info=True)
        print(f"cabin {options.command}: {error}", file=sys.stderr)  # noqa: T201 - this is the terminal
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser; only the named command's module is imported."""
    parser = argparse.ArgumentParser(
        prog="cabin", description="An offline-first voice assistant for automotive Linux head units."
    )
    parser.add_argument("-v", "--verbose", action="count", default=0, help="say more on stderr (twice: everything)")
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        default=_config_path(),
        help="TOML file (default: $CABIN_CONFIG or /etc/cabin/cabin.toml)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    named = next((word for word in arguments if word in COMMANDS), None)
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose)
        if name == named:
            module = importlib.import_module(f"assistant.commands.{name}")
            module.add(command)
            command.set_defaults(run=module.run)
    return parser


def _config_path() -> Path | None:
    if given := os.environ.get("CABIN_CONFIG"):
        return Path(given)
    installed = Path("/etc/cabin/cabin.toml")
    return installed if installed.exists() else None


if __name__ == "__main__":
    sys.exit(main())
