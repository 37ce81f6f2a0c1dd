"""`cabin check`: what is installed, which engine is used and why, what is wrong and the mend."""

import argparse
import importlib.metadata
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.config import Config, load
from assistant.engines import Engines
from assistant.errors import BusError, CabinError


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
    yield _try("recorded", lambda: _recorded(config))
    yield _try("loudspeaker", _loudspeaker)
    yield _try("other sound", lambda: _other_sound(config))
    yield _try("wake word", lambda: _wake(engines))
    yield _try("recogniser", lambda: _recogniser(engines))
    yield _try("model", engines.model.story)
    yield _try("voice", lambda: _voice(engines))
    yield _try("car", lambda: _car(engines))
    yield _try("programs", lambda: _programs(config))
    yield _try("network", lambda: _network(config))
    yield _try("sleep", lambda: _sleep(config))
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


def _recorded(config: Config) -> str:
    from assistant.capture import story

    return story(config)


def _other_sound(config: Config) -> str:
    from assistant.platform.pulse import Sound

    if config.audio.duck_db <= 0:
        return "left alone, as configured"
    try:
        sound = Sound()
        playing = len(sound.streams())
        sound.close()
    except CabinError as error:
        return f"left alone: {error}"
    return f"{config.audio.duck_db:g} dB softer while Cabin listens or speaks; {playing} play now"


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
        unknown = engines.strangers()
        more = f"; no skill knows {len(unknown)} of them, as {unknown[0]}" if unknown else ""
        return f"{len(vehicle.car().signals)} signals on the {type(vehicle).__name__.lower()}{more}"
    finally:
        vehicle.close()


def _programs(config: Config) -> str:
    from assistant.buses import Buses

    buses = Buses(config)
    try:
        return buses.story()
    finally:
        buses.close()


def _network(config: Config) -> str:
    from assistant.buses import Buses

    if config.headunit.network == "none":
        return "not heeded, as configured"
    buses = Buses(config)
    try:
        bus = buses.bus(config.dbus.bus)
        from assistant.platform.network import Network

        return Network(bus, lambda _: None).story() if bus.connected else "nobody tells of it: there is no bus"
    except BusError as error:
        return f"nobody tells of it: {error}"
    finally:
        buses.close()


def _sleep(config: Config) -> str:
    from assistant.buses import Buses

    if config.headunit.sleep == "none":
        return "nothing waits for us, as configured"
    buses = Buses(config)
    try:
        bus = buses.bus(config.dbus.bus)
        from assistant.platform.logind import Logind

        logind = Logind(bus, lambda _: None, lambda: None)
        waits = (
            f"logind waits up to {logind.longest_s:g} s for us" if logind.holds else "nothing waits for us: no logind"
        )
        logind.release()
    except BusError as error:
        return f"nothing waits for us: {error}"
    else:
        return waits
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
