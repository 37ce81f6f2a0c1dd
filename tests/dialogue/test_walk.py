"""Every state that can be reached, every event in it: what must hold on each edge.

States are kept up to what cannot matter (turns, generations and utterances are counted from the present, lists by what kind they hold),
so that the walk ends. What a state remembers of the past is itself checked edge by edge: a plan is *armed* (waits for a yes) only after
its own read-back was spoken whole, and only an armed plan can be agreed to.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import pytest

from assistant.core.context import Context
from assistant.core.effect import Act, Effect, Hush, Listen, Release, Say, SetTimer, StopConsulting, StopListening
from assistant.core.event import (
    Acted,
    Button,
    Cause,
    Consulted,
    Due,
    Event,
    Faulted,
    News,
    NothingHeard,
    Offered,
    Pressed,
    SpeechPaused,
    SpeechStarted,
    Spoke,
    TimeUp,
    TurnEnded,
    Typed,
    Understood,
    Woke,
)
from assistant.core.headunit import Timer
from assistant.core.plan import Plan, Refusal, Risk, Status
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.dialogue.consent import Consent, hear_consent
from assistant.dialogue.machine import step
from assistant.dialogue.outcome import TROUBLE
from assistant.dialogue.planning import moving
from assistant.dialogue.reply import consented
from assistant.dialogue.state import After, Dialogue, Move, Phase, Rules, Running, Sign, Via
from assistant.skills.conversation import Affirm, Cancel, Deny, Repeat, Stop, Undo
from tests.dialogue.conftest import (
    CLIP,
    LATE,
    MOVING,
    PRICED,
    STANDING,
    WISH,
    Book,
    Buy,
    Crash,
    Ring,
    Tell,
    Warm,
    decide,
    ended,
    meaning,
)

Step = Callable[[Dialogue, Event, Context, Rules], Move]
Edge = tuple[Dialogue, Event, Context, Dialogue, tuple[Effect, ...]]

TURN, GENERATION, UTTERANCE, WINDOW_ENDS = 10, 5, 7, 1030.0
"""Where the present stands in every state of the walk."""
EAR: Final = {Phase.LISTENING, Phase.CONFIRMING, Phase.CHOOSING}
VOICE: Final = {Phase.SPEAKING, Phase.READING, Phase.ASKING}

SENTENCES: Final[dict[str, tuple[Request, ...]]] = {
    "warm it": (Warm(),),
    "order it": (Buy(),),
    "book it": (Book(),),
    "book and warm": (Book(), Warm()),
    "order and warm": (Buy(), Warm()),
    "warm and order": (Warm(), Buy()),
    "ring": (Ring(),),
    "ring and order": (Ring(), Buy()),
    "Ann": (),
    "tell me": (Tell(),),
    "crash": (Crash(),),
    "undo": (Undo(),),
    "again": (Repeat(),),
    "stop": (Stop(),),
    "never mind": (Cancel(),),
    "no": (Deny(),),
    "yes": (Affirm(),),
    "yes but": (Affirm(),),
    "": (),
}
WHOLE = {"warm it", "stop", "order it"}
"""Sentences that nothing longer begins with."""


def review(plan: Plan, context: Context) -> Plan | Refusal:
    """Let nothing be bought in a moving car."""
    bought = plan.risk is not Risk.NONE and moving(context)
    return Refusal(plan.request, Phrase("reason.driving"), "driving") if bought else plan


RULES: Final = Rules(decide, review, running_limit=2, chain_limit=1)
SHORT: Final = ("warm it", "order it", "book it", "warm and order", "ring", "yes", "yes but", "no", "stop")
"""What is said in the walk of every run; the long one says everything."""
NO_PRICE = Refusal(Book(), Phrase("book.sold_out"), "sold_out")
WARMED = Plan(Warm(), (), Phrase("warm.done"), undo=())


def here(dialogue: Dialogue) -> Dialogue:
    """Return the same state with all numbers counted from the present."""
    old = [running for running in dialogue.running if running.turn != dialogue.turn][-1:]
    own = [running for running in dialogue.running if running.turn == dialogue.turn]
    heard, phase, under_way = dialogue.heard, dialogue.phase, {Phase.THINKING, Phase.CONSULTING, Phase.ACTING}
    return Dialogue(
        phase=phase,
        turn=TURN,
        via=dialogue.via,
        opening=dialogue.opening,
        generation=GENERATION,
        thinking=None if dialogue.thinking is None else GENERATION,
        heard=None if heard is None else Understood(TURN, GENERATION, heard.transcript, heard.understanding),
        agenda=dialogue.agenda,
        report=_kind(dialogue.report),
        pending=dialogue.pending,
        window_ends=WINDOW_ENDS if dialogue.pending and dialogue.window_ends else 0.0,
        question=dialogue.question,
        again=dialogue.again,
        questions=min(dialogue.questions, RULES.chain_limit),
        running=(
            *(Running(TURN - 1, WARMED, one.tell) for one in old),
            *(Running(TURN, WARMED, one.tell) for one in own),
        ),
        utterance=UTTERANCE,
        aloud=dialogue.aloud,
        after=dialogue.after if phase is Phase.SPEAKING else After.REST,
        sign=dialogue.sign if phase in under_way else Sign.OPEN,
        waiting=dialogue.waiting[:1] and (Phrase("waiting"),),
        last_said=(Phrase("said"),),
    )


def _kind(phrases: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
    keys = {phrase.key for phrase in phrases}
    key = (
        "dialogue.outcome_failed"
        if keys & TROUBLE
        else "warm.done"
        if any(key.endswith(".done") for key in keys)
        else "other"
    )
    return (Phrase(key),) if phrases else ()


def key(dialogue: Dialogue) -> tuple[object, ...]:
    """Return what tells two states of the walk apart."""
    return (
        dialogue.phase,
        dialogue.via,
        dialogue.opening,
        dialogue.thinking is None,
        None if dialogue.heard is None else dialogue.heard.transcript.text,
        dialogue.agenda,
        *(phrase.key for phrase in (*dialogue.report, Phrase("|"), *dialogue.waiting)),
        None if dialogue.pending is None else type(dialogue.pending.request),
        dialogue.window_ends,
        None if dialogue.question is None else dialogue.question.request,
        dialogue.again,
        dialogue.questions,
        tuple((running.turn, running.tell) for running in dialogue.running),
        dialogue.aloud,
        dialogue.after,
        dialogue.sign,
    )


def sentence(text: str) -> Understood:
    """Return the meaning of a sentence of the walk."""
    return meaning(TURN, GENERATION, text, *SENTENCES[text], complete=text in WHOLE)


def fresh(dialogue: Dialogue, sentences: Sequence[str]) -> Iterator[Event]:
    """Yield every kind of event that may come now."""
    yield Woke(TURN + 1, 0.0, Cause.WORD)
    yield Typed(TURN + 1, "words", "en")
    yield SpeechStarted(TURN, 0.0)
    yield SpeechPaused(TURN, GENERATION + 1, CLIP)
    yield TurnEnded(TURN, GENERATION, CLIP)
    yield TurnEnded(TURN, GENERATION + 1, CLIP)
    yield NothingHeard(TURN, 0.0)
    for text in sentences:
        yield sentence(text)
    for running in dialogue.running:
        yield ended(running.turn)
        yield ended(running.turn, Status.FAILED, "timeout")
    yield Spoke(TURN, whole=True, utterance=UTTERANCE)
    yield Spoke(TURN, whole=False, utterance=UTTERANCE)
    for button in Button:
        yield Pressed(TURN, button)
    for name in ("limit", "consent", "sign", "quiet"):
        yield TimeUp(TURN, name)
    yield Due(TURN, Timer("t", STANDING.now, "timer"))
    yield News(TURN, Phrase("news"))
    yield Offered(TURN, PRICED)
    yield from (Consulted(TURN, decision) for decision in (PRICED, WISH, NO_PRICE))
    yield Faulted(TURN, Phrase("error.engine"))


def stale(dialogue: Dialogue) -> Iterator[Event]:
    """Yield events of another turn, generation or utterance."""
    for old in (TURN - 5, TURN + 5):
        yield from (
            SpeechStarted(old, 0.0),
            SpeechPaused(old, GENERATION + 1, CLIP),
            TurnEnded(old, GENERATION + 1, CLIP),
        )
        yield from (
            NothingHeard(old, 0.0),
            replace(sentence("yes"), turn=old),
            replace(sentence("warm it"), turn=old),
            ended(old),
        )
        yield Consulted(old, PRICED)
        yield from (Spoke(old, whole=True, utterance=UTTERANCE), Faulted(old, Phrase("error.engine")))
        yield from (Pressed(old, button) for button in Button)
        yield from (TimeUp(old, name) for name in ("limit", "consent", "sign", "quiet"))
    for turn in (TURN, TURN - 1):
        yield from (Woke(turn, 0.0, Cause.BUTTON), Typed(turn, "words", "en"))
    yield from (SpeechPaused(TURN, GENERATION, CLIP), TurnEnded(TURN, GENERATION - 1, CLIP))
    yield from (replace(sentence("yes"), generation=other) for other in (GENERATION - 1, GENERATION + 1))
    yield from (Spoke(TURN, whole=True, utterance=other) for other in (UTTERANCE - 1, UTTERANCE + 1))
    if not any(running.turn == TURN for running in dialogue.running):
        yield ended(TURN)


LEGAL: Final[dict[Phase, set[type]]] = {
    Phase.IDLE: {Spoke, TimeUp},
    Phase.LISTENING: {SpeechPaused, TurnEnded, NothingHeard, Understood, Spoke, Pressed, TimeUp, Faulted},
    Phase.CONFIRMING: {SpeechPaused, TurnEnded, NothingHeard, Understood, Spoke, Pressed, TimeUp, Faulted},
    Phase.CHOOSING: {SpeechPaused, TurnEnded, NothingHeard, Understood, Spoke, Pressed, TimeUp, Faulted},
    Phase.THINKING: {Understood, Spoke, Pressed, TimeUp, Faulted},
    Phase.CONSULTING: {Consulted, Spoke, Pressed, TimeUp, Faulted},
    Phase.ACTING: {Spoke, Pressed, TimeUp, Faulted},
    Phase.SPEAKING: {Spoke, Pressed, TimeUp, Faulted},
    Phase.READING: {Spoke, Pressed, TimeUp, Faulted},
    Phase.ASKING: {Spoke, Pressed, TimeUp, Faulted},
}
"""What each phase takes besides what every phase takes: Woke, Typed, Due, News, Offered at rest, and Acted of a plan under way."""


# what must hold


def armed(dialogue: Dialogue) -> bool:
    """Tell whether a yes would count now."""
    return dialogue.pending is not None and dialogue.phase in {Phase.CONFIRMING, Phase.THINKING}


def says_yes(before: Dialogue, event: Event) -> bool:
    """Tell whether the event is a person's yes: a button, or a sentence that is wholly one."""
    match event:
        case Pressed(button=Button.CONFIRM):
            return before.phase is Phase.CONFIRMING
        case Understood(transcript=transcript):
            return before.phase is Phase.THINKING and hear_consent(transcript.text, "en") is Consent.YES
        case TurnEnded() if before.heard is not None:
            return hear_consent(before.heard.transcript.text, "en") is Consent.YES
    return False


