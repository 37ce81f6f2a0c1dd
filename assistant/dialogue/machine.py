"""The table of the conversation: what each event does in each phase. What stands in no row changes nothing.

Events of another turn are stale: they stand in no row, but for what opens a turn, the end of a plan that is still
under way, and what happens in the world (`Due`, `News`, `Offered`).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from assistant.core.context import Context
from assistant.core.event import (
    Acted,
    Button,
    Consulted,
    Due,
    Event,
    Faulted,
    News,
    NothingHeard,
    Offered,
    Pressed,
    SpeechPaused,
    Spoke,
    TimeUp,
    TurnEnded,
    Typed,
    Understood,
    Woke,
)
from assistant.core.headunit import Timer
from assistant.core.text import Phrase, SlotValue
from assistant.dialogue import planning
from assistant.dialogue.pursuit import acted, consulted, joined, notice, offered, slow
from assistant.dialogue.reply import consented, denied, give_up
from assistant.dialogue.speech import (
    CONSENT,
    LIMIT,
    QUIET,
    SIGN,
    give_sign,
    leave,
    on_the_line,
    rest,
    silence,
    spoken,
    tell,
)
from assistant.dialogue.state import After, Dialogue, Move, Phase, Rules, Sign, Via
from assistant.dialogue.turns import asked, closed, guess, guessed, read, typed, unanswered, understood, woken

STANDARD: Final = Rules(planning.decide, planning.review)


def step(  # noqa: C901, PLR0911, PLR0912  one row a transition
    dialogue: Dialogue, event: Event, context: Context, rules: Rules = STANDARD
) -> Move:
    """Return the dialogue after the event and what it asks of the world; total, pure, never raises."""
    d, r = dialogue, rules
    c = replace(context, last_said=d.last_said, last_done=d.last_done, asked=d.question, seat=d.seat or context.seat)
    match d.phase, event:
        # what begins a turn, and what belongs to none
        case _, Woke(turn=turn) if turn > d.turn:
            return woken(d, event, c, r)
        case _, Typed(turn=turn) if turn > d.turn:
            return typed(d, event, c, r)
        case _, Due(timer=timer):
            return notice(d, (due(timer),), c, r, first=True)
        case _, News(phrase=phrase):
            return notice(d, (phrase,), c, r)
        case Phase.IDLE, Offered(plan=plan) if not on_the_line(c):
            return offered(d, plan, c, r)
        case _, Acted(turn=turn) if any(running.turn == turn for running in d.running):
            return acted(d, event, c, r)
        case _ if event.turn != d.turn:
            return d, ()

        # any phase but rest
        case Phase.IDLE, TimeUp(name=name) if name == QUIET:
            return rest(d, c, r)
        case _, Spoke(utterance=utterance) if utterance != d.utterance or not d.aloud:
            return d, ()
        case Phase.IDLE, Spoke():
            return replace(d, aloud=False), ()
        case Phase.IDLE, _:
            return d, ()
        case _, Pressed(button=Button.CANCEL):
            return silence(d, r)

        # the ear is open
        case Phase.LISTENING | Phase.CONFIRMING | Phase.CHOOSING, SpeechPaused() if (
            hears(d) and event.generation > d.generation
        ):
            return guess(d, event.generation, event.clip)
        case Phase.LISTENING | Phase.CONFIRMING | Phase.CHOOSING, Understood(generation=generation) if (
            generation == d.thinking
        ):
            return guessed(d, event)
        case Phase.LISTENING | Phase.CONFIRMING | Phase.CHOOSING, TurnEnded() if (
            hears(d) and event.generation >= d.generation
        ):
            return closed(d, event.generation, event.clip, c, r)
        case Phase.LISTENING | Phase.CONFIRMING | Phase.CHOOSING, NothingHeard() if hears(d):
            return unanswered(d, c, r)
        case Phase.LISTENING, TimeUp(name=name) if name == LIMIT:
            return joined(leave(d), rest(d, c, r))
        case Phase.CHOOSING, TimeUp(name=name) if name == LIMIT:
            return give_up(d, c, r)
        case Phase.CONFIRMING, TimeUp(name=name) if name in {LIMIT, CONSENT}:
            return give_up(d, c, r)
        case Phase.CONFIRMING, Pressed(button=Button.CONFIRM):
            return consented(d, "button", c, r)
        case Phase.CONFIRMING | Phase.READING | Phase.CHOOSING | Phase.ASKING, Pressed(button=Button.DENY):
            return denied(d, "button", c, r)

        # the meaning is being found
        case Phase.THINKING, Understood(generation=generation) if generation == d.thinking:
            return understood(d, event, c, r)
        case Phase.THINKING, Pressed(button=Button.DENY) if d.pending is not None:
            return denied(d, "button", c, r)
        case Phase.THINKING, TimeUp(name=name) if name == SIGN and d.sign is Sign.OPEN:
            return give_sign(d, Phrase("dialogue.thinking"))
        case Phase.THINKING, TimeUp(name=name) if name == LIMIT:
            return failed(d, Phrase("error.too_slow"), c, r)

        # the world outside is being asked
        case Phase.CONSULTING, Consulted():
            return consulted(d, event, c, r)
        case Phase.CONSULTING, Pressed(button=Button.DENY):
            return denied(d, "button", c, r)
        case Phase.CONSULTING, TimeUp(name=name) if name == SIGN and d.sign is Sign.OPEN:
            return give_sign(d, Phrase("dialogue.thinking"))
        case Phase.CONSULTING, TimeUp(name=name) if name == LIMIT:
            return failed(d, Phrase("error.too_slow"), c, r)

        # a plan is under way
        case Phase.ACTING, TimeUp(name=name) if name == SIGN and d.sign is Sign.OPEN:
            return give_sign(d, Phrase("dialogue.acting"))
        case Phase.ACTING, TimeUp(name=name) if name == LIMIT:
            return slow(d, c, r)

        # the voice is at work
        case Phase.SPEAKING, Spoke():
            return spoken(d, c, r)
        case Phase.READING, Spoke():
            return read(d, event, c, r)
        case Phase.ASKING, Spoke():
            return asked(d, r)
        case _, Spoke():
            return replace(d, aloud=False), ()
        case Phase.SPEAKING | Phase.READING | Phase.ASKING, TimeUp(name=name) if name == LIMIT:
            return silence(d, r)

        # something broke: if it is the voice, nothing can be said about it
        case Phase.SPEAKING | Phase.READING | Phase.ASKING, Faulted():
            return silence(d, r)
        case Phase.ACTING, Faulted() if d.aloud:
            return replace(d, aloud=False), ()
        case _, Faulted(phrase=phrase):
            return failed(d, phrase, c, r)
    return d, ()


def hears(dialogue: Dialogue) -> bool:
    """Tell whether the open phase listens to a microphone, not to a keyboard."""
    return dialogue.via is Via.VOICE


def failed(dialogue: Dialogue, phrase: Phrase, context: Context, rules: Rules) -> Move:
    """Leave the turn, say what broke, and rest."""
    silent, effects = silence(dialogue, rules)
    return joined(effects, tell(replace(silent, report=dialogue.report), context, rules, phrase, after=After.REST))


def due(timer: Timer) -> Phrase:
    """Return what is said when a timer, alarm or reminder is due."""
    slots: dict[str, SlotValue] = {"at": timer.due.time(), "text": timer.text}
    slots["length"] = None if timer.set_for_s is None else timedelta(seconds=timer.set_for_s)
    return Phrase(f"dialogue.due_{timer.kind}{'_named' if timer.text else ''}", slots)
