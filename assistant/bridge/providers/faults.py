"""Ways a sandbox company can be told to fail, per order, service and method, from any process that has the database."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from assistant.bridge.database import Database
from assistant.bridge.providers.tables import faults

ANY: Final = "*"
FOR_EVER: Final = -1


class Fault(StrEnum):
    """How it fails; `value` is seconds for SLOW and minor units for PRICE_CHANGED."""

    SLOW = "slow"
    DOWN = "down"
    SOLD_OUT = "sold_out"
    DECLINED = "declined"
    PRICE_CHANGED = "price_changed"
    TIMEOUT_AFTER_TAKING = "timeout_after_taking"
    TIMEOUT_BEFORE_TAKING = "timeout_before_taking"
    DOUBLE_CALLBACK = "double_callback"
    OUT_OF_ORDER = "out_of_order"
    LOST_CALLBACK = "lost_callback"
    CALLED_OFF = "called_off"
    DROPPED_ENTRY = "dropped_entry"
    """A statement without this order's lines."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One fault that is set."""

    fault: Fault
    service: str = ANY
    method: str = ANY
    order: str = ANY
    value: float = 0.0
    times: int = FOR_EVER


def set_fault(database: Database, switch: Switch) -> None:
    """Set a switch; it works from the next call on."""
    row = {
        "order_id": switch.order,
        "service": switch.service,
        "method": switch.method,
        "fault": switch.fault.value,
        "value": switch.value,
        "times": switch.times,
    }
    database.write(lambda connection: connection.execute(sa.insert(faults).values(row)))


def clear_faults(database: Database) -> None:
    """Take back every switch."""
    database.write(lambda connection: connection.execute(sa.delete(faults)))


def armed(connection: sa.Connection, fault: Fault) -> bool:
    """Tell whether a fault is set for anything at all."""
    return connection.execute(sa.select(faults.c.id).where(faults.c.fault == fault.value).limit(1)).first() is not None


def take(connection: sa.Connection, service: str, method: str, order: str) -> dict[Fault, float]:
    """Return the faults that fit a call with their values, and count each down."""
    fits = sa.select(faults).where(
        faults.c.service.in_((service, ANY)),
        faults.c.method.in_((method, ANY)),
        faults.c.order_id.in_((order, ANY)),
        faults.c.times != 0,
    )
    found = connection.execute(fits).all()
    counted = [row.id for row in found if row.times > 0]
    if counted:
        connection.execute(sa.update(faults).where(faults.c.id.in_(counted)).values(times=faults.c.times - 1))
    return {Fault(row.fault): row.value for row in found}
