"""A company that behaves like the real trade: offers, holds, bookings, states that come by themselves, fees, statements."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Generic, TypeVar

import sqlalchemy as sa

from assistant.bridge import sql
from assistant.bridge.providers import stock
from assistant.bridge.providers.desk import Call, Desk
from assistant.bridge.providers.faults import Fault
from assistant.bridge.providers.goods import Goods, Priced
from assistant.bridge.providers.tables import bookings, calls, happenings
from assistant.bridge.providers.trade import Booking, Callback, Declined, Entry, Json, Offer, Stage
from assistant.bridge.shape import read, write
from assistant.core.money import Money
from assistant.core.quote import Item, Quote, canonical

G = TypeVar("G", bound=Goods)

_BOOK: Final = sa.insert(bookings)
_ONE: Final = sa.select(bookings).where(bookings.c.reference == sa.bindparam("b_reference"))
_LAST: Final = (
    sa.select(happenings)
    .where(
        happenings.c.reference == sa.bindparam("b_reference"),
        happenings.c.at <= sa.bindparam("b_now", type_=sa.Float),
    )
    .order_by(happenings.c.seq.desc())
    .limit(1)
)
_DUE: Final = (
    sa.select(happenings)
    .where(
        happenings.c.service == sa.bindparam("b_service"),
        happenings.c.left > 0,
        happenings.c.told_at <= sa.bindparam("b_now", type_=sa.Float),
    )
    .order_by(happenings.c.told_at)
    .limit(sa.bindparam("b_most", type_=sa.Integer))
)
_TOLD: Final = sa.update(happenings).where(sql.among(happenings.c.id)).values(left=0)
_COUNT: Final = sa.select(sa.func.count()).where(bookings.c.order_id == sa.bindparam("b_order"))


class Sandbox(Generic[G]):
    """The Trade of a sandbox company."""

    def __init__(self, desk: Desk, goods: G) -> None:
        """Sell `goods` at `desk`."""
        self.service = goods.service
        self.methods = goods.methods
        self._desk = desk
        self._goods = goods

    def offer(self, key: str, order: str, method: str, args: Json) -> Offer:
        """Price a wish and hold what is scarce."""
        call = Call(self.service, "quote", order, key, args)
        if method not in self.methods:
            raise Declined("not_available")
        priced = self._goods.price(method, args, self._desk.clock())
        return self._offered(call, priced, {"method": method})

    def place(self, key: str, order: str, customer: str, offer: Offer) -> Booking:
        """Book it if the price still stands and there is some left."""
        call = Call(self.service, "place", order, key, offer.quote.digest)

        def effect(connection: sa.Connection, armed: Mapping[Fault, float], moved: int) -> Json:
            self._check(connection, order, offer, (armed, moved))
            reference = f"{self.service[0].upper()}{order.replace('-', '')[-12:]}-{self._count(connection, order)}"
            now = self._desk.clock()
            row = {
                "reference": reference,
                "service": self.service,
                "order_id": order,
                "customer": customer,
                "key": key,
                "thing": offer.terms["thing"],
                "terms": canonical(offer.terms).decode(),
                "quote": canonical(offer.quote.to_json()).decode(),
                "amount": offer.quote.amount.minor,
                "currency": offer.quote.amount.currency,
                "count": offer.terms["count"],
                "cancelled": False,
                "fee": 0,
                "changes": 0,
                "at": now,
            }
            sql.insert(connection, _BOOK, [row])
            if offer.terms["thing"]:
                stock.let_go(connection, self.service, order)
            steps = stock.foresee(self._goods.course(offer.terms["wish"], now), armed)
            stock.write_course(connection, (reference, order, self.service), steps, (now, self._desk.pace), armed)
            return write(Booking(reference, steps[0].state, steps[0].stage, 0, steps[0].facts))  # type: ignore[no-any-return]

        return read(Booking, self._desk.once(call, effect))

    def find(self, key: str) -> Booking | None:
        """Tell what became of a call."""
        self._desk.peek(Call(self.service, "find", key.partition(":")[0], ""))
        answer = self._desk.answered(key)
        return None if answer is None else self.look(answer["reference"])

    def look(self, reference: str) -> Booking:
        """Tell where a booking stands, whatever has been told of it."""
        now = self._desk.clock()
        row = self._desk.database.read(lambda c: sql.one(c, _ONE, {"b_reference": reference}))
        if row is None:
            raise Declined("not_found")
        if row.cancelled:
            return Booking(reference, "cancelled", Stage.CANCELLED, 10_000, {}, row.fee)
        step = self._desk.database.read(lambda c: sql.one(c, _LAST, {"b_reference": reference, "b_now": now}))
        return Booking(reference, step.state, Stage(step.stage), step.seq, json.loads(step.facts))

    def until(self, reference: str, state: str) -> float:
        """Return seconds until a booking reaches a state, 0 if it has or never will."""
        query = sa.select(happenings.c.at).where(happenings.c.reference == reference, happenings.c.state == state)
        at = self._desk.database.read(lambda c: c.execute(query).scalars().first())
        return max(0.0, float(at) - self._desk.clock()) if at is not None else 0.0

    def reoffer(self, key: str, order: str, reference: str, args: Json) -> Offer:
        """Price the whole as it would be after a change."""
        call = Call(self.service, "requote", order, key, args)
        row = self._desk.database.read(lambda c: sql.one(c, _ONE, {"b_reference": reference}))
        if row is None or row.cancelled:
            raise Declined("not_found")
        if self.look(reference).stage is Stage.OVER:
            raise Declined("too_late")
        terms = json.loads(row.terms)
        return self._offered(
            call, self._goods.change(terms["wish"], args, self._desk.clock()), {"method": terms["method"]}
        )

    def alter(self, key: str, order: str, reference: str, offer: Offer) -> Booking:
        """Change it as offered."""
        call = Call(self.service, "alter", order, key, offer.quote.digest)

        def effect(connection: sa.Connection, armed: Mapping[Fault, float], moved: int) -> Json:
            row = sql.one(connection, _ONE, {"b_reference": reference})
            if row.cancelled:
                raise Declined("not_found")
            self._check(connection, order, offer, (armed, moved), own=reference)
            values = {
                "terms": canonical(offer.terms).decode(),
                "quote": canonical(offer.quote.to_json()).decode(),
                "amount": offer.quote.amount.minor,
                "thing": offer.terms["thing"],
                "count": offer.terms["count"],
                "changes": row.changes + 1,
            }
            connection.execute(sa.update(bookings).where(bookings.c.reference == reference).values(values))
            stock.let_go(connection, self.service, order)
            now = self._desk.clock()
            steps = self._goods.course(offer.terms["wish"], now)
            if steps[0].stage is Stage.BOOKED:
                stock.rewrite_course(connection, reference, steps, (now, self._desk.pace))
            return {"reference": reference}

        return self.look(self._desk.once(call, effect)["reference"])

    def cancel(self, key: str, order: str, reference: str) -> Booking:
        """Take it back for its fee; what is over cannot be."""
        call = Call(self.service, "cancel", order, key, reference)
        stage = self.look(reference).stage

        def effect(connection: sa.Connection, *_: object) -> Json:
            row = sql.one(connection, _ONE, {"b_reference": reference})
            if stage is Stage.OVER:
                raise Declined("too_late")
            called_off = stage is Stage.CALLED_OFF
            fee = 0 if called_off else Quote.from_json(json.loads(row.quote)).fee(self._desk.clock()).minor
            connection.execute(
                sa.update(bookings).where(bookings.c.reference == reference).values(cancelled=True, fee=fee)
            )
            connection.execute(sa.update(happenings).where(happenings.c.reference == reference).values(left=0))
            return {"reference": reference}

        return self.look(self._desk.once(call, effect)["reference"])

    def release(self, order: str) -> None:
        """Let go of what an offer held."""
        self._desk.database.write(lambda c: stock.let_go(c, self.service, order))

    def callbacks(self, limit: int) -> Sequence[Callback]:
        """Return the news that is due, as often as it was told to be told."""
        asked = {"b_service": self.service, "b_now": self._desk.clock(), "b_most": limit}
        rows = self._desk.database.read(lambda c: sql.rows(c, _DUE, asked))
        return [Callback(row.id, row.order_id, _booking(row)) for row in rows for _ in range(row.left)]

    def acknowledge(self, callbacks: Sequence[Callback]) -> None:
        """Do not tell these again."""
        told = list({news.id for news in callbacks})
        self._desk.database.write(lambda c: sql.many(c, _TOLD, told))

    def statement(self, since: float) -> tuple[Entry, ...]:
        """Return what was booked, at the price that stands now, or the fee that was kept."""
        query = sa.select(bookings).where(bookings.c.service == self.service, bookings.c.at >= since)
        rows = self._desk.database.read(lambda c: c.execute(query).all())
        kept = [(row, row.fee if row.cancelled else row.amount) for row in rows]
        return tuple(
            Entry(row.order_id, row.reference, "booking", Money(minor, row.currency), row.at) for row, minor in kept
        )

    def forget(self, order: str) -> int:
        """Erase what was personal; amounts and references stay for the accounts."""
        blank = canonical({"wish": {}, "method": "", "thing": ""}).decode()

        def work(connection: sa.Connection) -> int:
            changed = connection.execute(
                sa.update(bookings)
                .where(bookings.c.order_id == order, bookings.c.service == self.service)
                .values(terms=blank, customer="")
            ).rowcount
            connection.execute(
                sa.delete(happenings).where(happenings.c.order_id == order, happenings.c.service == self.service)
            )
            connection.execute(sa.delete(calls).where(calls.c.order_id == order, calls.c.service == self.service))
            stock.let_go(connection, self.service, order)
            return changed

        return self._desk.database.write(work)

    def _offered(self, call: Call, priced: Priced, more: Json) -> Offer:
        """Turn a price into an offer with its hold; the same key gives the same offer."""

        def effect(connection: sa.Connection, armed: Mapping[Fault, float], moved: int) -> Json:
            items = (*priced.items, Item("surcharge", moved)) if moved else priced.items
            now = self._desk.clock()
            quote = Quote(
                priced.payee,
                replace(priced, items=items).amount,
                items,
                priced.refund,
                int(now + priced.valid_s + 0.999),
            )
            if priced.ceiling is not None and quote.amount > priced.ceiling:
                return {"declined": "over_ceiling", "quote": quote.to_json()}
            if Fault.SOLD_OUT in armed or (
                priced.thing and stock.taken(connection, priced.thing, call.order, now) + priced.count > priced.left
            ):
                return {"declined": "sold_out"}
            if priced.thing:
                stock.hold(connection, self.service, call.order, priced, quote.expires)
            terms = {
                **more,
                "wish": priced.terms,
                "thing": priced.thing,
                "count": priced.count,
                "left": priced.left,
                "moved": moved,
            }
            return {"quote": quote.to_json(), "terms": terms, "facts": dict(priced.facts)}

        answer = self._desk.once(call, effect)
        quote = Quote.from_json(answer["quote"]) if "quote" in answer else None
        if "declined" in answer or quote is None:
            raise Declined(answer["declined"], quote)
        return Offer(quote, answer["terms"], answer["facts"])

    def _check(
        self, connection: sa.Connection, order: str, offer: Offer, now: tuple[Mapping[Fault, float], int], own: str = ""
    ) -> None:
        """Refuse an offer that is no longer stood by, by the faults and the moved price of `now`."""
        terms, (armed, moved) = offer.terms, now
        if Fault.SOLD_OUT in armed:
            raise Declined("sold_out")
        if self._desk.clock() >= offer.quote.expires:
            raise Declined("quote_expired")
        if terms["moved"] != moved:
            raise Declined("price_changed")
        if (
            terms["thing"]
            and stock.taken(connection, terms["thing"], order, self._desk.clock(), own) + terms["count"] > terms["left"]
        ):
            raise Declined("sold_out")

    def _count(self, connection: sa.Connection, order: str) -> int:
        """Count this order's bookings so far, so that a doubled one would have a name of its own."""
        return int(sql.one(connection, _COUNT, {"b_order": order})[0])


def _booking(row: Any) -> Booking:
    """Return the news of one happening."""
    return Booking(row.reference, row.state, Stage(row.stage), row.seq, json.loads(row.facts))