def broken(edge: Edge) -> Iterator[str]:
    """Yield what is wrong with an edge."""
    before, event, context, after, effects = edge
    bought = [effect for effect in effects if isinstance(effect, Act) and effect.plan.risk is not Risk.NONE]
    if bought and not (armed(before) and says_yes(before, event) and context.at <= before.window_ends):
        yield "a risky plan is done without a yes in its window"
    if bought and (len(bought) > 1 or bought[0].plan is not before.pending or armed(after)):
        yield "one yes does more than the plan it was for"
    if bought and context is MOVING:
        yield "a plan is done that the guard refuses by now"
    yield from _broken_arming(edge)
    yield from _broken_buying(edge)
    yield from _broken_speech(edge)
    yield from _broken_ear(edge)
    if sum(isinstance(effect, Act) for effect in effects) > 1:
        yield "two plans are handed out at once"
    entered = after.phase is not before.phase and after.phase is not Phase.IDLE
    if entered and (after.turn, "limit") not in [(e.turn, e.name) for e in effects if isinstance(e, SetTimer)]:
        yield "a phase is entered that nothing bounds"


def _broken_arming(edge: Edge) -> Iterator[str]:
    before, event, _, after, effects = edge
    if armed(after) and not (armed(before) and after.pending is before.pending):
        whole = isinstance(event, Spoke) and event.whole and event.utterance == before.utterance
        if not (before.phase is Phase.READING and whole and after.pending is before.pending):
            yield "a plan waits for a yes though its read-back was not spoken whole"
    says = [effect for effect in effects if isinstance(effect, Say)]
    if after.phase is Phase.READING and (before.phase is not Phase.READING or after.utterance != before.utterance):
        assert after.pending is not None
        if not says or says[-1].phrases[-1:] != (after.pending.read_back,) or says[-1].utterance != after.utterance:
            yield "the read-back is not what is being said"
    if after.pending is not None and after.phase not in {Phase.READING, Phase.CONFIRMING, Phase.THINKING}:
        yield "a plan that was agreed to or dropped is still pending"
    if after.phase is Phase.CONFIRMING and before.phase is Phase.READING and not after.window_ends:
        yield "the window never ends"


