"""What a step tells the car about a booking, written in the transaction of the step's own answer."""

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from assistant.bridge.book import Book
from assistant.bridge.engine import Json, Result, Writing
from assistant.bridge.metrics import Meter
from assistant.bridge.pages import Change
from assistant.bridge.providers.trade import Booking, Offer, Stage
from assistant.bridge.settle import How, Settled
from assistant.core.order import Receipt, State

STATES: Final = {
    Stage.UNDER_WAY: State.IN_PROGRESS,
    Stage.BOOKED: State.DONE,
    Stage.OVER: State.DONE,
    Stage.CALLED_OFF: State.CANCELLING,
    Stage.CANCELLED: State.CANCELLED,
}
"""What a booking's stage means for the order; called off, it is first taken back."""


class Telling:
    """What one order's car is told."""

    __slots__ = ("_book", "_meter", "_order")

    def __init__(self, order: str, book: Book, meter: Meter) -> None:
        """Write about `order` into `book`."""
        self._order = order
        self._book = book
        self._meter = meter

    def bought(self, step: str, booking: Booking, receipt: Receipt, offer: Offer) -> Writing:
        """Tell that it is bought, with the receipt."""
        over = booking.stage is Stage.OVER
        stage = Stage.UNDER_WAY if booking.stage is Stage.CALLED_OFF else booking.stage
        more = {"reference": booking.reference, "seq": booking.seq, "over": over}
        facts = {**offer.facts, **booking.facts, "service_state": booking.state}
        change = Change(STATES[stage], receipt=receipt, agreed=offer.quote, facts=facts, more=more)

        def write(connection: sa.Connection) -> tuple[Json, Callable[[], None]]:
            record, tell = self._book.say_in(connection, self._order, step, change)

            def then() -> None:
                tell()
                self._meter.bought(record.service, record.committed_at, self._book.clock())

            return Settled(How.OK).json(stage=stage.value, over=over), then

        return write

    def stands(self, step: str, booking: Booking) -> Writing:
        """Tell where it stands, unless newer news was told."""
        off, stage = booking.stage is Stage.CALLED_OFF, booking.stage.value
        more = {"seq": booking.seq, "over": booking.stage is Stage.OVER}

        def write(connection: sa.Connection) -> tuple[Json, Callable[[], None]]:
            told = self._book.order_in(connection, self._order).facts
            facts = {**told, **booking.facts, "service_state": booking.state}
            change = Change(STATES[booking.stage], facts=facts, more=more, reason="called_off" if off else "")
            after, tell = self._book.say_in(connection, self._order, step, change, after_seq=booking.seq)
            return {"stage": stage if after.seq == booking.seq else "", "over": after.over}, tell

        return write


def beside(done: Json, name: str, answer: Result) -> Result:
    """Return an answer under its name, beside those of other steps."""
    if not callable(answer):
        return {**done, name: answer}

    def write(connection: sa.Connection) -> tuple[Json, Callable[[], None]]:
        found, then = answer(connection)
        return {**done, name: found}, then

    return write
