"""A yes as evidence, and what became of it: done only with the bridge's own word, unknown said as unknown."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeGuard

from assistant.core.consent import Consent, Heard, NoConsent, Part, ReadBack, agree
from assistant.core.context import Context
from assistant.core.effect import Act, Yes
from assistant.core.guard import Denied, judge, speed_kmh
from assistant.core.limits import Bar
from assistant.core.order import Order, State
from assistant.core.pin import Secret
from assistant.core.plan import CloudCall, LocalCall, Outcome, Plan, Status, Step
from assistant.courier import Courier
from assistant.errors import CabinError
from assistant.ledger.store import Ledger
from assistant.offer import word
from assistant.speak.words import render

PIN_KEPT_S: Final = 20.0
"""How long a PIN that came from a screen waits for the yes it belongs to."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A turn that waits for what becomes of a yes or a cancel."""

    turn: int
    calls: tuple[CloudCall, ...]


@dataclass(frozen=True, slots=True)
class _Barred:
    """A yes that is above the owner's limit for a spoken one."""

    turn: int
    consents: tuple[Consent, ...]
    calls: tuple[CloudCall, ...]


class Deeds:
    """Yeses and cancels that are under way, and yeses that wait for a second factor."""

    def __init__(self, courier: Courier | None, ledger: Ledger | None, context: Callable[[], Context]) -> None:
        """Take the ends; without a courier nothing can be done."""
        self._courier, self._ledger, self._context = courier, ledger, context
        self._open: dict[str, Deed] = {}
        self._barred: dict[str, _Barred] = {}
        self._from_screen: tuple[Secret, int, float] | None = None
        """A PIN, the turn whose yes it belongs to, and until when."""

    @property
    def under_way(self) -> frozenset[str]:
        """Return the orders whose end a turn waits for."""
        return frozenset(self._open)

    @property
    def orders(self) -> frozenset[str]:
        """Return the orders that a yes or a cancel is under way for, or that wait for a second factor."""
        return frozenset(self._open) | frozenset(self._barred)

    def do(self, effect: Act) -> str:
        """Send a yes (to all of the plan's orders or none of them) or a cancel; return why not, or nothing. Raises CabinError."""
        calls = tuple(step for step in effect.plan.steps if isinstance(step, CloudCall))
        for call in calls:
            verdict = judge(call, self._context())
            if isinstance(verdict, Denied):
                return verdict.reason
        if self._courier is None or self._ledger is None or not all(call.order for call in calls):
            return "offline"
        reason = (
            self._agree(effect.turn, calls, effect.yes) if all(call.digest for call in calls) else self._cancel(calls)
        )
        if not reason:
            self._open |= {call.order: Deed(effect.turn, calls) for call in calls}
        return reason

    def ended(self, order: str, known: Iterable[Order]) -> tuple[Deed, tuple[Outcome, ...]] | None:
        """Return what became of the deed that an order is part of, once all of it is known; then it is no longer under way."""
        deed = self._open.get(order)
        if deed is None:
            return None
        found = outcomes(deed, {one.id: one for one in known})
        if found is not None:
            self._open = {name: one for name, one in self._open.items() if one is not deed}
        return None if found is None else (deed, found)

    def moved(self, known: Mapping[str, Order], order: str) -> None:
        """Send a yes that waited for the phone, once every order it covers is approved; drop one whose price is no longer the same."""
        barred = self._barred.get(order)
        if barred is None or self._courier is None:
            return
        orders = [known.get(one.order) for one in barred.consents]
        told = list(zip(orders, barred.consents, strict=True))
        if any(one is None or one.quote is None or one.quote.digest != yes.digest for one, yes in told):
            self._forget(barred.consents)
        elif all(one is not None and one.approved == yes.digest for one, yes in told):
            self._forget(barred.consents)
            with contextlib.suppress(CabinError):
                self._courier.agree_by_phone(*barred.consents)

    def _agree(self, turn: int, calls: tuple[CloudCall, ...], yes: Yes | None) -> str:
        assert self._courier is not None, "asked only with both ends"
        assert self._ledger is not None, "asked only with both ends"
        now, parts = self._ledger.clock.bridge_now(), tuple(Part(call.order, call.digest) for call in calls)
        consents = list[Consent]()
        for call in calls:
            consent = evidence(call, yes, self._ledger.order(call.order), now)
            if isinstance(consent, NoConsent):
                return consent.value
            consents.append(replace(consent, parts=parts) if len(parts) > 1 else consent)
        barred = self._courier.agree(*consents)
        if barred is Bar.SECOND_FACTOR:
            waits = _Barred(turn, tuple(consents), calls)
            self._barred |= {one.order: waits for one in consents}
            digits, of_turn, until = self._from_screen or (Secret(""), -1, 0.0)
            self._from_screen = None
            if of_turn == turn and self._context().at <= until:
                return self._with_pin(waits, digits)
            for one in consents:
                self._courier.approve(one.order)
        return "" if barred is None else barred.value

    def pin(self, call: LocalCall, turn: int) -> str:
        """Set, remove or take the PIN; return why not, or nothing. Raises CabinError."""
        verdict = judge(call, self._context())
        if isinstance(verdict, Denied):
            return "pin_while_driving" if verdict.reason == "driving" else verdict.reason
        if self._courier is None:
            return "not_available"
        if call.name == "pin.enter":
            waits = next(reversed(self._barred.values()), None)
            if waits is None:
                return "nothing_waits"
            reason = self._with_pin(waits, _secret(call, "digits"))
            if not reason:
                self._open |= {one.order: Deed(turn, waits.calls) for one in waits.calls}
            return reason
        if not self._courier.pin_set and call.name == "pin.set":
            return "first_pin"
        if self._courier.pin_set:
            barred = self._courier.pin_bar(_secret(call, "current").reveal(), standstill=self._stands())
            if barred is not None:
                return barred.value
        if call.name == "pin.remove":
            self._courier.remove_pin()
        else:
            self._courier.set_pin(_secret(call, "digits").reveal())
        return ""

    def pin_from_screen(self, digits: Secret, turn: int) -> str:
        """Take the PIN from a screen, for the yes of that turn: it waits for it, or comes along with it; return why not."""
        waits = next((one for one in reversed(self._barred.values()) if one.turn == turn), None)
        if waits is not None:
            return self._with_pin(waits, digits)
        self._from_screen = digits, turn, self._context().at + PIN_KEPT_S
        return ""

    def _with_pin(self, waits: _Barred, digits: Secret) -> str:
        """Send a yes that waited, if the PIN is right."""
        assert self._courier is not None, "asked only with both ends"
        first, *others = waits.consents
        barred = self._courier.agree_with_pin(first, digits.reveal(), *others, standstill=self._stands())
        if barred is None:
            self._forget(waits.consents)
        return "" if barred is None else barred.value

    def _stands(self) -> bool:
        return speed_kmh(self._context()) == 0

    def _cancel(self, calls: tuple[CloudCall, ...]) -> str:
        assert self._courier is not None, "asked only with both ends"
        if any(call.method != "cancel" for call in calls):
            return "not_offered"
        for call in calls:
            self._courier.cancel(call.order)
        return ""

    def _forget(self, consents: Iterable[Consent]) -> None:
        for one in consents:
            self._barred.pop(one.order, None)


