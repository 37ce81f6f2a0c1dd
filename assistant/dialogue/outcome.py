"""The truth about what became of a plan: "done" only with evidence for every step."""

from collections.abc import Iterator, Sequence

from assistant.core.plan import CloudCall, Outcome, Plan, Status
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


SECOND_FACTOR = "second_factor"
"""Why a yes is not enough: it needs the PIN or the phone."""
PART_FAILED = "part_failed"
"""Why an order was given back, or never placed: another of the same yes could not be had."""


def tell(plan: Plan, outcomes: Sequence[Outcome]) -> tuple[Phrase, ...]:
    """Return what a person hears about it; a reason that we have no words for (a service's own) is left out."""
    status, reason = verdict(plan, outcomes)
    if status is Status.DONE:
        return (plan.done,)
    if reason == SECOND_FACTOR:
        return (Phrase(f"reason.{reason}"),)
    if plan.parts and any(outcome.reason == PART_FAILED for outcome in outcomes):
        return tuple(_part_failed(outcomes))
    because = (Phrase(f"reason.{reason}"),) if f"reason.{reason}" in load("en").phrases else ()
    partly = any(outcome.status is Status.DONE for outcome in outcomes)
    return (Phrase(PARTLY if partly else SPOKEN[status]), *because)


def _part_failed(outcomes: Sequence[Outcome]) -> Iterator[Phrase]:
    """Yield what could not be had, why, and that nothing else was bought then."""
    for outcome in outcomes:
        if outcome.reason != PART_FAILED and isinstance(outcome.step, CloudCall):
            known = f"reason.{outcome.reason}" in load("en").phrases
            slots = {
                "thing": f"@orders.thing_{outcome.step.service}",
                "because": f"@reason.{outcome.reason}" if known else "",
            }
            yield Phrase("orders.part_not_had", slots)
    others = tuple(
        f"@orders.thing_{outcome.step.service}"
        for outcome in outcomes
        if outcome.reason == PART_FAILED and isinstance(outcome.step, CloudCall)
    )
    yield Phrase("orders.others_given_back", {"others": others})
