"""The owner's PIN: changed, removed and given, only while the car stands still, and never said back."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from assistant.core.context import Context
from assistant.core.guard import speed_kmh
from assistant.core.pin import Secret, spoken_digits
from assistant.core.plan import Decision, LocalCall, Plan, Question, Refusal
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.skills import Skill


@dataclass(frozen=True, slots=True)
class SetPin(Request):
    """Change the PIN that approves large payments."""

    labels = ()
    secret: ClassVar[bool] = True
    current: str = ""
    """The PIN as it is now."""
    digits: str = ""
    """The new one."""
    again: str = ""
    """The new one once more."""


@dataclass(frozen=True, slots=True)
class RemovePin(Request):
    """Remove the PIN."""

    labels = ()
    secret: ClassVar[bool] = True
    current: str = ""


@dataclass(frozen=True, slots=True)
class EnterPin(Request):
    """Give the PIN for the payment that waits for it."""

    labels = ()
    secret: ClassVar[bool] = True
    digits: str = ""


ASKS: Final = {"current": "pin.current", "digits": "pin.new", "again": "pin.again"}


def change(request: SetPin, context: Context) -> Decision:
    """Ask for the PIN as it is, for the new one, for the new one again; keep it if both are the same.

    The first one is the owner's to set (`cabin pin set`): who only sits in the car must not give himself the right to pay.
    """
    if not context.pin_set:
        return Refusal(SetPin(), Phrase("reason.first_pin"), "first_pin")
    for field in ("current", "digits", "again"):
        said = getattr(request, field)
        if not said:
            return Question(request, Phrase(ASKS[field]), field)
        if spoken_digits(said) is None:
            return Question(replace(request, **{field: ""}), Phrase("pin.not_digits"), field)
    if spoken_digits(request.again) != spoken_digits(request.digits):
        return Refusal(SetPin(), Phrase("pin.differ"), "pin_differs")
    args = {"digits": hidden(request.digits), "current": hidden(request.current)}
    return Plan(SetPin(), (LocalCall("pin.set", args),), Phrase("pin.kept"))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    if speed_kmh(context) > 0:
        return Refusal(request, Phrase("reason.pin_while_driving"), "driving")
    if isinstance(request, SetPin):
        return change(request, context)
    if not context.pin_set:
        return Refusal(request, Phrase("reason.no_pin"), "no_pin")
    assert isinstance(request, RemovePin | EnterPin)
    field = "current" if isinstance(request, RemovePin) else "digits"
    said = getattr(request, field)
    if not said:
        return Question(request, Phrase("pin.current"), field)
    if spoken_digits(said) is None:
        return Question(type(request)(), Phrase("pin.not_digits"), field)
    name, done = ("pin.remove", "pin.removed") if isinstance(request, RemovePin) else ("pin.enter", "pin.ordered")
    return Plan(type(request)(), (LocalCall(name, {field: hidden(said)}),), Phrase(done))


def hidden(said: str) -> Secret:
    """Return the digits that were said, so that no report shows them."""
    return Secret(spoken_digits(said) or "")


SKILL = Skill("pin", (SetPin, RemovePin, EnterPin), plan)