def _broken_buying(edge: Edge) -> Iterator[str]:
    before, event, _, after, effects = edge
    done = [effect for effect in effects if isinstance(effect, Act)]
    if any(effect.plan.unpriced for effect in done) or (after.pending is not None and after.pending.unpriced):
        yield "a plan without a price is read back or done"
    if any(effect.plan.risk is not Risk.NONE and effect.yes is None for effect in done):
        yield "a risky plan is done without its yes as evidence"
    released = [effect.plan for effect in effects if isinstance(effect, Release)]
    kept = [*released, *(effect.plan for effect in done), after.pending]
    if before.pending is not None and not any(plan is before.pending for plan in kept):
        yield "a plan that was read back is neither done nor let go"
    if any(plan is after.pending for plan in released):
        yield "a plan that may still be agreed to is let go"
    left = before.phase is Phase.CONSULTING and after.phase is not Phase.CONSULTING
    stopped = any(isinstance(effect, StopConsulting) for effect in effects)
    if left and stopped == isinstance(event, Consulted):
        yield "nobody is told that an answer from outside is no longer wanted, or somebody is in vain"


def _broken_speech(edge: Edge) -> Iterator[str]:
    before, event, _, after, effects = edge
    says = [effect for effect in effects if isinstance(effect, Say)]
    if isinstance(event, Woke | Typed) and before.aloud and not any(isinstance(effect, Hush) for effect in effects):
        yield "we talk on over a person"
    if [say.utterance for say in says] != list(range(before.utterance + 1, after.utterance + 1)):
        yield "an utterance is numbered wrongly"
    if says and not after.aloud:
        yield "the end of an utterance is not waited for"
    done = isinstance(event, Acted) and all(outcome.status is Status.DONE for outcome in event.outcomes)
    known = any(phrase.key.endswith(".done") for phrase in before.report)
    if not done and not known and any(phrase.key.endswith(".done") for say in says for phrase in say.phrases):
        yield "something is said to be done that is not"
    if _stopped(before, event) and (says or after.phase is not Phase.IDLE):
        yield "stop does not silence us"


