"""Paying: what is due, to whom the payment company knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from assistant.core.context import Context
from assistant.core.money import Money
from assistant.core.plan import Answer, CloudCall, Decision, Inquiry, Plan, Question, Risk
from assistant.core.request import Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill
from assistant.skills._orders import plain


class Bill(StrEnum):
    """What people have to pay for."""

    PARKING = "parking"
    TOLL = "toll"
    CHARGING = "charging"
    FUEL = "fuel"
    CAR_WASH = "car_wash"
    ELECTRICITY = "electricity"
    WATER = "water"
    PHONE_BILL = "phone_bill"
    INSURANCE = "insurance"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class PayBill(Request):
    """Pay what is due for something."""

    labels = ("payment.pay",)
    offline = False
    bill: Bill | None = None


@dataclass(frozen=True, slots=True)
class AskDue(Request):
    """What is to be paid."""

    labels = ("payment.balance",)
    offline = False


def plan(request: Request, context: Context) -> Decision:  # noqa: ARG001 - the same everywhere
    """Decide about one request of this skill."""
    if isinstance(request, AskDue):
        return Inquiry(request, CloudCall("pay", "due"))
    assert isinstance(request, PayBill)
    if request.bill is None:
        return Question(request, Phrase("pay.what_for"), "bill")
    sure = Phrase("pay.sure", {"bill": f"@bill.{request.bill}"})
    call = CloudCall("pay", "pay", {"payee": request.bill.value})
    return Plan(request, (call,), Phrase("pay.paid"), read_back=sure, risk=Risk.PAY)


def found(request: AskDue, result: Any, context: Context) -> Decision:
    """Say what is due: the first three."""
    rows: list[Mapping[str, Any]] = list(result["found"])
    slots: dict[str, SlotValue] = {"more": len(rows) - 3}
    for number, row in enumerate(rows[:3], 1):
        slots[f"name_{number}"] = plain(str(row["name_zh" if context.language == "zh" else "name"]))
        slots[f"amount_{number}"] = Money(int(row["amount"]["minor"]), str(row["amount"]["currency"]))
    return Answer(request, Phrase(f"pay.due_{min(len(rows), 3)}", slots))


SKILL = Skill("pay", (PayBill, AskDue), plan, found)
