"""A car for the daemon: a sound server with a microphone that can be pulled out, a bus, a broker, and a screen that watches."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from assistant.bench.servers import DbusDaemon, Mosquitto
from assistant.bench.soundserver import SoundServer
from assistant.bench.unit import Unit
from assistant.errors import BusError
from assistant.platform.bus import Bus

CABIN: Final = ("org.cabin.Assistant1", "/org/cabin/Assistant1")
FACE: Final = "org.cabin.Assistant1"
PATIENCE_S: Final = 90.0
MICROPHONE: Final = "module-remap-source master=mic_feed.monitor source_name=usb_mic"
"""A microphone that can be pulled out: it hears what is played into `mic_feed`."""
CONFIG: Final = """
[hear]
source = "usb_mic"
[model]
name = "none"
[listen]
follow_up_s = 0.0
[link]
kind = "mqtt"
broker = "127.0.0.1:{port}"
[dbus]
enabled = "yes"
bus = "{bus}"
players = "{bus}"
[headunit]
media = "mpris"
[paths]
state = "{folder}/state"
cache = "{folder}/cache"
"""


@dataclass(slots=True)
class Stand:
    """The car."""

    folder: Path
    sound: SoundServer
    bus: DbusDaemon
    broker: Mosquitto
    unit: Unit
    screen: Bus
    microphone: str = ""
    opened: list[float] = field(default_factory=list)
    """When the ear opened, as the bus told."""


def begin(folder: Path) -> Stand:
    """Start everything but the daemon."""
    runtime = folder / "run"
    runtime.mkdir()
    sound, bus, broker = SoundServer(runtime), DbusDaemon(folder), Mosquitto(folder)
    bus.start()
    broker.start()
    sound.start()
    config = folder / "cabin.toml"
    config.write_text(CONFIG.format(port=broker.port, bus=bus.address, folder=folder), "utf-8")
    env = {**sound.env, "CREDENTIALS_DIRECTORY": str(folder)}
    stand = Stand(folder, sound, bus, broker, Unit(config, env, folder, folder / "log"), Bus(bus.address))
    stand.microphone = sound.load(MICROPHONE)
    stand.screen.listen("", f"{FACE}.StateChanged", lambda _s, _p, told: _note(stand, told[0]))
    return stand


def _note(stand: Stand, state: str) -> None:
    if state == "listening":
        stand.opened.append(time.monotonic())


def leave(stand: Stand) -> None:
    """End everything."""
    stand.unit.close()
    stand.screen.close()
    stand.broker.kill()
    stand.bus.kill()
    stand.sound.close()


def plug_in(stand: Stand) -> None:
    """Start the sound server and put the microphone in."""
    stand.sound.start()
    stand.microphone = stand.sound.load(MICROPHONE)


def answers(stand: Stand) -> bool:
    """Tell whether the daemon is on the bus."""
    try:
        return bool(stand.screen.get(CABIN, f"{FACE}.State"))
    except BusError:
        return False
