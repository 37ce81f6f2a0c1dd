"""A small language of the tests' own: five requests that take every kind of slot."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest

from assistant.core.money import Money
from assistant.core.request import OneOf, Range, Request
from assistant.languages.grammar import Grammar, Readout
from assistant.languages.pack import FOLDER, read

NOW = datetime(2026, 11, 21, 15, 0)  # noqa: DTZ001 - only its wall clock is read

TOML = """
[rules]
set = "(set|put)"
goal = "temperature to {degrees}"

[lists.side]
driver = ["driver", "driver's side"]
passenger = ["(co driver|passenger)"]

[lists.strength]
3 = ["full blast"]

[[sentence]]
request = "Warm"
text = ["<set> [the] [{side}] <goal>", "make it {degrees}", "fan [at] {level}", "fan on {strength:level}"]

[[sentence]]
request = "Warm"
fields = { up = true }
text = ["turn up the heat", "(what is|that is) cold"]

[[sentence]]
request = "Open"
text = ["open [the] {side} window [to] [{percent}]", "open the window[s]"]

[[sentence]]
request = "Call"
text = ["(call|phone) {who}"]

[[sentence]]
request = "Remind"
to_end = true
text = ["remind me to {text}", "remind me [{day}] at {at} to {text}", "remind me in {after} to {text}"]

[[sentence]]
request = "Play"
text = ["play {wish}", "play {wish} for {price}"]

[[other]]
text = ["play [a|the] {words} game"]
"""


class Side(StrEnum):
    DRIVER = "driver"
    PASSENGER = "passenger"


@dataclass(frozen=True, slots=True)
class Warm(Request):
    labels = ("climate",)
    degrees: Annotated[float | None, Range(16, 30, 0.5, "degrees")] = None
    level: Annotated[int | None, Range(1, 5)] = None
    side: Side | None = None
    up: bool = False


@dataclass(frozen=True, slots=True)
class Open(Request):
    labels = ("window",)
    percent: Annotated[float | None, Range(0, 100, 1, "percent")] = None
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class Call(Request):
    labels = ("call",)
    who: Annotated[str, OneOf("contact")] = ""


@dataclass(frozen=True, slots=True)
class Remind(Request):
    labels = ("remind",)
    text: str = ""
    at: time | None = None
    day: date | None = None
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Play(Request):
    labels = ("play", "listen")
    wish: str = ""
    price: Money | None = None


REQUESTS: tuple[type[Request], ...] = (Warm, Open, Call, Remind, Play)
NAMES = {"contact": ("Anna O'Neil", "Bob", "Bob Smith")}


class Small:
    """The small grammar, and what it reads as plain text."""

    def __init__(self, folder: Path) -> None:
        folder.joinpath("general.toml").write_text(
            (FOLDER / "en" / "general.toml").read_text(encoding="utf-8"), encoding="utf-8"
        )
        folder.joinpath("small.toml").write_text(TOML, encoding="utf-8")
        self.pack = read(folder, "en")
        self.grammar = Grammar(self.pack, REQUESTS, NAMES)

    def readout(self, text: str) -> Readout | None:
        return self.grammar.read(text, NOW)

    def says(self, text: str) -> str:
        """Return the requests with the fields that were said, e.g. `Warm(degrees=22.0)`, `?` if unknown, `-` if not for us."""
        readout = self.readout(text)
        if readout is None:
            return "?"
        return " + ".join(_short(read.request) for read in readout.reads) or "-"


def _short(request: Request) -> str:
    fresh = type(request)()
    said = (
        (name, getattr(request, name))
        for name in request.__dataclass_fields__
        if getattr(request, name) != getattr(fresh, name)
    )
    return f"{type(request).__name__}({', '.join(f'{name}={value}' for name, value in said)})"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return Small(tmp_path_factory.mktemp("small"))
