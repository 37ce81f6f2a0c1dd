"""How a turn begins, and what the ear tells while it is open."""

from dataclasses import replace

from assistant.core.audio import Clip
from assistant.core.context import Context
from assistant.core.effect import EndTurn, Expecting, SetTimer, StopListening, StopThinking, Think
from assistant.core.event import Spoke, Typed, Understood, Woke
from assistant.core.text import Phrase
from assistant.core.vehicle import Zone
from assistant.dialogue import outcome
from assistant.dialogue.pursuit import wait_sign
from assistant.dialogue.reply import again, ends_early, resolve
from assistant.dialogue.speech import CONSENT, LIMIT, clear, dropped, leave, listen, rest
from assistant.dialogue.state import Dialogue, Move, Opening, Phase, Rules, Sign, Via


def woken(dialogue: Dialogue, event: Woke, context: Context, rules: Rules) -> Move:
    """Begin a turn by voice: hush, give up the sentence before (orders go on), keep a question that is open."""
    begun, effects = _begin(dialogue, event.turn, context, rules)
    phase = Phase.CONFIRMING if begun.pending else Phase.CHOOSING if begun.question else Phase.LISTENING
    listening = replace(begun, phase=phase, via=Via.VOICE, language=context.language, seat=_seat(event.seat))
    # the ear closes the old turn itself: it has opened the new one
    kept = tuple(effect for effect in effects if not isinstance(effect, StopListening))
    return listening, (*kept, SetTimer(event.turn, LIMIT, rules.listen_limit_s))


def typed(dialogue: Dialogue, event: Typed, context: Context, rules: Rules) -> Move:
    """Begin a turn by text: as by voice, and the sentence is whole already."""
    begun, effects = _begin(dialogue, event.turn, context, rules)
    thinking = replace(
        begun, phase=Phase.THINKING, via=Via.TYPED, language=event.language, seat=None, generation=0, thinking=0
    )
    think = Think(event.turn, 0, expecting(thinking), text=event.text, language=event.language, asked=thinking.question)
    return thinking, (*effects, think, *wait_sign(event.turn, rules), SetTimer(event.turn, LIMIT, rules.think_limit_s))


def guess(dialogue: Dialogue, generation: int, clip: Clip) -> Move:
    """Think about what was said so far; what was thought about less of it is discarded."""
    stop = (StopThinking(dialogue.turn),) if dialogue.thinking is not None else ()
    think = Think(
        dialogue.turn, generation, expecting(dialogue), clip, language=dialogue.language, asked=dialogue.question
    )
    return replace(dialogue, generation=generation, thinking=generation, heard=None), (*stop, think)


def guessed(dialogue: Dialogue, event: Understood) -> Move:
    """Keep what the sentence so far means; if it is whole, let the ear close early."""
    known = replace(dialogue, thinking=None, heard=event)
    return known, (EndTurn(known.turn, event.generation),) if ends_early(known) else ()


def closed(dialogue: Dialogue, generation: int, clip: Clip, context: Context, rules: Rules) -> Move:
    """Resolve the sentence if its meaning is known already, else wait for it."""
    spoken = replace(dialogue, seat=_seat(clip.seat) or dialogue.seat)
    if spoken.heard is not None and generation == spoken.generation:
        told = replace(context, seat=spoken.seat or context.seat)
        return resolve(replace(spoken, phase=Phase.THINKING, sign=Sign.OPEN), told, rules)
    known = generation == spoken.generation and spoken.thinking is not None
    thinking, effects = (spoken, ()) if known else guess(spoken, generation, clip)
    limit = SetTimer(dialogue.turn, LIMIT, rules.think_limit_s)
    return replace(thinking, phase=Phase.THINKING, sign=Sign.OPEN), (*effects, *wait_sign(dialogue.turn, rules), limit)


def understood(dialogue: Dialogue, event: Understood, context: Context, rules: Rules) -> Move:
    """Resolve the sentence."""
    return resolve(replace(dialogue, thinking=None, heard=event), context, rules)


def unanswered(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Nobody spoke: silence is no answer and no consent."""
    return rest(dialogue, context, rules) if dialogue.phase is Phase.LISTENING else again(dialogue, context, rules)


def read(dialogue: Dialogue, event: Spoke, context: Context, rules: Rules) -> Move:
    """Open the window for a yes, if the read-back was spoken whole; else read it once more."""
    if not event.whole:
        return again(replace(dialogue, aloud=False), context, rules)
    opened = replace(
        dialogue, phase=Phase.CONFIRMING, opening=Opening.OURSELVES, window_ends=context.at + rules.consent_s
    )
    listening, effects = listen(opened, Expecting.CONSENT, rules.answer_s, rules)
    return listening, (*effects, SetTimer(listening.turn, CONSENT, rules.consent_s))


def asked(dialogue: Dialogue, rules: Rules) -> Move:
    """Listen for the answer."""
    return listen(
        replace(dialogue, phase=Phase.CHOOSING, opening=Opening.OURSELVES), Expecting.CHOICE, rules.answer_s, rules
    )


def expecting(dialogue: Dialogue) -> Expecting:
    """Return what kind of sentence is natural; a person who opens the ear may say anything."""
    if dialogue.via is Via.VOICE and dialogue.opening is Opening.PERSON:
        return Expecting.COMMAND
    if dialogue.pending is not None:
        return Expecting.CONSENT
    return Expecting.CHOICE if dialogue.question is not None else Expecting.COMMAND


def _begin(dialogue: Dialogue, turn: int, context: Context, rules: Rules) -> Move:
    """Leave the old turn for a new one; a read-back heard whole and an open question stay open."""
    confirms = dialogue.phase is Phase.CONFIRMING
    asks = dialogue.phase in {Phase.ASKING, Phase.CHOOSING}
    effects = (*leave(dialogue), *clear(dialogue.turn))
    begun = replace(
        dialogue,
        turn=turn,
        opening=Opening.PERSON,
        generation=-1,
        thinking=None,
        heard=None,
        aloud=False,
        sign=Sign.OPEN,
        report=(),
    )
    if confirms:
        window = SetTimer(turn, CONSENT, max(0.0, dialogue.window_ends - context.at))
        return begun, (*effects, window)
    if asks:
        return begun, effects
    late = _unsaid(dialogue)
    fresh = replace(begun, agenda=(), missing=(), pending=None, basket=(), question=None, again=0, questions=0)
    kept = replace(fresh, waiting=(*late, *dialogue.waiting)[: rules.waiting_limit])
    return kept, (*effects, *dropped(dialogue))


def _seat(name: str | None) -> Zone | None:
    """Return the zone of that name, None for any other name."""
    return next((zone for zone in Zone if zone == name), None)


def _unsaid(dialogue: Dialogue) -> tuple[Phrase, ...]:
    """Return what the person must still hear of a sentence that was interrupted while it was being done."""
    if dialogue.phase is not Phase.ACTING:
        return ()
    trouble = any(phrase.key in outcome.TROUBLE for phrase in dialogue.report)
    rest = (Phrase("dialogue.rest_dropped"),) if dialogue.agenda else ()
    return (*(dialogue.report if trouble else ()), *rest)
