"""The workflow engine's tables, and what may be done to them: a run, the journal of its steps, and its mailbox.

Only the executor that owns a run adds to its journal, and each number once: a bridge that was thought dead and comes back
finds its runs taken over and lets go of them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from assistant.bridge import sql
from assistant.bridge.database import Database
from assistant.bridge.engine import Json
from assistant.core.quote import canonical

METADATA: Final = sa.MetaData()
VERSION: Final = "orders-3"
"""Grows when a workflow's steps change; a bridge goes on only with runs of its own version."""
RECEIVED: Final = "receive"
"""The name of an entry that holds a message taken from the mailbox, or none."""

runs: Final = sa.Table(
    "bridge_run",
    METADATA,
    sa.Column("order_id", sa.String(36), primary_key=True),
    sa.Column("executor", sa.String(80), nullable=False),
    sa.Column("version", sa.String(20), nullable=False),
    sa.Column("brief", sa.Text, nullable=False),
    sa.Column("began", sa.Float, nullable=False),
    sa.Column("ended", sa.Boolean, nullable=False, default=False),
    sa.Column("due", sa.Float, nullable=False, server_default="0"),
    sa.Index(
        "bridge_run_due",
        "executor",
        "due",
        postgresql_where=sa.text("ended IS false"),
        sqlite_where=sa.text("ended IS 0"),
    ),
)
"""`executor` is the bridge that carries it on; `due` is when it wakes if nothing comes, 0 while it is awake."""