def _stopped(before: Dialogue, event: Event) -> bool:
    match event:
        case Pressed(button=Button.CANCEL):
            return before.phase is not Phase.IDLE
        case Understood(transcript=transcript):
            return before.phase is Phase.THINKING and before.thinking is not None and transcript.text == "stop"
    return False


def _broken_ear(edge: Edge) -> Iterator[str]:
    before, event, _, after, effects = edge
    listening = before.phase in EAR and before.via is Via.VOICE
    opened = [effect for effect in effects if isinstance(effect, Listen)]
    if opened and not (after.phase in EAR and after.via is Via.VOICE):
        yield "the ear is opened for nothing"
    if after.phase in EAR and after.via is Via.VOICE and not listening and not opened and not isinstance(event, Woke):
        yield "nobody listens"
    leaves = listening and not (after.phase in EAR and after.via is Via.VOICE)
    closes = any(isinstance(effect, StopListening) for effect in effects)
    if leaves and not closes and not isinstance(event, TurnEnded | NothingHeard):
        yield "the ear stays open"


# the walk


def walk(
    stepped: Step, sentences: Sequence[str] = SHORT
) -> tuple[dict[tuple[object, ...], Dialogue], list[tuple[str, Edge]], int]:
    """Return every reachable state, every broken promise with its edge (at most 20), and the number of edges."""
    start = here(Dialogue())
    wrong: list[tuple[str, Edge]] = []
    states, todo, edges = {key(start): start}, deque([start]), 0
    while todo and len(wrong) < 20:
        before = todo.popleft()
        for context in (STANDING, MOVING, LATE) if before.pending else (STANDING, MOVING):
            for event in fresh(before, sentences):
                after, effects = stepped(before, event, context, RULES)
                edges += 1
                if after is before and not effects:
                    continue
                edge = (before, event, context, after, effects)
                wrong += [(what, edge) for what in broken(edge)]
                normal = here(after)
                if key(normal) not in states:
                    states[key(normal)] = normal
                    todo.append(normal)
    return states, wrong, edges


