"""Several orders of one sentence as one plan: all of it is read back with its sum, and one yes covers all of it."""

from collections.abc import Sequence
from typing import Final

from assistant.core.money import Money
from assistant.core.plan import Plan, Risk
from assistant.core.text import Phrase, SlotValue

MOST: Final = 3
"""Orders in one read-back; nobody can weigh more by ear."""


def fits(basket: Sequence[Plan], plan: Plan) -> bool:
    """Tell whether a plan can be read back with what is in the basket: not too many, and of one currency."""
    currencies = {amount.currency for amount in (_amount(one) for one in (*basket, plan)) if amount is not None}
    return len(basket) < MOST and len(currencies) == 1


def together(plans: Sequence[Plan]) -> Plan:
    """Return the one plan of several that are priced; a single one stays itself."""
    if len(plans) == 1:
        return plans[0]
    slots: dict[str, SlotValue] = {}
    total: Money | None = None
    for number, plan in enumerate(plans, 1):
        assert plan.read_back is not None, "what is priced is risky"
        slots |= {f"{number}/{name}": value for name, value in plan.read_back.slots.items()}
        slots |= {f"done_{number}/{name}": value for name, value in plan.done.slots.items()}
        slots |= {f"part_{number}": f"@{number}/orders.part", f"done_{number}": f"@done_{number}/{plan.done.key}"}
        amount = _amount(plan)
        total = amount if total is None or amount is None else total + amount
    return Plan(
        plans[0].request,
        tuple(step for plan in plans for step in plan.steps),
        Phrase(f"orders.together_done_{len(plans)}", slots),
        read_back=Phrase(f"orders.together_{len(plans)}", {**slots, "total": total}),
        risk=Risk.PAY,
        parts=tuple(plans),
    )


def _amount(plan: Plan) -> Money | None:
    amount = plan.read_back.slots.get("amount") if plan.read_back is not None else None
    return amount if isinstance(amount, Money) else None