entries: Final = sa.Table(
    "bridge_step",
    METADATA,
    sa.Column("order_id", sa.String(36), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

mail: Final = sa.Table(
    "bridge_mail",
    METADATA,
    sa.Column("order_id", sa.String(36), primary_key=True),
    sa.Column("key", sa.String(160), primary_key=True),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("taken", sa.Boolean, nullable=False, default=False),
    sa.Index(
        "bridge_mail_new", "order_id", postgresql_where=sa.text("taken IS false"), sqlite_where=sa.text("taken IS 0")
    ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal."""

    name: str
    answer: Any
    at: float
    """Unix seconds of the bridge that wrote it."""


@dataclass(frozen=True, slots=True)
class Story:
    """A run and its journal, as far as it is told."""

    order: str
    brief: Json
    began: float
    due: float
    """When it was to be woken, 0 if it was awake."""
    entries: tuple[Entry, ...]


_ORDER: Final = sa.bindparam("b_order", type_=sa.String)
_EXECUTOR: Final = sa.bindparam("b_executor", type_=sa.String)
_RUN: Final = sa.select(runs.c.order_id).where(runs.c.order_id == _ORDER)
_START: Final = sa.insert(runs)
_KEY: Final = sa.bindparam("key", type_=sa.String)
_MAILED: Final = sa.exists().where(mail.c.order_id == _ORDER, mail.c.key == _KEY)
_SEND: Final = sa.insert(mail).from_select(
    ["order_id", "key", "message", "at", "taken"],
    sa.select(
        _ORDER,
        _KEY,
        sa.bindparam("message", type_=sa.Text),
        sa.bindparam("at", type_=sa.Float),
        sa.false(),
    ).where(sa.exists().where(runs.c.order_id == _ORDER), ~_MAILED),
)
_MINE: Final = sa.exists().where(runs.c.order_id == _ORDER, runs.c.executor == _EXECUTOR, runs.c.ended.is_(False))
_THERE: Final = sa.exists().where(entries.c.order_id == _ORDER, entries.c.n == sa.bindparam("n", type_=sa.Integer))
_ENTER: Final = sa.insert(entries).from_select(
    ["order_id", "n", "name", "answer", "at"],
    sa.select(
        _ORDER,
        sa.bindparam("n", type_=sa.Integer),
        sa.bindparam("name", type_=sa.String),
        sa.bindparam("answer", type_=sa.Text),
        sa.bindparam("at", type_=sa.Float),
    ).where(_MINE, ~_THERE),
)
_ENTRY: Final = sa.select(entries).where(entries.c.order_id == _ORDER, entries.c.n == sa.bindparam("n"), _MINE)
_TAKE: Final = sa.update(mail).where(mail.c.order_id == _ORDER, mail.c.key == sa.bindparam("b_key")).values(taken=True)
_END: Final = sa.update(runs).where(sql.among(runs.c.order_id), runs.c.executor == _EXECUTOR).values(ended=True)
_OPEN: Final = (runs.c.executor == _EXECUTOR, runs.c.ended.is_(False), runs.c.version == VERSION)
_PARK: Final = (
    sa.update(runs)
    .where(runs.c.order_id == _ORDER, runs.c.executor == _EXECUTOR, runs.c.ended.is_(False))
    .values(due=sa.bindparam("b_due", type_=sa.Float))
)
_AWAKE: Final = sa.select(runs.c.order_id).where(*_OPEN, runs.c.due == 0)
_DUE: Final = (
    sa.select(runs.c.order_id)
    .where(*_OPEN, runs.c.due > 0, runs.c.due <= sa.bindparam("b_now", type_=sa.Float))
    .order_by(runs.c.due)
    .limit(sa.bindparam("b_most", type_=sa.Integer))
)
_STORIES: Final = (
    sa.select(runs.c.order_id, runs.c.brief, runs.c.began, runs.c.due, entries.c.name, entries.c.answer, entries.c.at)
    .join_from(runs, entries, runs.c.order_id == entries.c.order_id, isouter=True)
    .where(sql.among(runs.c.order_id), *_OPEN)
    .order_by(runs.c.order_id, entries.c.n)
)
_NEW: Final = (
    sa.select(mail.c.order_id, mail.c.key, mail.c.message)
    .join_from(mail, runs, mail.c.order_id == runs.c.order_id)
    .where(mail.c.taken.is_(False), *_OPEN)
    .order_by(mail.c.at)
)


def bring_up(connection: sa.Connection, before: frozenset[str]) -> None:
    """Bring the tables up to date that were there `before`: older runs knew no `due`."""
    if runs.name in before and "due" not in {
        column["name"] for column in sa.inspect(connection).get_columns(runs.name)
    }:
        connection.exec_driver_sql("ALTER TABLE bridge_run ADD COLUMN due FLOAT NOT NULL DEFAULT 0")
        connection.exec_driver_sql("DROP INDEX bridge_run_open")
        for index in runs.indexes:
            index.create(connection)


def start(connection: sa.Connection, order: str, executor: str, brief: Json, now: float) -> Story:
    """Write a run down; a second one of the same order fails the transaction."""
    row = {
        "order_id": order,
        "executor": executor,
        "version": VERSION,
        "brief": _text(brief),
        "began": now,
        "ended": False,
    }
    Database.put(connection, _START, row)
    return Story(order, brief, now, 0.0, ())


def send(connection: sa.Connection, order: str, message: Json, key: str, now: float) -> bool:
    """Put a message into the mailbox, once per key; False if there is no such run."""
    row = {"b_order": order, "key": key, "message": _text(message), "at": now}
    return sql.change(connection, _SEND, row) > 0 or sql.one(connection, _RUN, {"b_order": order}) is not None


def enter(connection: sa.Connection, order: str, executor: str, n: int, entry: Entry) -> Entry | None:
    """Write entry `n` down and return what stands there then (an earlier owner may have been first); None if the run is not ours."""
    row = {"n": n, "name": entry.name, "answer": _text(entry.answer), "at": entry.at}
    who = {"b_order": order, "b_executor": executor}
    if sql.change(connection, _ENTER, {**who, **row}):
        return entry
    stands = sql.one(connection, _ENTRY, {**who, "n": n})
    return None if stands is None else _entry(stands)


def take(connection: sa.Connection, order: str, key: str) -> None:
    """Take a message out of the mailbox; it must be entered in the same transaction."""
    sql.change(connection, _TAKE, {"b_order": order, "b_key": key})


def end(connection: sa.Connection, orders: Sequence[str], executor: str) -> None:
    """Note that runs have ended."""
    sql.many(connection, _END, orders, {"b_executor": executor})


def park(connection: sa.Connection, order: str, executor: str, due: float) -> bool:
    """Write down when to wake a run, 0 for one that is awake; False if it is not ours."""
    return sql.change(connection, _PARK, {"b_order": order, "b_executor": executor, "b_due": due}) > 0


def awake(connection: sa.Connection, executor: str) -> list[str]:
    """Return the orders whose runs an executor was in the middle of."""
    return [row[0] for row in sql.rows(connection, _AWAKE, {"b_executor": executor})]


def due(connection: sa.Connection, executor: str, now: float, most: int) -> list[str]:
    """Return orders whose parked runs are due, the longest first."""
    return [row[0] for row in sql.rows(connection, _DUE, {"b_executor": executor, "b_now": now, "b_most": most})]


def stories(connection: sa.Connection, executor: str, orders: Sequence[str]) -> list[Story]:
    """Return those of `orders` that the executor has to go on with, with their journals."""
    found: list[Story] = []
    for order, of_one in groupby(
        sql.many(connection, _STORIES, orders, {"b_executor": executor}), key=lambda row: row.order_id
    ):
        told = list(of_one)
        journal = tuple(_entry(row) for row in told if row.name is not None)
        found.append(Story(order, json.loads(told[0].brief), told[0].began, told[0].due, journal))
    return found


def new_mail(connection: sa.Connection, executor: str) -> list[tuple[str, str, Json]]:
    """Return order, key and message of all that lies in the mailboxes of an executor's runs, the oldest first."""
    return [
        (row.order_id, row.key, json.loads(row.message)) for row in sql.rows(connection, _NEW, {"b_executor": executor})
    ]


def hand_over(connection: sa.Connection, executor: str, heir: str) -> list[tuple[str, float]]:
    """Give the unfinished runs of one executor to another; return their orders and when they are due, 0 for awake."""
    change = (
        sa.update(runs)
        .where(runs.c.executor == executor, runs.c.ended.is_(False), runs.c.version == VERSION)
        .values(executor=heir)
        .returning(runs.c.order_id, runs.c.due)
    )
    return [(str(order), float(due)) for order, due in connection.execute(change)]


def forget(connection: sa.Connection, orders: Sequence[str]) -> None:
    """Erase runs with their journals and mailboxes."""
    for table in (mail, entries, runs):
        connection.execute(sa.delete(table).where(table.c.order_id.in_(orders)))


def _entry(row: Any) -> Entry:
    """Read one line."""
    return Entry(row.name, json.loads(row.answer), row.at)


def _text(value: object) -> str:
    """Return JSON text."""
    return canonical(value).decode()
