"""Parcels: which are under way, where one is, and sending it another way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from assistant.core.context import Context
from assistant.core.plan import Answer, CloudCall, Decision, Inquiry, Plan, Question, Refusal, Risk
from assistant.core.request import OneOf, Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill
from assistant.skills._orders import plain
from assistant.skills.navigate import Favourite, favourite_name

STATES: Final = {
    "Pending": "pending",
    "InfoReceived": "announced",
    "InTransit": "under_way",
    "OutForDelivery": "out_for_delivery",
    "AttemptFail": "missed",
    "AvailableForPickup": "to_be_fetched",
    "Delivered": "delivered",
    "Exception": "stuck",
    "Expired": "lost",
}
"""The nine usual states and our words for them."""


@dataclass(frozen=True, slots=True)
class AskParcel(Request):
    """Where a parcel is, or which ones are under way."""

    labels = ("parcel.track",)
    offline = False
    what: str = ""
    """Its content or number; all parcels if nothing was said."""


@dataclass(frozen=True, slots=True)
class RedirectParcel(Request):
    """Let a parcel be brought somewhere else or on another day."""

    labels = ("parcel.change",)
    offline = False
    what: str = ""
    place: Annotated[str, OneOf("place")] = ""
    favourite: Favourite | None = None
    day: date | None = None


def redirect(request: RedirectParcel, context: Context) -> Decision:
    """Ask what the other way costs."""
    if not request.what:
        return Question(request, Phrase("parcel.which"), "what")
    place = favourite_name(request.favourite, context) if request.favourite is not None else request.place
    if not place and request.day is None:
        return Question(request, Phrase("parcel.where_to"), "place")
    body: dict[str, Any] = {"parcel": request.what}
    if place:
        body["address"] = {"name": place}
    if request.day is not None:
        body["day"] = request.day.isoformat()
    slots: dict[str, SlotValue] = {"what": plain(request.what)}
    sure = Phrase("parcel.sure_address" if place else "parcel.sure_day", slots)
    call = CloudCall("parcel", "redirect", body, undo="cancel")
    return Plan(request, (call,), Phrase("parcel.redirected"), read_back=sure, risk=Risk.PAY)


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    if isinstance(request, RedirectParcel):
        return redirect(request, context)
    assert isinstance(request, AskParcel)
    call = CloudCall("parcel", "track", {"parcel": request.what}) if request.what else CloudCall("parcel", "mine")
    return Inquiry(request, call)


def found(request: AskParcel, result: Any, context: Context) -> Decision:
    """Say where they are: the first three."""
    rows: list[Mapping[str, Any]] = [result] if request.what else list(result["found"])[:3]
    if not rows:
        return Refusal(request, Phrase("parcel.none"), "not_found")
    slots: dict[str, SlotValue] = {}
    for number, row in enumerate(rows, 1):
        content = str(row["content_zh" if context.language == "zh" else "content"])
        slots |= {f"what_{number}": plain(content), f"where_{number}": f"@parcel.is_{STATES[str(row['state'])]}"}
    return Answer(request, Phrase(f"parcel.told_{len(rows)}", slots))


SKILL = Skill("parcel", (AskParcel, RedirectParcel), plan, found)
