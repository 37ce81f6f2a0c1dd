"""A person in a car who types, and the whole assistant that answers."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from assistant.app import App, Reference
from assistant.config import Config, Dbus, Link, Model, Paths, Speak
from assistant.core.context import Connectivity
from assistant.core.order import Order, State
from assistant.core.ports import Loudspeaker
from assistant.dialogue.state import Phase
from assistant.link.loopback import Child
from assistant.report import Exchange
from assistant.session import converse, settle

AT_REST = frozenset({Phase.IDLE, Phase.CONFIRMING, Phase.CHOOSING})


class Car:
    """A person in a car who types."""

    def __init__(
        self,
        folder: Path,
        link: Link,
        language: str = "en",
        bus: str = "",
        speak: Speak | None = None,
        loudspeaker: Callable[[Reference], Loudspeaker] | None = None,
    ) -> None:
        paths = Paths(state=str(folder / "state"), cache=str(folder / "cache"))
        base = replace(Config(), paths=paths, link=link, model=Model(name="none"), speak=speak or Speak())
        self.config = replace(base, language=language, dbus=Dbus("yes" if bus else "no", bus))  # type: ignore[arg-type]
        self.exchanges: list[Exchange] = []
        self.app = App(self.config, report=self.exchanges.append, loudspeaker=loudspeaker)
        self.folder = folder / "state"

    def talk(self, script: Callable[[], None]) -> None:
        def once_online() -> None:
            if self.config.link.kind == "child":
                self.until(lambda: self.app.outside.desk.reach is Connectivity.ONLINE, "the bridge answers")
            script()

        converse(self.app, once_online)

    def say(self, text: str) -> list[str]:
        """Say a sentence and return what is answered once the conversation rests."""
        before = len(self.spoken)
        self.app.type(text, self.config.language)
        settle(self.app, AT_REST)
        return self.spoken[before:]

    @property
    def spoken(self) -> list[str]:
        said = [sentence for exchange in self.exchanges for sentence in exchange.reply]
        current = self.app.reporter._open
        return [*said, *(current.reply if current is not None else [])]

    def owner_sets_pin(self, digits: str) -> None:
        """Set the first PIN, as the owner does: by the command, beside the running assistant, which learns of it."""
        config = self.folder.parent / "pin.toml"
        config.write_text(f'[paths]\nstate = "{self.folder}"\n', "utf-8")
        command = [sys.executable, "-m", "assistant.cli", "-c", str(config), "pin", "set"]
        subprocess.run(command, input=f"{digits}\n", text=True, check=True, capture_output=True)
        self.until(lambda: self.app.outside.desk.pin_set, "the PIN is known")

    def until(self, true: Callable[[], bool], what: str, timeout_s: float = 60.0) -> None:
        ends = time.monotonic() + timeout_s
        while not true():
            assert time.monotonic() < ends, f"{what}: {self.spoken} {self.orders}"
            time.sleep(0.05)

    @property
    def orders(self) -> tuple[Order, ...]:
        return self.app.outside.desk.known

    def state(self) -> State:
        return self.orders[-1].state

    def bridge(self) -> Child:
        link = self.app.outside._link
        assert isinstance(link, Child)
        return link

    def booked(self) -> int:
        """Count what the sandbox companies sold to this car, by their own books."""
        with sqlite3.connect(self.folder / "bridge.sqlite") as book:
            return int(book.execute("SELECT count(*) FROM sandbox_booking").fetchone()[0])

    def bridge_command(self, *words: str) -> int:
        """Run `cabin-bridge` on this car's bridge's database."""
        book = f"sqlite:{self.folder / 'bridge.sqlite'}"
        command = [sys.executable, "-m", "assistant.bridge.app", "--db", book, *words]
        return subprocess.run(command, check=False, capture_output=True).returncode

    def fails(self, service: str, method: str, fault: str, value: float = 0, times: int = 1) -> None:
        """Tell a sandbox company to fail."""
        words = ("--service", service, "--method", method, "--value", str(value), "--times", str(times))
        assert self.bridge_command("fault", fault, *words) == 0
