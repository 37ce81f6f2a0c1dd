"""The sandbox companies' own books; in the bridge's database, but no concern of the bridge."""

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()

calls: Final = sa.Table(
    "sandbox_call",
    METADATA,
    sa.Column("key", sa.String(120), primary_key=True),
    sa.Column("service", sa.String(20), nullable=False),
    sa.Column("method", sa.String(20), nullable=False),
    sa.Column("order_id", sa.String(36), nullable=False, index=True),
    sa.Column("body_sha256", sa.String(64), nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
"""Every effect once by its key, and how often it was asked for."""

bookings: Final = sa.Table(
    "sandbox_booking",
    METADATA,
    sa.Column("reference", sa.String(40), primary_key=True),
    sa.Column("service", sa.String(20), nullable=False),
    sa.Column("order_id", sa.String(36), nullable=False, index=True),
    sa.Column("customer", sa.String(64), nullable=False, index=True),
    sa.Column("key", sa.String(120), nullable=False, unique=True),
    sa.Column("thing", sa.String(120), nullable=False, index=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("terms", sa.Text, nullable=False),
    sa.Column("quote", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("cancelled", sa.Boolean, nullable=False, default=False),
    sa.Column("fee", sa.BigInteger, nullable=False, default=0),
    sa.Column("changes", sa.Integer, nullable=False, default=0),
    sa.Column("at", sa.Float, nullable=False),
)

happenings: Final = sa.Table(
    "sandbox_happening",
    METADATA,
    sa.Column("id", sa.String(60), primary_key=True),
    sa.Column("reference", sa.String(40), nullable=False, index=True),
    sa.Column("order_id", sa.String(36), nullable=False),
    sa.Column("service", sa.String(20), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("state", sa.String(30), nullable=False),
    sa.Column("stage", sa.String(12), nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("told_at", sa.Float, nullable=False),
    sa.Column("left", sa.Integer, nullable=False),
    sa.Index("sandbox_happening_due", "service", "left", "told_at"),
)
"""What will become of a booking, when it happens, when it is told, and how often that is still to be told."""

holds: Final = sa.Table(
    "sandbox_hold",
    METADATA,
    sa.Column("order_id", sa.String(36), primary_key=True),
    sa.Column("service", sa.String(20), primary_key=True),
    sa.Column("thing", sa.String(120), nullable=False, index=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("until", sa.Float, nullable=False),
)

payments: Final = sa.Table(
    "sandbox_payment",
    METADATA,
    sa.Column("reference", sa.String(40), primary_key=True),
    sa.Column("key", sa.String(120), nullable=False, unique=True),
    sa.Column("order_id", sa.String(36), nullable=False, index=True),
    sa.Column("customer", sa.String(64), nullable=False, index=True),
    sa.Column("payee", sa.String(400), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("authorised", sa.BigInteger, nullable=False),
    sa.Column("captured", sa.BigInteger, nullable=False, default=0),
    sa.Column("refunded", sa.BigInteger, nullable=False, default=0),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

entries: Final = sa.Table(
    "sandbox_entry",
    METADATA,
    sa.Column("key", sa.String(120), primary_key=True),
    sa.Column("order_id", sa.String(36), nullable=False, index=True),
    sa.Column("reference", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
"""Money that moved."""

approvals: Final = sa.Table(
    "sandbox_approval",
    METADATA,
    sa.Column("order_id", sa.String(36), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("customer", sa.String(64), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("payee", sa.String(400), nullable=False),
    sa.Column("answer", sa.String(3), nullable=False, default=""),
    sa.Column("told", sa.Boolean, nullable=False, default=False),
)

faults: Final = sa.Table(
    "sandbox_fault",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("order_id", sa.String(36), nullable=False),
    sa.Column("service", sa.String(20), nullable=False),
    sa.Column("method", sa.String(20), nullable=False),
    sa.Column("fault", sa.String(30), nullable=False),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
)
"""Ways to fail, set from outside; `*` fits all, `times` counts down, -1 is for ever."""

shifts: Final = sa.Table(
    "sandbox_shift",
    METADATA,
    sa.Column("order_id", sa.String(36), primary_key=True),
    sa.Column("service", sa.String(20), primary_key=True),
    sa.Column("minor", sa.BigInteger, nullable=False),
)
"""By how much an order's price has moved since it was first asked for."""
