"""Sandbox money: authorise, capture, void, refund, limits and a statement; and bills that can be paid."""

from typing import Any, Final

import sqlalchemy as sa

from assistant.bridge import shape, sql
from assistant.bridge.database import Database
from assistant.bridge.providers import faults
from assistant.bridge.providers.desk import Call, Desk
from assistant.bridge.providers.faults import Fault
from assistant.bridge.providers.found import Due
from assistant.bridge.providers.goods import Happening, Priced
from assistant.bridge.providers.sandbox import Sandbox
from assistant.bridge.providers.tables import entries, payments
from assistant.bridge.providers.trade import Declined, Entry, Json, Limits, Payment, Stage
from assistant.bridge.providers.wishes import PayWish
from assistant.bridge.providers.world import World, likeness
from assistant.core.money import Money
from assistant.core.quote import Item

SERVICE: Final = "money"
"""The payment company's name for fault switches; `pay` is the one that takes bills."""
VALID_S: Final = 300.0


_RESERVE: Final = sa.insert(payments)
_SPENT: Final = sa.select(
    sa.select(sa.func.coalesce(sa.func.sum(payments.c.authorised - payments.c.refunded), 0))
    .where(
        payments.c.customer == sa.bindparam("b_customer"),
        payments.c.at >= sa.bindparam("b_since"),
        payments.c.state != "voided",
    )
    .scalar_subquery(),
    sa.select(sa.func.count()).where(payments.c.order_id == sa.bindparam("b_order")).scalar_subquery(),
)
"""What a customer spent since then, and how many payments an order has."""
_ENTER: Final = sa.insert(entries)
_SET: Final = sa.update(payments).where(payments.c.reference == sa.bindparam("b_reference"))
_TAKE: Final = _SET.where(payments.c.state == "authorised", payments.c.authorised >= sa.bindparam("b_most")).returning(
    *payments.c
)
_ONE: Final = sa.select(payments).where(payments.c.reference == sa.bindparam("b_reference"))


class SandboxMoney:
    """The payment company."""

    def __init__(self, desk: Desk, limits: Limits) -> None:
        """Pay within `limits`, the same for every customer."""
        self._desk = desk
        self._limits = limits

    def limits(self, customer: str) -> Limits:
        """Return what the owner allows."""
        del customer
        return self._limits

    def authorise(self, key: str, order: str, customer: str, payee: str, amount: Money) -> Payment:
        """Reserve money within the day's limit."""

        def effect(connection: sa.Connection, *_: object) -> Json:
            since = self._desk.clock() - 86_400
            asked = {"b_order": order, "b_customer": customer, "b_since": since}
            spent, number = sql.one(connection, _SPENT, asked)
            if amount.minor > self._limits.order_minor or int(spent) + amount.minor > self._limits.day_minor:
                raise Declined("over_limit")
            row = {
                "reference": f"P{order.replace('-', '')[-12:]}-{number}",
                "key": key,
                "order_id": order,
                "customer": customer,
                "payee": payee,
                "currency": amount.currency,
                "authorised": amount.minor,
                "captured": 0,
                "refunded": 0,
                "state": "authorised",
                "at": self._desk.clock(),
            }
            sql.insert(connection, _RESERVE, [row])
            return _state(str(row["reference"]), order, "authorised", amount.currency, (amount.minor, 0, 0))

        return shape.read(Payment, self._desk.once(Call(SERVICE, "authorise", order, key, shape.write(amount)), effect))

    def capture(self, key: str, order: str, reference: str, amount: Money) -> Payment:
        """Take reserved money."""

        def effect(connection: sa.Connection, *_: object) -> Json:
            taken = {"b_reference": reference, "b_most": amount.minor, "state": "captured", "captured": amount.minor}
            row = sql.one(connection, _TAKE, taken)
            if row is None:
                self._row(connection, reference)
                raise Declined("not_authorised")
            self._enter(connection, key, row, "capture", amount.minor)
            return _state(reference, order, "captured", row.currency, (row.authorised, amount.minor, 0))

        return shape.read(Payment, self._desk.once(Call(SERVICE, "capture", order, key, shape.write(amount)), effect))

    def void(self, key: str, order: str, reference: str) -> Payment:
        """Give reserved money free."""

        def effect(connection: sa.Connection, *_: object) -> Json:
            if self._row(connection, reference).state == "captured":
                raise Declined("already_captured")
            row = self._row(connection, reference)
            self._set(connection, reference, state="voided")
            return _state(reference, order, "voided", row.currency, (row.authorised, 0, 0))

        return shape.read(Payment, self._desk.once(Call(SERVICE, "void", order, key, reference), effect))

    def refund(self, key: str, order: str, reference: str, amount: Money) -> Payment:
        """Give taken money back, never more than was taken."""

        def effect(connection: sa.Connection, *_: object) -> Json:
            row = self._row(connection, reference)
            if row.state != "captured" or row.refunded + amount.minor > row.captured:
                raise Declined("nothing_to_refund")
            self._set(connection, reference, refunded=row.refunded + amount.minor)
            self._enter(connection, key, row, "refund", amount.minor)
            return _state(
                reference, order, "captured", row.currency, (row.authorised, row.captured, row.refunded + amount.minor)
            )

        return shape.read(Payment, self._desk.once(Call(SERVICE, "refund", order, key, shape.write(amount)), effect))

    def find(self, key: str) -> Payment | None:
        """Tell what became of a call."""
        self._desk.peek(Call(SERVICE, "find", key.partition(":")[0], ""))
        answer = self._desk.answered(key)
        return None if answer is None else shape.read(Payment, answer)

    def statement(self, since: float) -> tuple[Entry, ...]:
        """Return captures and refunds since Unix seconds; a told fault may drop an order's lines."""
        query = sa.select(entries).where(entries.c.at >= since).order_by(entries.c.at)
        rows = self._desk.database.read(lambda c: c.execute(query).all())
        dropped = set[str]()
        if self._desk.database.read(lambda c: faults.armed(c, Fault.DROPPED_ENTRY)):
            dropped = self._desk.database.write(
                lambda c: {
                    row.order_id
                    for row in rows
                    if Fault.DROPPED_ENTRY in faults.take(c, SERVICE, "statement", row.order_id)
                }
            )
        kept = [row for row in rows if row.order_id not in dropped]
        return tuple(
            Entry(row.order_id, row.reference, row.kind, Money(row.amount, row.currency), row.at) for row in kept
        )

    def _enter(self, connection: sa.Connection, key: str, row: Any, kind: str, minor: int) -> None:
        """Write a line of the statement."""
        line = {
            "key": key,
            "order_id": row.order_id,
            "reference": row.reference,
            "kind": kind,
            "amount": minor,
            "currency": row.currency,
            "at": self._desk.clock(),
        }
        Database.put(connection, _ENTER, line)

    @staticmethod
    def _row(connection: sa.Connection, reference: str) -> Any:
        """Return one payment's row; Declined `not_found`."""
        row = sql.one(connection, _ONE, {"b_reference": reference})
        if row is None:
            raise Declined("not_found")
        return row

    @staticmethod
    def _set(connection: sa.Connection, reference: str, **values: object) -> None:
        """Change one payment."""
        sql.change(connection, _SET, {"b_reference": reference, **values})


