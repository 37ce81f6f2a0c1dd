"""The bridge's own tables."""

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()
SCHEMA: Final = 3
"""Grows when these tables change: 1 kept errands to the workflow engine beside requests, 2 had an index of orders by their age."""
FILL: Final = 50
"""How full PostgreSQL makes a page with new orders, in percent: each is changed some four times, best on its own page."""

schema: Final = sa.Table("bridge_schema", METADATA, sa.Column("version", sa.Integer, primary_key=True))

orders: Final = sa.Table(
    "bridge_order",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("vehicle", sa.String(64), nullable=False, index=True),
    sa.Column("service", sa.String(20), nullable=False),
    sa.Column("method", sa.String(20), nullable=False),
    sa.Column("args", sa.Text, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("rev", sa.Integer, nullable=False),
    sa.Column("quote", sa.Text),
    sa.Column("agreed", sa.Text),
    sa.Column("receipt", sa.Text),
    sa.Column("reason", sa.String(40), nullable=False, default=""),
    sa.Column("facts", sa.Text, nullable=False, default="{}"),
    sa.Column("approved", sa.String(64), nullable=False, default=""),
    sa.Column("reference", sa.String(80), nullable=False, default=""),
    sa.Column("seq", sa.Integer, nullable=False, default=-1),
    sa.Column("started", sa.Boolean, nullable=False, default=False),
    sa.Column("over", sa.Boolean, nullable=False, default=False),
    sa.Column("erase", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("committed_at", sa.Float),
    sa.Column("changed_at", sa.Float, nullable=False),
    postgresql_with={"fillfactor": FILL},
)
"""`agreed` is the quote that was last consented to; `started`: it has a workflow; `over`: the workflow has ended.

Nothing that changes with an order has an index, so that PostgreSQL can leave all indexes alone when it does.
"""

offers: Final = sa.Table(
    "bridge_offer",
    METADATA,
    sa.Column("order_id", sa.String(36), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("change", sa.Boolean, nullable=False),
    sa.Column("quote", sa.Text, nullable=False),
    sa.Column("terms", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("args", sa.Text, nullable=False),
)

requests: Final = sa.Table(
    "bridge_request",
    METADATA,
    sa.Column("vehicle", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("body_sha256", sa.String(64), nullable=False),
    sa.Column("order_id", sa.String(36), nullable=False, index=True),
    sa.Column("op", sa.String(10), nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
"""Every request that had an effect, and its answer."""

messages: Final = sa.Table(
    "bridge_message",
    METADATA,
    sa.Column("order_id", sa.String(36), primary_key=True),
    sa.Column("cause", sa.String(80), primary_key=True),
    sa.Column("id", sa.String(36), nullable=False),
    sa.Column("vehicle", sa.String(64), nullable=False),
    sa.Column("rev", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("sent", sa.Boolean, nullable=False, default=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Index(
        "bridge_message_unsent", "at", postgresql_where=sa.text("sent IS false"), sqlite_where=sa.text("sent IS 0")
    ),
)
"""News for the cars, once per cause (a step of the workflow)."""

anchors: Final = sa.Table(
    "bridge_anchor",
    METADATA,
    sa.Column("vehicle", sa.String(64), primary_key=True),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
"""The longest audit chain that each car has shown."""

leases: Final = sa.Table(
    "bridge_lease",
    METADATA,
    sa.Column("executor", sa.String(80), primary_key=True),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("holder", sa.String(80), nullable=False),
)
"""Which bridges live; `holder` is the bridge itself, or the one that takes over its orders."""
