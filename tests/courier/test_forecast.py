"""The weather of several days, asked of bridges of every age and answered well and badly: the desk, the courier, the wire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.bridge import shape
from assistant.core.context import Context
from assistant.core.effect import Consult
from assistant.core.event import Consulted, Event
from assistant.core.plan import Answer, Inquiry, Refusal
from assistant.core.text import Language, Phrase
from assistant.link.wire import Envelope, Op
from assistant.orders import Desk
from assistant.skills.weather import AskWeather, Span, plan
from assistant.speak.words import render
from tests.courier.world import Bridge, World

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
ONE = {"sky": "rain", "low_celsius": 3, "high_celsius": 8, "rain_percent": 80, "wind_kmh": 9}
TODAY = {**ONE, "day": "2026-11-30", "place": "Fresno", "place_zh": "弗雷斯诺"}
FURTHER = [{**ONE, "day": f"2026-12-0{day}"} for day in (1, 2, 3)]


@dataclass(frozen=True)
class Before:
    """What a bridge took when it knew the weather of one day only."""

    near: Mapping[str, str] = field(default_factory=dict)
    day: str = ""


class Sky(Bridge):
    """Answers about the weather as told; ValueError is a refusal."""

    forecast: Callable[[Mapping[str, Any]], Any]

    def answer(self, said: Envelope) -> tuple[Op, Mapping[str, Any]]:
        if said.op is not Op.ASK:
            return super().answer(said)
        try:
            return Op.ANSWER, {"result": self.forecast(said.body["args"])}
        except shape.ShapeError:
            return Op.PROBLEM, {"reason": "malformed"}
        except LookupError:
            return Op.PROBLEM, {"reason": "not_found"}


def old(args: Mapping[str, Any]) -> Any:
    assert shape.read(Before, args).day == "2026-11-30"
    return TODAY


def told(
    folder: Path, forecast: Callable[[Mapping[str, Any]], Any], language: Language = "en", place: str = ""
) -> tuple[Phrase, Sky]:
    """Return what is said of the coming days, here or at a place, where a bridge answers so."""
    world = World(folder)
    world.bridge = sky = Sky(world.chance)
    sky.forecast = forecast
    posted: list[Event] = []
    context = Context(0.0, NOW, language)
    desk = Desk(world.courier, world.ledger, lambda: context, posted.append)
    world.online()
    desk._told(tuple(world.notices))
    inquiry = plan(AskWeather(place, span=Span.COMING_DAYS), context)
    assert isinstance(inquiry, Inquiry)
    desk.consult(Consult(1, inquiry, language))
    for _ in range(4):
        while world.radio.sent:
            for reply in sky.handle(world.radio.sent.pop(0)):
                desk.hear(reply)
    world.ledger.close()
    (consulted,) = posted
    assert isinstance(consulted, Consulted)
    assert isinstance(consulted.decision, Answer | Refusal)
    return consulted.decision.phrase, sky


def test_a_bridge_that_knows_several_days_is_asked_once(tmp_path: Path) -> None:
    phrase, sky = told(tmp_path, lambda _: {**TODAY, "further": FURTHER})

    assert render(phrase, "en", NOW.date()) == "Today to Thursday in Fresno: 3 to 8 degrees. Rain every day."
    assert [one.body["args"]["days"] for one in sky.heard if one.op is Op.ASK] == [4]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_bridge_too_old_for_several_days_is_asked_for_the_first_and_that_is_what_is_told(
    tmp_path: Path, language: Language
) -> None:
    phrase, sky = told(tmp_path, old, language)

    assert (
        render(phrase, language, NOW.date())
        == {
            "en": "Today in Fresno: rain, 3 to 8 degrees. The forecast I got ends there.",
            "zh": "今天弗雷斯诺有雨，三到八度。我拿到的预报只到这里。",
        }[language]
    )
    assert [one.body["args"].get("days") for one in sky.heard if one.op is Op.ASK] == [4, None]


def test_a_bridge_that_refuses_both_is_asked_no_third_time(tmp_path: Path) -> None:
    def refuses(_: Mapping[str, Any]) -> Any:
        raise shape.ShapeError("not that")

    phrase, sky = told(tmp_path, refuses)

    assert phrase.key == "orders.no_answer"
    assert len([one for one in sky.heard if one.op is Op.ASK]) == 2


@pytest.mark.parametrize(
    "answer",
    [
        {**TODAY, "further": FURTHER * 10},
        {**TODAY, "further": [{**FURTHER[0], "low_celsius": {"$": 1}}]},
        {**TODAY, "further": [{}]},
        {**TODAY, "further": "x" * 1_000},
        {**TODAY, "day": 7, "further": FURTHER},
        {**TODAY, "day": date(2027, 1, 1).isoformat()},
        [TODAY, *FURTHER],
        {},
    ],
)
def test_an_answer_that_is_none_is_said_to_be_none(tmp_path: Path, answer: Any) -> None:
    phrase, _ = told(tmp_path, lambda _: answer)

    assert render(phrase, "en", NOW.date()) == "I couldn't find that out."


def test_without_a_way_out_it_is_said_that_it_cannot_be_found_out() -> None:
    posted: list[Event] = []
    context = Context(0.0, NOW)
    inquiry = plan(AskWeather(span=Span.NEXT_WEEK), context)
    assert isinstance(inquiry, Inquiry)

    Desk(None, None, lambda: context, posted.append).consult(Consult(1, inquiry, "en"))

    assert posted == [Consulted(1, Refusal(inquiry.request, Phrase("orders.cannot_ask"), "offline"))]


@pytest.mark.parametrize(
    ("language", "place", "said"),
    [("en", "Atlantis", "I couldn't find Atlantis."), ("zh", "亚特兰蒂斯", "没有找到亚特兰蒂斯。")],
)
def test_a_place_that_nobody_knows_is_named(language: Language, place: str, said: str, tmp_path: Path) -> None:
    def unknown(args: Mapping[str, Any]) -> Any:
        raise LookupError

    phrase, _ = told(tmp_path, unknown, language, place)
    assert render(phrase, language, NOW.date()) == said
    phrase, _ = told(tmp_path / "here", unknown, language)
    assert phrase.key == "orders.no_answer"
