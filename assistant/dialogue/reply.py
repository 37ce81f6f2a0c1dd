"""What a sentence does, once the ear has closed and its meaning is known."""

from dataclasses import replace

from assistant.core.context import Context
from assistant.core.effect import ClearTimer, Effect, Record, Release, Yes
from assistant.core.plan import Plan, Refusal
from assistant.core.text import Phrase, Transcript
from assistant.dialogue.answer import merge
from assistant.dialogue.consent import Consent, hear_consent
from assistant.dialogue.planning import moving
from assistant.dialogue.pursuit import act, joined, proceed, refused, wait_sign
from assistant.dialogue.speech import CONSENT, dropped, leave, name, rest, say, silence, tell
from assistant.dialogue.state import After, Dialogue, Move, Opening, Phase, Rules, Sign
from assistant.skills.conversation import Affirm, Cancel, Deny, Repeat, Stop

MOST_REQUESTS = 5
"""In one sentence; more is a misunderstanding."""

REPLIES = (Affirm, Cancel, Deny)
"""Answers to a question; where none was asked, they were for somebody else."""


def resolve(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Act on the sentence that was heard: consent, the answer to a question, or new requests."""
    assert dialogue.heard is not None, "resolved only once it is understood"
    requests = dialogue.heard.understanding.requests
    now = replace(dialogue, language=dialogue.heard.transcript.language)
    if any(isinstance(request, Stop) for request in requests):
        return silence(now, rules)
    if now.pending is not None:
        return _consent(now, context, rules)
    if now.question is not None:
        return _answer(now, context, rules)
    return command(now, context, rules)


def ends_early(dialogue: Dialogue) -> bool:
    """Tell whether the sentence is over although somebody might still go on.

    A yes never is: "yes … but cheaper" begins with one.
    """
    assert dialogue.heard is not None
    understanding = dialogue.heard.understanding
    if any(isinstance(request, Stop) for request in understanding.requests):
        return True
    if dialogue.pending is not None:
        return consent_heard(dialogue) is Consent.NO
    return understanding.complete and bool(understanding.requests)


def command(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Start on the requests of a sentence; who may not have spoken to us and says nothing for us gets no answer."""
    assert dialogue.heard is not None
    understanding = dialogue.heard.understanding
    now = replace(dialogue, agenda=(), missing=(), pending=None, basket=(), question=None, report=())
    if dialogue.opening is Opening.OURSELVES and all(
        isinstance(request, REPLIES) for request in understanding.requests
    ):
        return rest(now, context, rules)
    if not understanding.requests:
        if not dialogue.heard.transcript.text.strip():
            return rest(now, context, rules)
        return tell(now, context, rules, Phrase("dialogue.not_understood"))
    facts = {"requests": ",".join(map(name, understanding.requests)), "source": understanding.source.value}
    agenda = understanding.requests[:MOST_REQUESTS]
    started = replace(now, agenda=agenda, missing=understanding.missing, unsure=understanding.unsure)
    return joined((Record(now.turn, "intent", facts),), proceed(started, context, rules))


def consented(dialogue: Dialogue, how: str, context: Context, rules: Rules) -> Move:
    """Hand out the pending plan, once, if its window is open and the guard still allows it."""
    plan = dialogue.pending
    assert plan is not None
    if context.at > dialogue.window_ends:
        return give_up(dialogue, context, rules)
    facts = {"request": name(plan.request), "answer": "yes", "how": how}
    effects = (*leave(dialogue), Record(dialogue.turn, "consent", facts), ClearTimer(dialogue.turn, CONSENT))
    now = replace(dialogue, pending=None, again=0, sign=Sign.OPEN)
    match rules.review(plan, context):
        case Refusal() as refusal:
            return joined((*effects, Release(dialogue.turn, plan)), _refuse(now, refusal, context, rules))
        case Plan() as allowed:
            yes = _yes(dialogue, plan.read_back, how, context, rules)
            return joined((*effects, *wait_sign(now.turn, rules)), act(now, allowed, context, rules, yes))


def _yes(dialogue: Dialogue, read_back: Phrase | None, how: str, context: Context, rules: Rules) -> Yes:
    assert read_back is not None, "nothing was agreed to that was not read back"
    heard = how if dialogue.heard is None else dialogue.heard.transcript.text
    return Yes(read_back, dialogue.window_ends - rules.consent_s, heard, context.at, dialogue.language)


def _refuse(dialogue: Dialogue, refusal: Refusal, context: Context, rules: Rules) -> Move:
    kept, recorded = refused(dialogue, refusal)
    return joined(recorded, proceed(kept, context, rules))


def denied(dialogue: Dialogue, how: str, context: Context, rules: Rules) -> Move:
    """Give the pending plan or question up as the person wants, and go on with what else was asked for."""
    effects: tuple[Effect, ...] = (*leave(dialogue), ClearTimer(dialogue.turn, CONSENT))
    if dialogue.pending is not None:
        facts = {"request": name(dialogue.pending.request), "answer": "no", "how": how}
        effects = (*effects, Record(dialogue.turn, "consent", facts), Release(dialogue.turn, dialogue.pending))
    now = replace(dialogue, aloud=False, report=(*dialogue.report, Phrase("dialogue.cancelled")))
    return joined(effects, proceed(now, context, rules))


def give_up(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Say that it is left, and rest: there was no answer, no clear one, or too late a one."""
    effects = (*leave(dialogue), *dropped(dialogue))
    left = tell(replace(dialogue, aloud=False, basket=()), context, rules, Phrase("dialogue.dropped"), after=After.REST)
    return joined(effects, left)


def again(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Ask once more; then give up. A driver is not asked more often than the rules allow."""
    plan, question = dialogue.pending, dialogue.question
    tired = question is not None and dialogue.questions >= rules.chain_limit and moving(context)
    if dialogue.again > 0 or tired:
        return give_up(dialogue, context, rules)
    once = replace(dialogue, again=dialogue.again + 1)
    if plan is not None:
        return read_again(once, context, rules, Phrase("dialogue.yes_or_no"))
    return ask_again(replace(once, questions=once.questions + 1), context, rules, Phrase("dialogue.not_understood"))


def read_again(dialogue: Dialogue, context: Context, rules: Rules, *before: Phrase) -> Move:
    """Read the pending plan back anew; the window opens anew at its end."""
    assert dialogue.pending is not None
    assert dialogue.pending.read_back is not None
    closed = replace(dialogue, window_ends=0.0)
    move = say(closed, context, rules, (*before, dialogue.pending.read_back), Phase.READING)
    return joined((ClearTimer(dialogue.turn, CONSENT),), move)


def ask_again(dialogue: Dialogue, context: Context, rules: Rules, *before: Phrase) -> Move:
    """Ask the open question anew."""
    assert dialogue.question is not None
    return say(dialogue, context, rules, (*before, dialogue.question.phrase), Phase.ASKING)


def _consent(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Take a yes, a no, or something else for what it is."""
    assert dialogue.heard is not None
    requests = dialogue.heard.understanding.requests
    match consent_heard(dialogue):
        case Consent.YES:
            return consented(dialogue, dialogue.via.value, context, rules)
        case Consent.NO:
            return denied(dialogue, dialogue.via.value, context, rules)
    if requests and all(isinstance(request, Repeat) for request in requests):
        return read_again(dialogue, context, rules)
    if dialogue.opening is Opening.PERSON and requests:
        return joined(dropped(dialogue), command(dialogue, context, rules))
    return again(dialogue, context, rules)


def consent_heard(dialogue: Dialogue) -> Consent:
    """Return what the sentence says to the read-back; a yes only if no other reading says no."""
    assert dialogue.heard is not None
    transcript, requests = dialogue.heard.transcript, dialogue.heard.understanding.requests
    readings = {hear_consent(text, transcript.language) for text in _readings(transcript)}
    heard = hear_consent(transcript.text, transcript.language)
    refuses = any(isinstance(request, Cancel | Deny | Stop) for request in requests)
    if heard is Consent.YES:
        return Consent.UNCLEAR if refuses or Consent.NO in readings else Consent.YES
    return Consent.NO if refuses else heard


def _readings(transcript: Transcript) -> tuple[str, ...]:
    return (transcript.text, *(other.text for other in transcript.alternatives))


def _answer(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Put the answer into the request that lacked it; a request of another kind takes its place."""
    assert dialogue.heard is not None
    assert dialogue.question is not None
    requests = dialogue.heard.understanding.requests
    if any(isinstance(request, Cancel | Deny) for request in requests):
        return denied(dialogue, dialogue.via.value, context, rules)
    if requests and all(isinstance(request, Repeat) for request in requests):
        return ask_again(dialogue, context, rules)
    merged = merge(dialogue.question, dialogue.heard, context)
    if merged is not None:
        return proceed(replace(dialogue, agenda=(merged, *dialogue.agenda)), context, rules)
    if any(type(request) is not type(dialogue.question.request) for request in requests):
        return joined(dropped(dialogue), command(dialogue, context, rules))
    return again(dialogue, context, rules)
