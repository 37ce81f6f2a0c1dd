"""From a wish to a yes: quote, change, commit, cancel, approve. Each is one transaction, and so is what it tells the workflow."""

from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from assistant.bridge import pages, together
from assistant.bridge.book import Book
from assistant.bridge.engine import Engine
from assistant.bridge.pages import Change, Record
from assistant.bridge.providers.trade import Declined, Limits, Offer
from assistant.bridge.requests import Answer, Requests, about, problem
from assistant.bridge.services import Services
from assistant.core.consent import Agreed, Factor
from assistant.core.order import State
from assistant.core.quote import Quote, canonical
from assistant.link.wire import Envelope

BUSY: Final = frozenset({State.CANCELLING, State.UNKNOWN, State.ACCEPTED})
"""States in which an order is not changed."""


class Bargain:
    """What a car may do with its orders."""

    def __init__(self, book: Book, requests: Requests, services: Services, engine: Engine) -> None:
        """Bargain with `services`, write it into `book`, and what is agreed into `engine`."""
        self._engine = engine
        self._book = book
        self._requests = requests
        self._services = services

    def quote(self, vehicle: str, request: Envelope) -> Answer:
        """Price a wish; an order that is bought already keeps its price. Raises ShapeError, ProviderError, ValueError."""
        service, method, args = (request.body.get(name) for name in ("service", "method", "args"))
        if not isinstance(service, str) or not isinstance(method, str) or not isinstance(args, dict):
            msg = "a quote needs service, method and args"
            raise TypeError(msg)
        record = self._mine(vehicle, request.order)
        if record is not None and (record.started or record.over):
            return self._requests.known(vehicle, request) or about(record.snapshot)
        wish = {"service": service, "method": method, "args": canonical(args).decode()}
        try:
            offer = self._services.trade(service, method).offer(
                f"{request.order}:quote:{request.id}", request.order, method, args
            )
        except Declined as error:
            refused = Change(State.REFUSED, error.quote, reason=error.reason, more={**wish, "over": True})
            return self._requests.once(vehicle, request, lambda c: self._put(c, vehicle, request, refused)[0])

        def work(connection: sa.Connection) -> Answer:
            quoted = Change(State.QUOTED, offer.quote, facts=offer.facts, more=wish)
            answer, new = self._put(connection, vehicle, request, quoted)
            pages.keep_offer(connection, request.order, offer, args, change=False, first=new)
            return answer

        return self._requests.once(vehicle, request, work)

    def change(self, vehicle: str, request: Envelope) -> Answer:
        """Price an order as it would be after a change; it stays as it is until that is agreed to. Raises as `quote`."""
        args = request.body.get("args")
        if not isinstance(args, dict):
            msg = "a change needs args"
            raise TypeError(msg)
        record = self._mine(vehicle, request.order)
        if record is None:
            return problem("unknown_order", request.order)
        refusal = _unchangeable(record)
        offer: Offer | None = None
        if not refusal:
            try:
                offer = self._services.trade(record.service).reoffer(
                    f"{record.id}:change:{request.id}", record.id, record.reference, args
                )
            except Declined as error:
                refusal = error.reason

        def work(connection: sa.Connection) -> Answer:
            if offer is None:
                return self._turn(connection, record.id, Change(quote=record.agreed, reason=refusal))
            pages.keep_offer(connection, record.id, offer, args, change=True)
            told = {name: fact for name, fact in record.facts.items() if not name.startswith("new_")}
            new = {f"new_{name}": fact for name, fact in offer.facts.items()}
            return self._turn(connection, record.id, Change(quote=offer.quote, facts={**told, **new}))

        return self._requests.once(vehicle, request, work)

    def commit(self, vehicle: str, request: Envelope) -> Answer:
        """Take a yes; it counts only for exactly the quote that stands. Raises ValueError, ShapeError, ProviderError."""
        yes = Agreed.from_json(request.order, request.body)
        limits = self._services.pay.limits(vehicle)
        stale: list[Record] = []
        if yes.parts:
            return self._all(vehicle, request, yes, limits)

        def work(connection: sa.Connection) -> Answer:
            current = pages.locked(connection, request.order)
            if current is None:
                raise LookupError
            if current.vehicle != vehicle:
                raise PermissionError
            if current.over or _said_before(current, yes):
                return about(current.snapshot)
            if current.quote is None or not yes.binds(current.id, current.quote):
                return self._turn(connection, current.id, Change(reason="quote_changed"))
            if self._book.clock() >= current.quote.expires and not current.started:
                stale.append(current)
                raise LookupError
            return self._judge(connection, current, current.quote, yes, limits)

        try:
            return self._requests.once(vehicle, request, work)
        except LookupError:
            return self._anew(vehicle, request, stale[0]) if stale else problem("unknown_order", request.order)

    def _all(self, vehicle: str, request: Envelope, yes: Agreed, limits: Limits) -> Answer:
        """Take one yes to several orders."""
        now = self._book.clock()

        def work(connection: sa.Connection) -> Answer:
            return about(together.commit(connection, self._engine, vehicle, yes, limits, now).snapshot)

        try:
            answer = self._requests.once(vehicle, request, work)
        except LookupError:
            return problem("unknown_order", request.order)
        for part in yes.parts:
            self._engine.notice(part.order)
        return answer

    def _judge(self, connection: sa.Connection, current: Record, quote: Quote, yes: Agreed, limits: Limits) -> Answer:
        """Accept a yes to the quote that stands, or say why it does not carry."""
        refusal = "quote_expired" if self._book.clock() >= quote.expires else _too_weak(current, quote, yes, limits)
        if refusal == "over_limit" and not current.started:
            return self._turn(connection, current.id, Change(State.REFUSED, reason=refusal, more={"over": True}))
        if refusal:
            back = current.agreed if current.state is not State.QUOTED else None
            return self._turn(connection, current.id, Change(quote=back, reason=refusal))
        return self._accept(connection, current, quote)

    def cancel(self, vehicle: str, request: Envelope) -> Answer:
        """Take an order back: at once if nothing was bought, else by its workflow and the refund rule."""
        record = self._mine(vehicle, request.order)
        if record is None:
            return problem("unknown_order", request.order)
        if not record.started and not record.over:
            self._services.trade(record.service).release(record.id)

        def work(connection: sa.Connection) -> Answer:
            current = pages.locked(connection, record.id) or record
            if current.over:
                late = current.state is State.DONE
                return (
                    self._turn(connection, current.id, Change(reason="too_late")) if late else about(current.snapshot)
                )
            if not current.started:
                return self._turn(connection, current.id, Change(State.CANCELLED, more={"over": True}))
            state = None if current.state in {State.UNKNOWN, State.QUOTED} else State.CANCELLING
            self._engine.send(connection, current.id, {"kind": "cancel"}, f"{current.id}:cancel:{request.id}")
            return self._turn(connection, current.id, Change(state))

        return self._requests.once(vehicle, request, work)

    def approve(self, vehicle: str, request: Envelope) -> Answer:
        """Ask the owner's phone about the quote that stands. Raises ProviderError."""
        record = self._mine(vehicle, request.order)
        if record is None:
            return problem("unknown_order", request.order)
        quote = record.quote
        if quote is None or record.over or quote.digest != request.body.get("digest"):
            return self._requests.once(
                vehicle, request, lambda c: self._turn(c, record.id, Change(reason="quote_changed"))
            )
        key = f"{record.id}:approve:{quote.digest[:16]}"
        self._services.phone.ask(key, record.id, vehicle, quote.digest, quote.amount, quote.payee)
        return self._requests.once(vehicle, request, lambda _: about(record.snapshot))

    def _accept(self, connection: sa.Connection, current: Record, quote: Quote) -> Answer:
        """Start the workflow, or tell it of the yes it waits for."""
        if not current.started:
            more = {"started": True, "committed_at": self._book.clock()}
            begin = self._engine.start(connection, current.id, {"digest": quote.digest})
            accepted = self._turn(connection, current.id, Change(State.ACCEPTED, agreed=quote, more=more))
            return replace(accepted, then=begin)
        again = current.state is State.QUOTED
        message, key = {"kind": "consent", "digest": quote.digest}, f"{current.id}:consent:{quote.digest}"
        self._engine.send(connection, current.id, message, key)
        return self._turn(connection, current.id, Change(State.ACCEPTED, agreed=quote) if again else Change())

    def _anew(self, vehicle: str, request: Envelope, record: Record) -> Answer:
        """Price a wish again whose quote ran out before the yes came."""
        try:
            trade = self._services.trade(record.service)
            offer = trade.offer(f"{record.id}:quote:{request.id}", record.id, record.method, record.args)
        except Declined as error:
            refused = Change(State.REFUSED, reason=error.reason, more={"over": True})
            return self._requests.once(vehicle, request, lambda c: self._turn(c, record.id, refused))

        def work(connection: sa.Connection) -> Answer:
            pages.keep_offer(connection, record.id, offer, record.args, change=False)
            change = Change(State.QUOTED, offer.quote, facts=offer.facts, reason="quote_expired")
            return self._turn(connection, record.id, change)

        return self._requests.once(vehicle, request, work)

    def _put(self, connection: sa.Connection, vehicle: str, request: Envelope, change: Change) -> tuple[Answer, bool]:
        """Write an order that may be new, and tell whether it is; one that was bought meanwhile stays as it is."""
        known = pages.locked(connection, request.order)
        if known is None:
            begun = pages.begin(connection, request.order, vehicle, change, self._book.clock())
            return about(begun.snapshot), True
        if known.started or known.over:
            return about(known.snapshot), False
        return self._turn(connection, request.order, change), False

    def _turn(self, connection: sa.Connection, order: str, change: Change) -> Answer:
        """Change an order and answer with where it stands then."""
        return about(pages.alter(connection, order, change, self._book.clock()).snapshot)

    def _mine(self, vehicle: str, order: str) -> Record | None:
        """Return the vehicle's own order."""
        record = self._book.order(order)
        if record is not None and record.vehicle != vehicle:
            raise PermissionError
        return record


def _said_before(record: Record, yes: Agreed) -> bool:
    """Tell whether this yes was taken already."""
    return record.started and record.agreed is not None and yes.binds(record.id, record.agreed)


def _unchangeable(record: Record) -> str:
    """Return why an order cannot be changed now; empty if it can."""
    if record.over:
        return "too_late"
    if not record.started or not record.reference:
        return "not_bought"
    return "not_now" if record.state in BUSY else ""


def _too_weak(record: Record, quote: Quote, yes: Agreed, limits: Limits) -> str:
    """Return why a yes does not carry this amount; empty if it does."""
    foreign = quote.amount.currency != limits.currency
    if foreign or quote.amount.minor > limits.order_minor:
        return "over_limit"
    if quote.amount.minor <= limits.voice_minor or yes.factor is Factor.PIN:
        return ""
    if yes.factor is Factor.PHONE:
        return "" if record.approved == quote.digest else "not_approved"
    return "factor_needed"
