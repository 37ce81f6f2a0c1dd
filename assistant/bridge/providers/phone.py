"""Sandbox phone of the owner: it shows what is to be approved; somebody answers from outside."""

from typing import Final

import sqlalchemy as sa

from assistant.bridge import sql
from assistant.bridge.providers.desk import Call, Desk
from assistant.bridge.providers.tables import approvals
from assistant.core.money import Money

_ANSWERS: Final = sa.select(approvals).where(approvals.c.answer != "", approvals.c.told.is_(False))


class SandboxPhone:
    """A phone that waits for a finger (`cabin-bridge approve`)."""

    service = "phone"

    def __init__(self, desk: Desk) -> None:
        """Keep the questions at `desk`."""
        self._desk = desk

    def ask(self, key: str, order: str, customer: str, digest: str, amount: Money, payee: str) -> None:
        """Show a question once; asking again changes nothing."""
        self._desk.peek(Call(self.service, "ask", order, key))
        row = {
            "order_id": order,
            "digest": digest,
            "customer": customer,
            "amount": amount.minor,
            "currency": amount.currency,
            "payee": payee,
        }

        def work(connection: sa.Connection) -> None:
            known = sa.select(approvals.c.digest).where(approvals.c.order_id == order, approvals.c.digest == digest)
            if connection.execute(known).one_or_none() is None:
                connection.execute(sa.insert(approvals).values(row))

        self._desk.database.write(work)

    def answer(self, order: str, yes: bool) -> int:
        """Press yes or no under every open question of an order; return how many there were."""
        change = sa.update(approvals).where(approvals.c.order_id == order, approvals.c.answer == "")
        return self._desk.database.write(lambda c: c.execute(change.values(answer="yes" if yes else "no")).rowcount)

    def answers(self) -> tuple[tuple[str, str, bool], ...]:
        """Return the answers that were not told yet."""
        rows = self._desk.database.read(lambda c: sql.rows(c, _ANSWERS, {}))
        return tuple((row.order_id, row.digest, row.answer == "yes") for row in rows)

    def acknowledge(self, order: str, digest: str) -> None:
        """Do not tell this answer again."""
        change = sa.update(approvals).where(approvals.c.order_id == order, approvals.c.digest == digest)
        self._desk.database.write(lambda c: c.execute(change.values(told=True)))
