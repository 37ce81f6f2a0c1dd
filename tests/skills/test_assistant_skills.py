"""The assistant about itself: conversation, settings, privacy."""

from datetime import UTC, datetime

import pytest

from assistant.core.context import Context
from assistant.core.headunit import HeadUnit, Timer
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal, Risk
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.skills import by_request
from assistant.skills.conversation import Repeat, Undo
from assistant.skills.privacy import AskData, DeleteData
from assistant.skills.settings import (
    ResetSettings,
    SetLanguage,
    SetSpeechPace,
    SetUserName,
    SpeechPace,
    SpokenLanguage,
)
from assistant.skills.volume import MuteVolume

NOW = datetime(2026, 11, 6, 14, 0, tzinfo=UTC)


def decided(
    request: Request,
    *,
    preferences: dict[str, str] | None = None,
    last_done: Plan | None = None,
    last_said: tuple[Phrase, ...] = (),
    headunit: HeadUnit | None = None,
) -> Decision:
    around = Context(
        0.0,
        NOW,
        preferences=preferences or {},
        last_done=last_done,
        last_said=last_said,
        headunit=headunit or HeadUnit(),
    )
    return by_request()[type(request)].plan(request, around)


def test_undo_does_the_steps_that_put_back_what_was() -> None:
    muted = decided(MuteVolume())
    assert isinstance(muted, Plan)

    plan = decided(Undo(), last_done=muted)

    assert isinstance(plan, Plan)
    assert plan.steps == (LocalCall("volume.unmute"),)


def test_undo_without_anything_to_undo_says_so() -> None:
    final = Plan(DeleteData(), (LocalCall("assistant.delete_data"),), Phrase("privacy.deleted"))

    assert isinstance(decided(Undo()), Refusal)
    assert isinstance(decided(Undo(), last_done=final), Refusal)


def test_the_last_answer_is_repeated_as_it_was() -> None:
    answer = decided(Repeat(), last_said=(Phrase("clock.time"),))

    assert isinstance(answer, Answer)
    assert answer.phrase == Phrase("clock.time")


@pytest.mark.parametrize("request_", [DeleteData(), ResetSettings()])
def test_nothing_is_deleted_or_reset_without_a_yes(request_: Request) -> None:
    plan = decided(request_)

    assert isinstance(plan, Plan)
    assert plan.risk is Risk.CONFIRM
    assert plan.read_back is not None
    assert plan.undo == ()


def test_what_is_kept_is_counted_but_never_read_out() -> None:
    timers = (Timer("secret", NOW, "reminder", "secret"),)

    answer = decided(AskData(), preferences={"home": "5 Elm Road"}, headunit=HeadUnit(timers=timers))

    assert isinstance(answer, Answer)
    assert answer.phrase.slots == {"preferences": 1, "timers": 1}


def test_a_language_we_do_not_speak_is_refused_and_the_present_one_only_said() -> None:
    other = decided(SetLanguage(SpokenLanguage.OTHER))
    same = decided(SetLanguage(SpokenLanguage.ENGLISH))
    new = decided(SetLanguage(SpokenLanguage.CHINESE))

    assert isinstance(other, Refusal)
    assert isinstance(same, Answer)
    assert isinstance(new, Plan)
    assert new.undo == (LocalCall("assistant.set_language", {"language": "en"}),)


@pytest.mark.parametrize(
    ("speed", "pace", "percent"),
    [
        ("", SpeechPace.FASTER, 120),
        ("120", SpeechPace.SLOWER, 100),
        ("60", SpeechPace.SLOWER, None),
        ("x", SpeechPace.NORMAL, None),
    ],
)
def test_the_pace_moves_in_steps_and_stops_at_its_ends(speed: str, pace: SpeechPace, percent: int | None) -> None:
    decision = decided(SetSpeechPace(pace), preferences={"speed": speed})

    if percent is None:
        assert isinstance(decision, Answer)
    else:
        assert isinstance(decision, Plan)
        assert decision.steps == (LocalCall("assistant.set_speed", {"percent": percent}),)


def test_a_whole_sentence_is_not_taken_for_a_name() -> None:
    assert isinstance(decided(SetUserName("nick")), Plan)
    assert isinstance(decided(SetUserName()), Question)
    assert isinstance(decided(SetUserName("mark and i want a room")), Refusal)
    assert isinstance(decided(SetUserName("字" * 31)), Refusal)
