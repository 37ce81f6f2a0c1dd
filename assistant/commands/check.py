"""`cabin check`: what is installed, which engine is used and why, what is wrong and the mend."""

import argparse
import importlib.metadata
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.config import Config, load
from assistant.engines import Engines
from assistant.errors import CabinError


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check."""

    part: str
    good: bool
    says: str


def add(parser: argparse.ArgumentParser) -> None:
    """Take what to show."""
    parser.add_argument(
        "--licences", action="store_true", help="list the packages of this installation and their licences"
    )


def run(options: argparse.Namespace) -> int:
    """Print the findings; 0 if everything that the configuration asks for works."""
    if options.licences:
        for line in sorted(set(_licences()), key=str.lower):
            print(line)
        return 0
    findings = list(_findings(load(options.config)))
    for finding in findings:
        print(f"{'✓' if finding.good else '✗'} {finding.part:12} {finding.says}")
    return 0 if all(finding.good for finding in findings) else 1


def _findings(config: Config) -> Iterator[Finding]:
    engines = Engines(config)
    yield _try("microphone", _microphone)
    yield _try("loudspeaker", _loudspeaker)
    yield _try("wake word", lambda: _wake(engines))
    yield _try("recogniser", lambda: _recogniser(engines))
    yield _try("model", engines.model_story)
    yield _try("voice", lambda: _voice(engines))
    yield _try("car", lambda: _car(engines))
    yield _try("programs", lambda: _programs(config))
    yield _try("order book", lambda: _order_book(config))


def _try(part: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(part, good=True, says=look())
    except CabinError as error:
        return Finding(part, good=False, says=str(error))


def _microphone() -> str:
    from assistant.hear.microphone import Microphone, microphones

    Microphone().probe()
    return f"system default of: {', '.join(microphones())}"


def _loudspeaker() -> str:
    from assistant.errors import DeviceError
    from assistant.speak.device import speakers

    names = speakers()
    if not names:
        raise DeviceError("no loudspeaker", "plug one in; until then answers are text")
    return f"system default of: {', '.join(names)}"


def _wake(engines: Engines) -> str:
    wake = engines.wake()
    return f"{', '.join(wake.words)} (pymicro-wakeword)" if wake else "none configured: push-to-talk only"


def _recogniser(engines: Engines) -> str:
    recogniser = engines.recogniser()
    return f"{recogniser.name} ({', '.join(recogniser.languages)}): {engines.recogniser_story()}"


def _voice(engines: Engines) -> str:
    from assistant.errors import EngineError

    voices = engines.voices()
    if not voices:
        raise EngineError("no voice can speak", "apt install espeak-ng, or `cabin models fetch piper-en`")
    return ", ".join(f"{voice.name} ({', '.join(voice.languages)})" for voice in voices)


def _car(engines: Engines) -> str:
    vehicle = engines.vehicle()
    try:
        return f"{len(vehicle.car().signals)} signals on the {type(vehicle).__name__.lower()}"
    finally:
        vehicle.close()


def _programs(config: Config) -> str:
    from assistant.buses import Buses

    buses = Buses(config)
    try:
        return buses.story()
    finally:
        buses.close()


def _order_book(config: Config) -> str:
    from assistant.ledger.store import Ledger

    path = config.state_dir() / "orders.sqlite"
    if not path.exists():
        return f"{path} (made at the first start)"
    with Ledger(path, read_only=True) as ledger:
        return f"{path}: {len(ledger.orders())} orders"


def _licences() -> Iterator[str]:
    """Yield what every installed package says of its own licence."""
    for package in importlib.metadata.distributions():
        told = package.metadata
        classifiers = told.get_all("Classifier") or []
        classified = ", ".join(line.rsplit(" :: ", 1)[-1] for line in classifiers if line.startswith("License ::"))
        stated = (told["License"].split("\n")[0] if "License" in told else "") or "not stated"
        licence = " ".join(told.get_all("License-Expression") or ()) or classified or stated
        yield f"{told['Name']:28} {package.version:16} {licence}"
    if program := shutil.which("espeak-ng"):
        yield f"{'espeak-ng (a process)':28} {'system package':16} GPL-3.0-or-later  {program}"
