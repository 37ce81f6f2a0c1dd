"""From a request to a decision, and the guard's word on it."""

from dataclasses import replace

from assistant.core.context import Context
from assistant.core.guard import Denied, judge, speed_kmh
from assistant.core.plan import Decision, Plan, Refusal, Risk
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.skills import by_request
from assistant.skills.conversation import Undo


def decide(request: Request, context: Context) -> Decision:
    """Let the request's skill decide; a request that no skill answers is refused."""
    if isinstance(request, Undo) and context.last_done is not None and context.last_done.undo:
        return take_back(context.last_done)
    skill = by_request().get(type(request))
    if skill is None:
        return Refusal(request, Phrase("dialogue.cannot"), "unknown")
    return skill.plan(request, context)


def review(plan: Plan, context: Context) -> Plan | Refusal:
    """Return the plan if the guard allows every step as things stand now, else the refusal with its reason."""
    for step in plan.steps:
        verdict = judge(step, context)
        if isinstance(verdict, Denied):
            return Refusal(plan.request, Phrase(f"reason.{verdict.reason}"), verdict.reason)
    return plan


def take_back(last: Plan) -> Plan:
    """Return the plan that undoes the last one and says what that was; it is as risky as that was."""
    skill = by_request().get(type(last.request))
    what = {"what": f"@topic.{skill.name}" if skill else "@topic.that"}
    read_back = None if last.risk is Risk.NONE else Phrase("dialogue.undo_read_back", what)
    return Plan(Undo(), last.undo, Phrase("dialogue.undone", what), read_back, last.risk)


def doubted(plan: Plan) -> Plan:
    """Return the plan as one that needs a yes to what will be said of it: it may not be what was meant."""
    meant = Phrase("dialogue.did_you_mean", {**plan.done.slots, "meant": f"@{plan.done.key}"})
    return replace(plan, risk=Risk.CONFIRM, read_back=meant)


def moving(context: Context) -> bool:
    """Tell whether the car moves; an unknown or stale speed counts as moving."""
    return speed_kmh(context) > 0
