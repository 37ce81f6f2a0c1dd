"""A telephone call: nothing unasked is said into it, and no follow-up is taken from it."""

from dataclasses import replace

import pytest

from assistant.core.context import Context
from assistant.core.effect import Listen, Say, SetTimer
from assistant.core.event import News, Offered, Spoke, TimeUp
from assistant.core.headunit import Call, CallPhase, HeadUnit
from assistant.core.text import Phrase
from assistant.dialogue.machine import step
from assistant.dialogue.speech import QUIET
from assistant.dialogue.state import After, Dialogue, Phase
from tests.dialogue.conftest import PRICED, RULES, STANDING

CALLING = {CallPhase.DIALLING, CallPhase.ACTIVE}


def with_call(phase: CallPhase) -> Context:
    return replace(STANDING, headunit=HeadUnit(call=Call(phase)))


@pytest.mark.parametrize("phase", list(CallPhase))
def test_news_wait_for_the_end_of_a_call(phase: CallPhase) -> None:
    dialogue, effects = step(Dialogue(), News(0, Phrase("bus.say")), with_call(phase), RULES)

    spoken = any(isinstance(effect, Say) for effect in effects)
    assert spoken is (phase not in CALLING)
    if not spoken:
        assert SetTimer(0, QUIET, RULES.quiet_s) in effects
        later, again = step(dialogue, TimeUp(0, QUIET), with_call(phase), RULES)
        assert not any(isinstance(effect, Say) for effect in again)
        _, told = step(later, TimeUp(0, QUIET), with_call(CallPhase.NONE), RULES)
        assert [effect.phrases for effect in told if isinstance(effect, Say)] == [(Phrase("bus.say"),)]


@pytest.mark.parametrize("phase", list(CallPhase))
def test_after_an_answer_in_a_call_the_ear_stays_shut(phase: CallPhase) -> None:
    answering = Dialogue(phase=Phase.SPEAKING, turn=1, utterance=1, aloud=True, after=After.FOLLOW_UP)

    after, effects = step(answering, Spoke(1, whole=True, utterance=1), with_call(phase), RULES)

    assert any(isinstance(effect, Listen) for effect in effects) is (phase not in CALLING)
    assert (after.phase is Phase.IDLE) is (phase in CALLING)


@pytest.mark.parametrize("phase", list(CallPhase))
def test_no_price_is_offered_into_a_call(phase: CallPhase) -> None:
    after, _ = step(Dialogue(), Offered(0, PRICED), with_call(phase), RULES)

    assert (after.phase is Phase.IDLE) is (phase in CALLING)