def _state(reference: str, order: str, state: str, currency: str, minors: tuple[int, int, int]) -> Json:
    """Return a payment as JSON values: what was authorised, captured and refunded."""
    sums = [{"minor": minor, "currency": currency} for minor in minors]
    names = ("authorised", "captured", "refunded")
    return {"reference": reference, "order": order, "state": state, **dict(zip(names, sums, strict=True))}


class SandboxBills(Sandbox["_Bills"]):
    """Those who can be paid: car parks, tolls, charging, bills."""

    def __init__(self, desk: Desk, world: World) -> None:
        """Send the bills of `world`."""
        super().__init__(desk, _Bills(world))

    def due(self, customer: str) -> tuple[Due, ...]:
        """Return what is to be paid."""
        del customer
        self._desk.peek(Call(self.service, "due", "", ""))
        return tuple(due for due in self._goods.payees if due.amount.minor)


class _Bills:
    """What is due, and that paying it settles it."""

    service = "pay"
    methods: tuple[str, ...] = ("pay",)

    def __init__(self, world: World) -> None:
        self._world = world
        self.payees = tuple(Due(i, en, zh, Money(m, world.currency)) for i, en, zh, m in world.rows["payees"]["rows"])

    def price(self, method: str, args: Json, now: float) -> Priced:
        """Return what paying it costs: itself."""
        del method, now
        wish = shape.read(PayWish, args)
        best = max(
            self.payees,
            key=lambda due: likeness(wish.payee.replace("_", " "), due.payee.replace("_", " "), due.name, due.name_zh),
        )
        if likeness(wish.payee.replace("_", " "), best.payee.replace("_", " "), best.name, best.name_zh) < 0.3:
            raise Declined("not_found")
        amount = wish.amount or best.amount
        if amount.minor <= 0 or amount.currency != self._world.currency:
            raise Declined("nothing_due" if wish.amount is None else "not_available")
        return Priced(
            payee=best.name,
            items=(Item(best.name, amount.minor),),
            currency=amount.currency,
            refund=(),
            valid_s=VALID_S,
            terms={"asked": shape.write(wish)},
            facts={"payee": best.name, "payee_zh": best.name_zh},
            ceiling=wish.ceiling,
        )

    def change(self, terms: Json, args: Json, now: float) -> Priced:
        """Refuse: a payment is not changed."""
        del terms, args, now
        raise Declined("not_available")

    def course(self, terms: Json, now: float) -> tuple[Happening, ...]:
        """Settled at once."""
        del terms, now
        return (Happening(0.0, "settled", Stage.OVER),)