def outside(plan: Plan) -> bool:
    """Tell whether a plan is all for the world outside: orders, or the PIN that they wait for."""
    return bool(plan.steps) and all(isinstance(step, CloudCall) or secret(step) for step in plan.steps)


def secret(step: Step) -> TypeGuard[LocalCall]:
    """Tell whether a step is about the PIN."""
    return isinstance(step, LocalCall) and step.name.startswith("pin.")


def _secret(call: LocalCall, name: str) -> Secret:
    value = call.args.get(name, "")
    return value if isinstance(value, Secret) else Secret(value)


def evidence(call: CloudCall, yes: Yes | None, order: Order | None, bridge_now: float | None) -> Consent | NoConsent:
    """Return the yes bound to the digest that was read back, or why it is none; `bridge_now` is epoch seconds of the bridge."""
    if yes is None or order is None or order.quote is None or bridge_now is None:
        return NoConsent.OTHER_QUOTE
    said = render(yes.read_back, yes.language, datetime.now().astimezone().date())
    read = ReadBack(order.id, call.digest, said, 0, yes.read_at)
    return agree(order.quote, read, Heard(yes.heard, 0, yes.at, language=yes.language), bridge_now)


def outcomes(deed: Deed, known: Mapping[str, Order]) -> tuple[Outcome, ...] | None:
    """Return what became of every order of a deed; None while one is open. One that nobody knows about ends the waiting."""
    found = [became(call, known[call.order]) if call.order in known else None for call in deed.calls]
    unknown = any(outcome is not None and outcome.status is Status.UNKNOWN for outcome in found)
    if not unknown and any(outcome is None for outcome in found):
        return None
    return tuple(
        outcome or Outcome(call, Status.UNKNOWN, reason="no_answer")
        for call, outcome in zip(deed.calls, found, strict=True)
    )


def became(call: CloudCall, order: Order) -> Outcome | None:
    """Return the outcome as the order stands now; None while it is open."""
    if order.state is State.UNKNOWN:
        return Outcome(call, Status.UNKNOWN, reason="no_answer")
    return _bought(call, order) if call.digest else _cancelled(call, order)


def _bought(call: CloudCall, order: Order) -> Outcome | None:
    """Done is a receipt for exactly the quote that was agreed to."""
    if order.state in {State.IN_PROGRESS, State.DONE}:
        if order.receipt is not None and order.bound == call.digest:
            return Outcome(call, Status.DONE, receipt=order.receipt.reference, reason=word(order.reason))
        return Outcome(call, Status.REFUSED, reason=word(order.reason)) if order.reason and not order.agreed else None
    if order.awaits_consent:
        return Outcome(call, Status.REFUSED, reason=word(order.reason) or "price_changed")
    if order.state in {State.REFUSED, State.CANCELLED, State.EXPIRED, State.WISHED}:
        return Outcome(call, Status.REFUSED, reason=word(order.reason))
    return Outcome(call, Status.FAILED, reason=word(order.reason)) if order.state is State.FAILED else None


def _cancelled(call: CloudCall, order: Order) -> Outcome | None:
    """Done is the bridge's word that it is cancelled, or an order that never left the car."""
    if order.state is State.CANCELLED:
        back = order.receipt.refunded if order.receipt is not None else None
        return Outcome(call, Status.DONE, receipt=str(back) if back is not None else "cancelled")
    if order.state in {State.REFUSED, State.FAILED, State.EXPIRED}:
        return Outcome(call, Status.REFUSED, reason=word(order.reason))
    refused = order.state in {State.IN_PROGRESS, State.DONE} and order.reason
    return Outcome(call, Status.REFUSED, reason=word(order.reason)) if refused else None