@pytest.fixture(scope="module")
def states() -> list[Dialogue]:
    reached, wrong, _ = walk(step)

    assert wrong == []
    return list(reached.values())


def test_every_phase_is_reached(states: list[Dialogue]) -> None:
    assert {state.phase for state in states} == set(Phase)
    assert any(state.pending and state.via is Via.TYPED for state in states)


def test_every_promise_holds_on_every_edge(states: list[Dialogue]) -> None:
    assert len(states) > 1000


def test_a_stale_event_changes_nothing_anywhere(states: list[Dialogue]) -> None:
    assert [
        (state, event)
        for state in states
        for event in stale(state)
        if step(state, event, STANDING, RULES) != (state, ())
    ] == []


def test_an_event_that_its_phase_does_not_take_changes_nothing(states: list[Dialogue]) -> None:
    anywhere = (Woke, Typed, Due, News, Offered, Acted)

    assert [
        (state, event)
        for state in states
        for event in fresh(state, SHORT)
        if type(event) not in LEGAL[state.phase] and not isinstance(event, anywhere)
        if step(state, event, STANDING, RULES) != (state, ())
    ] == []


def silent_end(state: Dialogue, event_for: Callable[[Dialogue], Event], most: int) -> bool:
    """Tell whether events without a person's doing lead to rest, and nothing is done on the way."""
    for _ in range(most):
        if state.phase is Phase.IDLE:
            return True
        state, effects = step(state, event_for(state), STANDING, RULES)
        if any(isinstance(effect, Act) and effect.plan.risk is not Risk.NONE for effect in effects):
            return False
    return state.phase is Phase.IDLE


def test_no_state_is_a_trap_even_if_every_stage_is_dead(states: list[Dialogue]) -> None:
    assert [state for state in states if not silent_end(state, lambda now: TimeUp(now.turn, "limit"), 6)] == []


def test_no_state_is_a_trap_for_somebody_who_says_nothing(states: list[Dialogue]) -> None:
    def silence(now: Dialogue) -> Event:
        if now.phase in EAR and now.via is Via.VOICE:
            return NothingHeard(now.turn, 0.0)
        if now.phase in VOICE:
            return Spoke(now.turn, whole=True, utterance=now.utterance)
        return TimeUp(now.turn, "limit")

    assert [state for state in states if not silent_end(state, silence, 12)] == []


def test_a_planted_silence_means_yes_is_caught() -> None:
    def planted(dialogue: Dialogue, event: Event, context: Context, rules: Rules) -> Move:
        if dialogue.phase is Phase.CONFIRMING and isinstance(event, NothingHeard) and event.turn == dialogue.turn:
            return consented(dialogue, "silence", context, rules)
        return step(dialogue, event, context, rules)

    _, wrong, _ = walk(planted)

    assert "a risky plan is done without a yes in its window" in {what for what, _ in wrong}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_promise_holds_on_every_edge_whatever_is_said() -> None:
    reached, wrong, edges = walk(step, tuple(SENTENCES))

    assert wrong == []
    assert len(reached) > 5_000
    assert edges > 500_000
