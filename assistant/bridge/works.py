"""The bodies of an order's steps: each may run twice, bears a key `order:step`, never raises, and answers in JSON."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from assistant.bridge import shape
from assistant.bridge.book import Book
from assistant.bridge.engine import Json, Result, Writing
from assistant.bridge.metrics import Meter
from assistant.bridge.pages import Change, Record
from assistant.bridge.providers.ports import Trade
from assistant.bridge.providers.trade import Booking, Declined, Offer, ProviderError
from assistant.bridge.services import Services
from assistant.bridge.settle import How, Settled, settle
from assistant.bridge.shape import write
from assistant.bridge.telling import STATES, Telling, beside
from assistant.core.money import Money
from assistant.core.order import Receipt, State

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment of an order, as its workflow remembers it."""

    reference: str
    minor: int


class Works:
    """Everything a workflow can do for one order."""

    __slots__ = ("_book", "_fixed", "_meter", "_offers", "_order", "_services", "_sleep", "_telling")

    def __init__(
        self, order: str, book: Book, services: Services, meter: Meter, sleep: Callable[[float], None]
    ) -> None:
        """Work for `order`."""
        self._order = order
        self._book = book
        self._services = services
        self._meter = meter
        self._sleep = sleep
        self._telling = Telling(order, book, meter)
        self._fixed: Record | None = None
        self._offers: dict[str, Offer] = {}

    def rest(self) -> None:
        """Drop what can be read again: thousands of orders wait at once."""
        self._fixed = None
        self._offers.clear()

    def buy(self, n: int, digest: str) -> Result:
        """Authorise, place and capture, each with its own key, as far as all goes well; return the answers by step names."""
        money = self.authorise(f"authorise:{n}", digest, 0)
        done: dict[str, Json] = {f"authorise:{n}": money}
        if money["how"] == How.OK:
            placed = done[f"place:{n}"] = self.place(f"place:{n}", digest)
            if placed["how"] == How.OK:
                paid = Paid(money["reference"], money["minor"])
                taken = self.capture(f"capture:{n}", digest, paid, placed["booking"], 0)
                return beside(done, f"capture:{n}", taken)
        return done

    def authorise(self, step: str, digest: str, already_minor: int) -> Json:
        """Reserve what the offer costs beyond what is paid already."""
        record, offer = self._both(digest)
        amount = replace(offer.quote.amount, minor=offer.quote.amount.minor - already_minor)
        if amount.minor <= 0:
            return Settled(How.OK).json(reference="", minor=0, surplus=-amount.minor)
        pay, key = self._services.pay, self._key(step)
        return self._settled(
            step,
            lambda: pay.authorise(key, self._order, record.vehicle, offer.quote.payee, amount),
            lambda: pay.find(key),
            lambda payment: {"reference": payment.reference, "minor": amount.minor, "surplus": 0},
        )

    def void(self, step: str, paid: Paid) -> Json:
        """Give reserved money free."""
        pay, key = self._services.pay, self._key(step)
        return self._settled(step, lambda: pay.void(key, self._order, paid.reference), lambda: pay.find(key))

    def place(self, step: str, digest: str) -> Json:
        """Buy what was offered."""
        record, offer = self._both(digest)
        trade, key = self._services.trade(record.service), self._key(step)
        return self._settled(
            step,
            lambda: trade.place(key, self._order, record.vehicle, offer),
            lambda: trade.find(key),
            lambda booking: {"reference": booking.reference, "booking": write(booking)},
        )

    def unplace(self, step: str, reference: str) -> Json:
        """Take back what was bought, because a later step failed."""
        trade, key = self._trade(), self._key(step)
        return self._settled(step, lambda: trade.cancel(key, self._order, reference), lambda: trade.find(key))

    def alter(self, step: str, digest: str, reference: str) -> Json:
        """Change what was bought."""
        _, offer = self._both(digest)
        trade, key = self._trade(), self._key(step)
        return self._settled(
            step,
            lambda: trade.alter(key, self._order, reference, offer),
            lambda: trade.find(key),
            lambda booking: {"booking": write(booking)},
        )

    def capture(self, step: str, digest: str, paid: Paid, placed: Json, already_minor: int) -> Result:
        """Take the reserved money, then tell the car what it has, with the receipt."""
        _, offer = self._both(digest)
        currency = offer.quote.amount.currency
        if paid.minor:
            pay, key = self._services.pay, self._key(step)
            taken = self._settled(
                step,
                lambda: pay.capture(key, self._order, paid.reference, Money(paid.minor, currency)),
                lambda: pay.find(key),
            )
            if taken["how"] != How.OK:
                return taken
        booking = shape.read(Booking, placed)
        charged = Money(already_minor + paid.minor, currency)
        return self._telling.bought(step, booking, Receipt(booking.reference, charged, int(self._book.clock())), offer)

    def refund(self, step: str, payments: tuple[Paid, ...], minor: int) -> Json:
        """Give `minor` back, from the last payment on; what could not be asked yet is asked again with the same keys."""
        record = self._record()
        currency = record.receipt.charged.currency if record.receipt else "XXX"
        left = minor
        for paid in reversed(payments):
            part = min(left, paid.minor)
            if part <= 0:
                continue
            left -= part
            key = self._key(f"{step}:{paid.reference}")
            given = self._refunded(step, key, paid, Money(part, currency))
            if given["how"] != How.OK:
                return given
        return Settled(How.OK).json(refunded=minor - left)

    def cancel(self, step: str, reference: str, charged_minor: int) -> Json:
        """Cancel by the refund rule; answers with what is to be given back."""
        trade, key = self._trade(), self._key(step)
        return self._settled(
            step,
            lambda: trade.cancel(key, self._order, reference),
            lambda: trade.find(key),
            lambda booking: {"give_back": max(0, charged_minor - booking.fee_minor)},
        )

    def news(self, step: str, booking: Json) -> Writing:
        """Tell the car where its order stands, unless newer news was told."""
        return self._telling.stands(step, shape.read(Booking, booking))

    def look(self, step: str, reference: str) -> Result:
        """Ask the company where the order stands; its silence changes nothing."""
        try:
            return self._telling.stands(step, self._trade().look(reference))
        except ProviderError:
            return {"stage": "", "over": False}

    def requote(self, step: str, reason: str) -> Json:
        """Offer the same wish at today's price, for a new yes; REFUSED if it is not sold any more."""
        record = self._record()
        try:
            trade = self._services.trade(record.service)
            offer = trade.offer(self._key(step), self._order, record.method, record.args)
        except Declined as error:
            self.end(step, State.REFUSED, error.reason)
            return {"how": How.NO.value, "reason": error.reason}
        except ProviderError:
            return {"how": How.DOWN.value, "reason": "service_down"}
        self._book.keep(self._order, offer, record.args, change=False)
        self._book.say(self._order, step, Change(State.QUOTED, offer.quote, facts=offer.facts, reason=reason))
        self._meter.requoted(record.service)
        return {"how": How.OK.value, "wait_s": max(0.0, offer.quote.expires - self._book.clock())}

    def left(self) -> Json:
        """Return how long the quote that is asked about still stands."""
        quote = self._record().quote
        return {"wait_s": max(0.0, quote.expires - self._book.clock()) if quote else 0.0}

    def unsold(self, step: str, reason: str) -> Json:
        """Say that a change was not done; the order stands as it was agreed before."""
        record = self._record()
        self._book.say(self._order, step, Change(quote=record.agreed, reason=reason))
        return {}

    def uncancelled(self, step: str, reason: str) -> Json:
        """Say that it could not be cancelled and stands as before."""
        record = self._record()
        try:
            state = STATES[self._trade().look(record.reference).stage]
        except ProviderError:
            state = State.IN_PROGRESS
        self._book.say(self._order, step, Change(state, reason=reason))
        return {}

    def end(self, step: str, state: State, reason: str, refunded_minor: int | None = None) -> Json:
        """Say how the order ended."""
        record = self._record()
        receipt = record.receipt
        if receipt is not None and refunded_minor is not None:
            receipt = replace(receipt, refunded=Money(refunded_minor, receipt.charged.currency))
        self._book.say(self._order, step, Change(state, receipt=receipt, reason=reason, more={"over": True}))
        self._release(record)
        self._meter.ended(record.service, state.value, reversed_=receipt is not None)
        return {"over": True}

    def alarm(self, what: str, reason: str) -> Json:
        """Call the operator: something could not be undone."""
        self._meter.alarm(what, self._order, reason)
        return {}

    def _refunded(self, step: str, key: str, paid: Paid, part: Money) -> Json:
        """Give a part of one payment back."""
        pay = self._services.pay
        return self._settled(step, lambda: pay.refund(key, self._order, paid.reference, part), lambda: pay.find(key))

    def _settled(
        self, step: str, work: Callable[[], T], find: Callable[[], T | None], more: Callable[[T], Json] = lambda _: {}
    ) -> Json:
        """Ask until certain; while nobody knows, the car hears UNKNOWN."""
        settled = settle(work, find, self._sleep)
        if settled.how is How.UNSURE:
            record = self._book.say(self._order, f"{step}:unknown", Change(State.UNKNOWN, reason="timeout"))
            self._meter.unknown(record.service)
        return settled.json(**(more(settled.value) if settled.value is not None else {}))

    def _release(self, record: Record) -> None:
        """Let go of what an offer held, if the company can be asked."""
        try:
            self._services.trade(record.service).release(self._order)
        except ProviderError:
            return

    def _both(self, digest: str) -> tuple[Record, Offer]:
        """Return the order, of which only what never changes may be used, and the offer that was agreed to."""
        if digest not in self._offers or self._fixed is None:
            record, offer = self._book.both(self._order, digest)
            if record is None or offer is None:
                msg = f"no order {self._order} with offer {digest[:8]}"
                raise LookupError(msg)
            self._fixed, self._offers[digest] = record, offer
        return self._fixed, self._offers[digest]

    def _known(self) -> Record:
        """Return the order for what never changes in it: vehicle, service, wish."""
        if self._fixed is None:
            self._fixed = self._record()
        return self._fixed

    def _record(self) -> Record:
        """Return the order."""
        record = self._book.order(self._order)
        if record is None:
            msg = f"no order {self._order}"
            raise LookupError(msg)
        return record

    def _trade(self) -> Trade:
        """Return the order's company."""
        return self._services.trade(self._known().service)

    def _key(self, step: str) -> str:
        """Return the idempotency key of a step."""
        return f"{self._order}:{step}"
