"""Saying things, and coming to rest."""

from dataclasses import replace

from assistant.core.context import Context
from assistant.core.effect import (
    ClearTimer,
    Effect,
    Expecting,
    Hush,
    Listen,
    Record,
    Release,
    Say,
    SetTimer,
    StopConsulting,
    StopListening,
    StopThinking,
)
from assistant.core.headunit import CallPhase
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.dialogue.planning import moving
from assistant.dialogue.state import After, Dialogue, Move, Opening, Phase, Rules, Sign, Via

AT_MOST_WHILE_MOVING = 3
EAR = frozenset({Phase.LISTENING, Phase.CONFIRMING, Phase.CHOOSING})
"""Phases in which the ear is open, if the person speaks."""

LIMIT, CONSENT, SIGN, QUIET = "limit", "consent", "sign", "quiet"
"""Names of the dialogue's timers."""


def say(dialogue: Dialogue, context: Context, rules: Rules, phrases: tuple[Phrase, ...], phase: Phase) -> Move:
    """Speak, and wait for its end in `phase`; what had been kept to be reported is taken as said."""
    if moving(context):
        phrases = tuple(_brief(phrase) for phrase in phrases)
    spoken = replace(
        dialogue,
        phase=phase,
        utterance=dialogue.utterance + 1,
        aloud=True,
        report=(),
        last_said=phrases,
        thinking=None,
        heard=None,
    )
    return spoken, (
        Say(spoken.turn, phrases, spoken.utterance, spoken.language),
        SetTimer(spoken.turn, LIMIT, rules.speak_limit_s),
    )


def tell(dialogue: Dialogue, context: Context, rules: Rules, *phrases: Phrase, after: After = After.FOLLOW_UP) -> Move:
    """Say what is kept to be reported and `phrases`; with nothing to say, rest."""
    everything = (*dialogue.report, *phrases)
    ended = replace(dialogue, agenda=(), missing=(), pending=None, question=None, again=0, after=after)
    if not everything:
        return rest(ended, context, rules)
    return say(ended, context, rules, everything, Phase.SPEAKING)


def give_sign(dialogue: Dialogue, phrase: Phrase) -> Move:
    """Say that work is under way, and go on waiting."""
    given = replace(dialogue, sign=Sign.GIVEN, utterance=dialogue.utterance + 1, aloud=True)
    return given, (Say(given.turn, (phrase,), given.utterance, given.language),)


def spoken(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Go on after an answer: with what waited to be said, a follow-up window, or rest; in a telephone call, rest."""
    quiet = replace(dialogue, aloud=False)
    if quiet.waiting and not on_the_line(context):
        return _say_waiting(quiet, context, rules)
    alone = rules.follow_up_s <= 0 or on_the_line(context)
    if quiet.after is After.REST or quiet.via is Via.TYPED or alone:
        return rest(quiet, context, rules)
    return listen(
        replace(quiet, phase=Phase.LISTENING, opening=Opening.OURSELVES, questions=0),
        Expecting.COMMAND,
        rules.follow_up_s,
        rules,
    )


def listen(dialogue: Dialogue, expecting: Expecting, timeout_s: float, rules: Rules) -> Move:
    """Open the ear, for a person who speaks; wait no longer than the limit."""
    waits = replace(dialogue, thinking=None, heard=None, aloud=False)
    limit = SetTimer(waits.turn, LIMIT, rules.listen_limit_s)
    if waits.via is Via.TYPED:
        return waits, (limit,)
    return waits, (Listen(waits.turn, expecting, timeout_s), limit)


def rest(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Become idle; what waited to be said is said first, but not into a telephone call."""
    idle = at_rest(dialogue)
    if not idle.waiting:
        return idle, clear(idle.turn)
    if on_the_line(context):
        return idle, (*clear(idle.turn), SetTimer(idle.turn, QUIET, rules.quiet_s))
    return _say_waiting(idle, context, rules)


def silence(dialogue: Dialogue, rules: Rules) -> Move:
    """Become idle and say nothing more; plans under way go on, what waited to be said waits a little longer."""
    later = (SetTimer(dialogue.turn, QUIET, rules.quiet_s),) if dialogue.waiting else ()
    return replace(at_rest(dialogue), aloud=False), (
        *leave(dialogue),
        *dropped(dialogue),
        *clear(dialogue.turn),
        *later,
    )


def leave(dialogue: Dialogue) -> tuple[Effect, ...]:
    """Return what ends the stages that are at work on this turn, orders excepted."""
    ear = dialogue.phase in EAR and dialogue.via is Via.VOICE
    return (
        *((Hush(dialogue.turn),) if dialogue.aloud else ()),
        *((StopListening(dialogue.turn),) if ear else ()),
        *((StopThinking(dialogue.turn),) if dialogue.thinking is not None else ()),
        *((StopConsulting(dialogue.turn),) if dialogue.phase is Phase.CONSULTING else ()),
    )


def clear(turn: int) -> tuple[Effect, ...]:
    """Return what clears the turn's timers."""
    return tuple(ClearTimer(turn, name) for name in (LIMIT, CONSENT, SIGN))


def dropped(dialogue: Dialogue) -> tuple[Effect, ...]:
    """Return what lets go of the risky plans that are given up, and their lines of audit."""
    pending = () if dialogue.pending is None else (dialogue.pending,)
    return tuple(
        effect
        for plan in (*dialogue.basket, *pending)
        for effect in (Record(dialogue.turn, "dropped", {"request": name(plan.request)}), Release(dialogue.turn, plan))
    )


def name(request: Request) -> str:
    """Return what the audit calls a request: its class, never its fields."""
    return type(request).__name__


def at_rest(dialogue: Dialogue) -> Dialogue:
    """Return the idle dialogue that remembers only what outlives a conversation."""
    return Dialogue(
        turn=dialogue.turn,
        language=dialogue.language,
        generation=dialogue.generation,
        running=dialogue.running,
        utterance=dialogue.utterance,
        aloud=dialogue.aloud,
        waiting=dialogue.waiting,
        last_said=dialogue.last_said,
        last_done=dialogue.last_done,
    )


def on_the_line(context: Context) -> bool:
    """Tell whether a person talks to somebody else on the telephone."""
    return context.headunit.call.phase in {CallPhase.DIALLING, CallPhase.ACTIVE}


def _say_waiting(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    unasked = replace(dialogue, waiting=(), language=context.language)
    return say(unasked, context, rules, dialogue.waiting, Phase.SPEAKING)


def _brief(phrase: Phrase) -> Phrase:
    """Shorten lists to what a driver can take in."""
    slots = {
        key: value[:AT_MOST_WHILE_MOVING] if isinstance(value, tuple) else value for key, value in phrase.slots.items()
    }
    return replace(phrase, slots=slots)
