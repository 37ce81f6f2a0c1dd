"""Carrying out what was asked: decide about each request in its order, act, ask, read back, report."""

from dataclasses import replace
from enum import Enum

from assistant.core.context import Context
from assistant.core.effect import Act, Consult, Effect, Record, Release, SetTimer, Yes
from assistant.core.event import Acted, Consulted
from assistant.core.plan import Answer, Decision, Inquiry, Plan, Question, Refusal, Risk, Status
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.dialogue import outcome
from assistant.dialogue.planning import doubted, moving
from assistant.dialogue.speech import AT_MOST_WHILE_MOVING, LIMIT, SIGN, at_rest, dropped, name, rest, say, tell
from assistant.dialogue.state import Dialogue, Move, Phase, Rules, Running, Tell
from assistant.dialogue.together import fits, together
from assistant.skills.conversation import Repeat, Undo
from assistant.skills.pin import EnterPin


def proceed(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Work off the agenda until something has to be waited for; at its end say what is to be reported."""
    now = replace(dialogue, pending=None, question=None, again=0)
    recorded: tuple[Effect, ...] = ()
    while now.agenda:
        request, rest = now.agenda[0], now.agenda[1:]
        now = replace(now, agenda=rest)
        now, effects, state = _carry_out(now, _decide(now, request, context, rules), context, rules)
        recorded += effects
        if state is _State.WAITS:
            return now, recorded
    if now.basket:
        return joined(recorded, read_back(replace(now, basket=()), together(now.basket), context, rules))
    return joined(recorded, tell(now, context, rules))


def consulted(dialogue: Dialogue, event: Consulted, context: Context, rules: Rules) -> Move:
    """Go on with what the world outside said; a plan that still has no price, and one the guard refuses, is none."""
    decision = event.decision
    released: tuple[Effect, ...] = ()
    if isinstance(decision, Inquiry) or (isinstance(decision, Plan) and decision.unpriced):
        decision = Refusal(decision.request, Phrase("dialogue.cannot"), "not_available")
    elif isinstance(decision, Plan):
        plan, decision = decision, rules.review(decision, context)
        released = (Release(dialogue.turn, plan),) if isinstance(decision, Refusal) else ()
    now, effects, state = _carry_out(dialogue, decision, context, rules)
    move = (now, effects) if state is _State.WAITS else joined(effects, proceed(now, context, rules))
    return joined(released, move)


def offered(dialogue: Dialogue, plan: Plan, context: Context, rules: Rules) -> Move:
    """Read back what nobody waits for any more, as if it had just been asked for."""
    fresh = replace(at_rest(dialogue), language=context.language)
    return read_back(fresh, plan, context, rules)


class _State(Enum):
    """Whether the conversation now waits for something, or can go on with the agenda."""

    WAITS = "waits"
    GOES_ON = "goes_on"


def _carry_out(
    dialogue: Dialogue, decision: Decision | tuple[Phrase, ...], context: Context, rules: Rules
) -> tuple[Dialogue, tuple[Effect, ...], _State]:
    """Do what one decision asks for."""
    match decision:
        case Inquiry() | Plan(unpriced=True):
            return *consult(dialogue, decision, rules), _State.WAITS
        case Plan(risk=Risk.NONE) if dialogue.unsure:
            return *read_back(dialogue, doubted(decision), context, rules), _State.WAITS
        case Plan() if decision.priced and any(request.buys for request in dialogue.agenda):
            return replace(dialogue, basket=(*dialogue.basket, decision)), (), _State.GOES_ON
        case Plan() if decision.priced and dialogue.basket and fits(dialogue.basket, decision):
            whole = together((*dialogue.basket, decision))
            return *read_back(replace(dialogue, basket=()), whole, context, rules), _State.WAITS
        case Plan(risk=Risk.NONE):
            return *act(dialogue, decision, context, rules), _State.WAITS
        case Plan():
            return *read_back(dialogue, decision, context, rules), _State.WAITS
        case Question():
            return *ask(dialogue, decision, context, rules), _State.WAITS
        case Refusal():
            return *refused(dialogue, decision), _State.GOES_ON
        case Answer(phrase=phrase):
            return replace(dialogue, report=(*dialogue.report, phrase)), (), _State.GOES_ON
        case phrases:
            return replace(dialogue, report=(*dialogue.report, *phrases)), (), _State.GOES_ON


def consult(dialogue: Dialogue, about: Plan | Inquiry, rules: Rules) -> Move:
    """Ask outside, and wait for what it leads to."""
    turn = dialogue.turn
    waits = replace(dialogue, phase=Phase.CONSULTING, thinking=None, heard=None)
    return waits, (
        Consult(turn, about, dialogue.language),
        *wait_sign(turn, rules),
        SetTimer(turn, LIMIT, rules.consult_limit_s),
    )


def act(dialogue: Dialogue, plan: Plan, context: Context, rules: Rules, yes: Yes | None = None) -> Move:
    """Hand the plan out and wait for its end; the oldest of too many is no longer waited for."""
    running = (*dialogue.running, Running(dialogue.turn, plan))[-rules.running_limit :]
    return replace(dialogue, phase=Phase.ACTING, running=running, thinking=None, heard=None), (
        Act(dialogue.turn, plan, isinstance(plan.request, Undo), context.seat, yes),
        SetTimer(dialogue.turn, LIMIT, rules.act_limit_s),
    )


def read_back(dialogue: Dialogue, plan: Plan, context: Context, rules: Rules) -> Move:
    """Say what is to be reported, then what a yes would mean."""
    assert plan.read_back is not None, "Plan refuses to be risky without a read-back"
    return say(replace(dialogue, pending=plan), context, rules, (*dialogue.report, plan.read_back), Phase.READING)


def ask(dialogue: Dialogue, question: Question, context: Context, rules: Rules) -> Move:
    """Say what is to be reported, then the question; a driver is not asked more often than the rules allow."""
    if dialogue.questions >= rules.chain_limit and moving(context):
        recorded = Record(dialogue.turn, "refusal", {"request": name(question.request), "reason": "driving"})
        left = tell(replace(dialogue, basket=()), context, rules, Phrase("dialogue.ask_later"))
        return joined((recorded, *dropped(dialogue)), left)
    asked = replace(question, choices=question.choices[:AT_MOST_WHILE_MOVING])
    open_question = replace(dialogue, question=asked, missing=(), questions=dialogue.questions + 1)
    return say(open_question, context, rules, (*dialogue.report, asked.phrase), Phase.ASKING)


def acted(dialogue: Dialogue, event: Acted, context: Context, rules: Rules) -> Move:
    """Report a plan that ended; one that the conversation left is told of at a good moment, if there is need."""
    running = next(one for one in dialogue.running if one.turn == event.turn)
    status, reason = outcome.verdict(running.plan, event.outcomes)
    facts = {"request": name(running.plan.request), "status": status.value, "reason": reason}
    recorded = (Record(event.turn, "outcome", facts),)
    left = replace(dialogue, running=tuple(one for one in dialogue.running if one is not running))
    if status is Status.DONE:
        left = replace(left, last_done=running.plan if running.plan.undo else None)
    phrases = outcome.tell(running.plan, event.outcomes)
    if reason == outcome.SECOND_FACTOR and context.pin_set and not moving(context):
        left = replace(left, agenda=(EnterPin(), *left.agenda))
    if dialogue.phase is Phase.ACTING and event.turn == dialogue.turn:
        return joined(recorded, proceed(replace(left, report=(*left.report, *phrases)), context, rules))
    if status is Status.DONE and running.tell is Tell.TROUBLE:
        return left, recorded
    return joined(recorded, notice(left, phrases, context, rules))


def notice(
    dialogue: Dialogue, phrases: tuple[Phrase, ...], context: Context, rules: Rules, *, first: bool = False
) -> Move:
    """Say something unasked: now if idle, else later; what does not fit is dropped from the end."""
    queued = (*phrases, *dialogue.waiting) if first else (*dialogue.waiting, *phrases)
    kept = replace(dialogue, waiting=queued[: rules.waiting_limit])
    return rest(kept, context, rules) if dialogue.phase is Phase.IDLE else (kept, ())


def slow(dialogue: Dialogue, context: Context, rules: Rules) -> Move:
    """Say that a plan takes longer, and that its end will be told; wait no more."""
    promised = tuple(replace(one, tell=Tell.ALL) if one.turn == dialogue.turn else one for one in dialogue.running)
    return tell(replace(dialogue, running=promised), context, rules, Phrase("dialogue.still_working"))


def wait_sign(turn: int, rules: Rules) -> tuple[Effect, ...]:
    """Return the timer after which a sign is given that work is under way."""
    return (SetTimer(turn, SIGN, rules.sign_s),)


def _decide(dialogue: Dialogue, request: Request, context: Context, rules: Rules) -> Decision | tuple[Phrase, ...]:
    """Decide about one request; what concerns the conversation itself is answered here with phrases."""
    if isinstance(request, Repeat) and dialogue.last_said:
        return dialogue.last_said
    for missing in dialogue.missing:
        if missing.request == name(request) and missing.choices:
            which = Phrase("dialogue.which_one", {"choices": missing.choices[:AT_MOST_WHILE_MOVING]})
            return Question(request, which, missing.field, missing.choices)
    decision = rules.decide(request, replace(context, basket=dialogue.basket, language=dialogue.language))
    return rules.review(decision, context) if isinstance(decision, Plan) else decision


def refused(dialogue: Dialogue, refusal: Refusal) -> Move:
    """Keep a refusal to be reported."""
    facts = {"request": name(refusal.request), "reason": refusal.reason}
    return replace(dialogue, report=(*dialogue.report, refusal.phrase)), (Record(dialogue.turn, "refusal", facts),)


def joined(before: tuple[Effect, ...], move: Move) -> Move:
    """Return the move with effects put before its own."""
    return move[0], (*before, *move[1])
