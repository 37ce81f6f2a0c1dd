"""The truth about what became of a plan: "done" only with evidence for every step."""

from collections.abc import Sequence

from assistant.core.plan import Outcome, Plan, Status
from assistant.core.text import Phrase
from assistant.languages.pack import load

SPOKEN = {
    Status.UNKNOWN: "dialogue.outcome_unknown",
    Status.FAILED: "dialogue.outcome_failed",
    Status.REFUSED: "dialogue.outcome_refused",
    Status.QUEUED: "dialogue.outcome_queued",
}
"""Worst first: one step that nobody knows about makes the whole plan unknown."""

PARTLY = "dialogue.outcome_partly"
TROUBLE = frozenset({*SPOKEN.values(), PARTLY})
"""Phrases that must not get lost."""


def verdict(plan: Plan, outcomes: Sequence[Outcome]) -> tuple[Status, str]:
    """Return the worst status over all steps and its reason; a step without an outcome is unknown."""
    if len(outcomes) < len(plan.steps):
        return Status.UNKNOWN, ""
    for status in SPOKEN:
        reasons = [outcome.reason for outcome in outcomes if outcome.status is status]
        if reasons:
            return status, next((reason for reason in reasons if reason not in {"", "not_tried"}), "")
    return Status.DONE, ""


def tell(plan: Plan, outcomes: Sequence[Outcome]) -> tuple[Phrase, ...]:
    """Return what a person hears about it; a reason that we have no words for (a service's own) is left out."""
    status, reason = verdict(plan, outcomes)
    if status is Status.DONE:
        return (plan.done,)
    because = (Phrase(f"reason.{reason}"),) if f"reason.{reason}" in load("en").phrases else ()
    partly = any(outcome.status is Status.DONE for outcome in outcomes)
    return (Phrase(PARTLY if partly else SPOKEN[status]), *because)
