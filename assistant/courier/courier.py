"""The courier: what a person may do with orders, what the bridge says about them, and what time does to them.

Everything runs on the main thread. Every method that returns notices has written what they say.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, Final

from assistant.core.consent import Consent, Factor, strengthen, together
from assistant.core.context import Connectivity
from assistant.core.limits import DAY_S, Bar, Limits, bar
from assistant.core.order import OVER, UNSENT, Order, OrderError, State, consented, move
from assistant.core.pin import Pin, try_pin
from assistant.core.ports import Link
from assistant.courier.hearing import hear
from assistant.courier.notice import Notice
from assistant.courier.pin import forget_pin, keep_pin
from assistant.courier.post import Post
from assistant.courier.watch import flush, quote, record_state, watch
from assistant.errors import LinkError
from assistant.ledger.change import Erased, FullError
from assistant.ledger.store import Ledger
from assistant.link.outgoing import call_body, change_body, plain_body
from assistant.link.wire import Op

COMMIT_S: Final = 60.0
"""A yes that could not be sent for so long is asked for again."""
CANCEL_S: Final = 86_400.0
CHANGE_S: Final = 60.0
APPROVE_S: Final = 300.0
ERASE_S: Final = 7 * 86_400.0
ASK_S: Final = 8.0


class Courier:
    """Orders between the person, the order book and the bridge."""

    def __init__(
        self,
        ledger: Ledger,
        link: Link,
        limits: Limits,
        name: Callable[[], str],
        chance: Callable[[], float],
    ) -> None:
        """Keep the ends; `name` makes UUIDv7 ids, `chance` numbers in 0..1; the link is opened and closed by its owner."""
        self._ledger, self._limits, self._name = ledger, limits, name
        self.post = Post(ledger, link, name, chance)

    @property
    def connectivity(self) -> Connectivity:
        """Return how far the car's word reaches now."""
        return self.post.connectivity

    def wish(self, service: str, method: str, args: Mapping[str, Any], within_s: float) -> Order:
        """Write a new order down and ask for its price, at once or as soon as the bridge is there, but no later than `within_s`.

        Raises WireError for a field that may not leave the car, LedgerError if the book takes no more.
        """
        body = call_body(service, method, args)
        order = Order(self._name(), service, method, body["args"], datetime.now(UTC), self.post.now + within_s)
        with self._ledger.change() as change:
            change.put(order)
            change.record("wish", {"order": order.id, "service": service, "method": method})
            if self.connectivity is Connectivity.ONLINE:
                order = quote(change, self.post, order)
        flush(self._ledger, self.post)
        return order

    def agree(self, consent: Consent, *others: Consent, standstill: bool = False) -> Bar | None:
        """Take a yes, to one order or to several that were read back as one: write it down and send it.

        Returns what else is needed if the owner's limits ask for it; they count the sum.
        `standstill`: the car stood when the PIN was given. Raises OrderError if the yes is to another price or too late.
        """
        agreed = [consented(self._order(one.order), one) for one in (consent, *others)]
        left_s = min(self._quote_left_s(order) for order in agreed)
        barred = self._barred((consent, *others), agreed, standstill=standstill)
        with self._ledger.change() as change:
            for order, one in zip(agreed, (consent, *others), strict=True):
                facts = {
                    "order": one.order,
                    "digest": one.digest,
                    "amount": str(one.amount),
                    "factor": one.factor.value,
                }
                facts |= {"together": together(one.parts)} if one.parts else {}
                if barred is not None:
                    change.record("barred", {**facts, "reason": barred.value})
                    continue
                change.put(order)
                change.record("consent", facts)
                body = plain_body(Op.COMMIT, one.to_json())
                change.post(self.post.message(Op.COMMIT, one.order, body, min(left_s, COMMIT_S)))
        if barred is None:
            flush(self._ledger, self.post)
        return barred

    def approve(self, order_id: str) -> None:
        """Ask the owner's phone to approve the quote as it stands; an OrderChanged with `approved` comes later, or never.

        Raises OrderError if no price waits for a yes.
        """
        order = self._order(order_id)
        if order.quote is None or not order.awaits_consent:
            raise OrderError("no price waits for a yes", "ask for the price first")
        left_s = self._quote_left_s(order)
        body = plain_body(Op.APPROVE, {"digest": order.quote.digest})
        with self._ledger.change() as change:
            change.record("approve", {"order": order.id, "digest": order.quote.digest})
            change.post(self.post.message(Op.APPROVE, order.id, body, min(left_s, APPROVE_S)))
        flush(self._ledger, self.post)

    def agree_by_phone(self, *consents: Consent) -> Bar | None:
        """Take a spoken yes once more, now that the phone has approved the same digest; as `agree`."""
        return self.agree(*(strengthen(one, Factor.PHONE) for one in consents))

    @property
    def pin_set(self) -> bool:
        """Tell whether the owner has set a PIN."""
        return self._ledger.kept("pin") is not None

    def set_pin(self, digits: str) -> None:
        """Keep another PIN of 4 to 12 digits; ValueError for anything else."""
        keep_pin(self._ledger, digits, "voice")

    def remove_pin(self) -> None:
        """Forget the PIN; from now on only the phone approves what is above the limit."""
        forget_pin(self._ledger, "voice")

    def pin_bar(self, digits: str, order: str = "", *, standstill: bool) -> Bar | None:
        """Try the PIN, given while the car stands, and write down how it went; return why it is not taken, or None."""
        kept = self._ledger.kept("pin")
        if not standstill or kept is None:
            return Bar.DRIVING if kept is not None else Bar.NO_PIN
        right, pin = try_pin(Pin(**kept), digits, self.post.now)
        with self._ledger.change() as change:
            change.keep("pin", asdict(pin))
            change.record("pin", {"order": order, "result": "right" if right else "wrong"})
        if right:
            return None
        return Bar.PIN_LOCKED if pin.locked(self.post.now) else Bar.WRONG_PIN

    def agree_with_pin(self, consent: Consent, digits: str, *others: Consent, standstill: bool) -> Bar | None:
        """Take a yes together with the owner's PIN, given while the car stands; as `agree`."""
        barred = self.pin_bar(digits, consent.order, standstill=standstill)
        if barred is not None:
            return barred
        strong = [strengthen(one, Factor.PIN) for one in (consent, *others)]
        return self.agree(*strong, standstill=True)

    def cancel(self, order_id: str, reason: str = "cancelled_by_you") -> Order:
        """Drop an order that has not been sent, or ask the bridge to cancel it; returns it as it stands now.

        Raises OrderError if it is over and nothing can be given back.
        """
        order = self._order(order_id)
        if order.state in OVER and order.state is not State.DONE:
            raise OrderError(f"the order is {order.state} already")
        after = order
        with self._ledger.change() as change:
            if order.state in UNSENT:
                after = move(order, State.CANCELLED, reason)
                change.silence(order.id)
                change.put(after)
                record_state(change, after)
            if order.rev or order.state not in UNSENT:
                body = plain_body(Op.CANCEL, {})
                with contextlib.suppress(FullError):
                    change.post(self.post.message(Op.CANCEL, order.id, body, CANCEL_S))
            change.record("cancel", {"order": order.id, "state": order.state.value})
        flush(self._ledger, self.post)
        return after

    def alter(self, order_id: str, args: Mapping[str, Any]) -> None:
        """Ask for a change of an order that is under way; its new price comes as an OrderChanged to be read back.

        Raises OrderError before it is under way (cancel and wish anew) or when it is over.
        """
        order = self._order(order_id)
        if order.state not in {State.ACCEPTED, State.IN_PROGRESS, State.DONE}:
            raise OrderError(f"an order that is {order.state} cannot be changed", "cancel it and order anew")
        body = change_body(order.service, args)
        with self._ledger.change() as change:
            change.record("change", {"order": order.id})
            change.post(self.post.message(Op.CHANGE, order.id, body, CHANGE_S))
        flush(self._ledger, self.post)

    def ask(self, service: str, method: str, args: Mapping[str, Any]) -> str:
        """Ask a service something without ordering; returns the id that Answered will bear.

        Raises LinkError if the bridge is not there, WireError for a field that may not leave the car.
        """
        message = self.post.message(Op.ASK, "", call_body(service, method, args), ASK_S)
        if self.connectivity is not Connectivity.ONLINE or not self.post.send(message):
            raise LinkError("the bridge does not answer", "it will work when the connection is back")
        self.post.asked[message.id] = message
        return message.id

    def erase(self) -> Erased:
        """Remove the person's data here at once, and ask the bridge to do the same; ErasureDone tells when it has."""
        with self._ledger.change() as change:
            erased = change.forget()
            change.post(self.post.message(Op.ERASE, "", plain_body(Op.ERASE, {}), ERASE_S))
        self._ledger.wipe()
        flush(self._ledger, self.post)
        return erased

    def linked(self, reach: Connectivity) -> tuple[Notice, ...]:
        """Take what the link says of itself: LINK or OFFLINE."""
        self.post.linked(reach)
        return self.tick()

    def doubt(self) -> None:
        """Take that the network changed: the next `tick` asks the bridge whether it is still there."""
        self.post.doubted()

    def hear(self, raw: bytes) -> tuple[Notice, ...]:
        """Take one message of the bridge; anything forged, foreign, late or doubled changes nothing."""
        return (*hear(raw, self._ledger, self.post), *self.tick())

    def tick(self) -> tuple[Notice, ...]:
        """Let time pass: pings, repeats, expiries, questions about what is unknown; call it about once a second."""
        return watch(self._ledger, self.post)

    def _barred(self, consents: Sequence[Consent], orders: Sequence[Order], *, standstill: bool) -> Bar | None:
        """Return what stands between the consents and their services; the amount that counts is the sum."""
        total = consents[0].amount
        for one in consents[1:]:
            total += one.amount
        spent = self._ledger.spent(DAY_S, other_than=consents[0].order)
        for one, order in zip(consents, orders, strict=True):
            whole = replace(one, amount=total)
            found = bar(whole, spent, self._limits, standstill=standstill, approved=order.approved)
            if found is not None:
                return found
        return None

    def _order(self, order_id: str) -> Order:
        """Return an order of the book; OrderError if there is none."""
        order = self._ledger.order(order_id)
        if order is None:
            raise OrderError("there is no such order", "ask which orders there are")
        return order

    def _quote_left_s(self, order: Order) -> float:
        """Return how long the order's quote still holds; OrderError if it does not, or the bridge's time is unknown."""
        bridge_now = self._ledger.clock.bridge_now()
        left_s = 0.0 if bridge_now is None or order.quote is None else order.quote.expires - bridge_now
        if left_s < 1:
            raise OrderError("the price no longer holds", "wait for the new one")
        return left_s
