"""What becomes of several orders after one yes: the first one's workflow buys all of them or none; then each goes its own way."""

from collections.abc import Callable, Sequence
from typing import Final

from assistant.bridge.engine import Json, Result, Run
from assistant.bridge.pages import Change
from assistant.bridge.providers.trade import Stage
from assistant.bridge.settle import How
from assistant.bridge.tale import OrderTale
from assistant.bridge.works import Paid, Works
from assistant.core.consent import Part
from assistant.core.money import Money
from assistant.core.order import Receipt, State

Hand = Callable[[str, Json, str], None]
"""Brings a message (order, message, key) to another order's workflow, once per key."""
WAIT_S: Final = 3600.0
"""How long a part sleeps before it looks again whether its lead has bought it."""
PART_FAILED: Final = "part_failed"
"""Why an order was not bought, or given back, although nothing was wrong with it."""


class PartWorks(Works):
    """The steps of one order of several; what was done so far is remembered between them."""

    __slots__ = ("digest", "name", "paid", "placed", "taken")

    def for_part(self, part: Part) -> "PartWorks":
        """Begin on one part."""
        self.name, self.digest = part.order, part.digest
        self.paid: Paid | None = None
        self.placed: Json = {}
        self.taken: Json = {}
        return self

    def reserve(self, step: str) -> Json:
        """Reserve its money."""
        return self.authorise(step, self.digest, 0)

    def take(self, step: str) -> Json:
        """Buy it."""
        return self.place(step, self.digest)

    def charge(self, step: str) -> Result:
        """Take its money, and tell the car."""
        return self.capture(step, self.digest, self.paid or Paid("", 0), self.placed["booking"], 0)

    def fee(self) -> int:
        """Return what taking it back would cost now, in minor units."""
        _, offer = self._both(self.digest)
        return offer.quote.fee(self._book.clock()).minor

    def take_back(self, step: str) -> Json:
        """Cancel it by its refund rule; answers with the fee that the company keeps."""
        charged = self.paid.minor if self.paid else 0
        gone = self.cancel(step, str(self.placed["reference"]), charged)
        return {**gone, "fee": charged - int(gone.get("give_back", charged))}

    def settle_fee(self, step: str, fee_minor: int) -> Json:
        """Give the money back but for the fee, whether it was only reserved or taken already."""
        assert self.paid is not None, "only asked where money was reserved"
        paid = self.paid
        if self.taken:
            return self.refund(step, (paid,), paid.minor - fee_minor)
        if not fee_minor:
            return self.void(step, paid)
        pay, key, amount = self._services.pay, self._key(step), Money(fee_minor, self._currency())
        return self._settled(step, lambda: pay.capture(key, self._order, paid.reference, amount), lambda: pay.find(key))

    def undone(self, step: str, state: State, reason: str, fee_minor: int) -> Json:
        """Say that it was not bought after all, with a receipt for what was kept."""
        if self.paid is None or self.taken or not fee_minor:
            back = self.paid.minor - fee_minor if self.paid and self.taken else None
            return self.end(step, State.CANCELLED if self.taken else state, reason, back)
        self._book.say(self._order, f"{step}:kept", self._kept(state, reason, fee_minor))
        return self.end(step, state, reason)

    def _kept(self, state: State, reason: str, fee_minor: int) -> Change:
        receipt = Receipt(str(self.placed["reference"]), Money(fee_minor, self._currency()), int(self._book.clock()))
        return Change(state, receipt=receipt, reason=reason)

    def _currency(self) -> str:
        _, offer = self._both(self.digest)
        return offer.quote.amount.currency


class LeadTale(OrderTale):
    """The workflow of the first: reserves the money of all, buys all, then takes the money.

    What cannot be taken back free of charge is bought last, so that a refusal elsewhere costs nothing wherever that can be.
    """

    __slots__ = ("_hand", "_parts")

    def __init__(self, run: Run, parts: Sequence[PartWorks], hand: Hand, look_s: float | None = None) -> None:
        """Take the works of every part in their order."""
        super().__init__(run, parts[0], look_s)
        self._parts = tuple(parts)
        self._hand = hand

    async def tell_all(self) -> str:
        """Buy all or none, let the others' workflows know, and go on with the first."""
        failed = await self._buy_all()
        for k, part in enumerate(self._parts[1:], 1):
            await self._run.step(f"hand:{k}", self._handing(part, failed=failed))
        first = self._parts[0]
        return "ended" if failed else await self.go_on(_bought(first))

    async def _buy_all(self) -> bool:
        """Return whether it failed; then everything was undone, and said."""
        for k, part in enumerate(self._parts):
            money = await self._do(f"authorise:b{k}", part.reserve)
            if money["how"] != How.OK:
                return await self._undo(part, str(money["reason"]))
            part.paid = Paid(money["reference"], money["minor"]) if money["minor"] else None
        fees = await self._run.step("fees", lambda: {part.name: part.fee() for part in self._parts})
        in_turn = sorted(self._parts, key=lambda part: int(fees[part.name]))
        for k, part in enumerate(in_turn):
            placed = await self._do(f"place:b{k}", part.take)
            if placed["how"] != How.OK:
                return await self._undo(part, str(placed["reason"]), in_turn)
            part.placed = placed
        for k, part in enumerate(self._parts):
            taken = await self._do(f"capture:b{k}", part.charge, insist=True)
            if taken["how"] != How.OK:
                return await self._undo(part, str(taken["reason"]), in_turn)
            part.taken = taken
        return False

    async def _undo(self, culprit: PartWorks, reason: str, in_turn: Sequence[PartWorks] = ()) -> bool:
        """Take back what was bought, the last first, each by its refund rule; give the money back; say so of every part."""
        fees: dict[str, int] = {}
        for k, part in reversed(list(enumerate(in_turn))):
            if part.placed:
                gone = await self._sure(f"cancel:b{k}", part.take_back)
                fees[part.name] = int(gone.get("fee", 0))
        for k, part in reversed(list(enumerate(self._parts))):
            fee = fees.get(part.name, 0)
            if part.paid is not None:
                await self._sure(f"free:b{k}", lambda step, part=part, fee=fee: part.settle_fee(step, fee))  # type: ignore[misc]
            state, word = (State.REFUSED, reason) if part is culprit else (State.CANCELLED, PART_FAILED)
            await self._run.step(f"end:b{k}", _ending(part, state, word, fee))
        return True

    async def _sure(self, name: str, work: Callable[[str], Json]) -> Json:
        """Do what undoes until it is certain; the operator is called if it cannot be done."""
        done = await self._do(name, work, insist=True)
        if done["how"] != How.OK:
            await self._alarm(name, "undo", str(done["reason"]))
        return done

    def _handing(self, part: PartWorks, *, failed: bool) -> Callable[[], Json]:
        """Return the step that tells another part's workflow what became of it."""
        message = {"kind": "ended"} if failed else {"kind": "bought", **_bought(part)}

        def hand() -> Json:
            self._hand(part.name, message, f"{part.name}:lead")
            return {}

        return hand


class PartTale(OrderTale):
    """The workflow of any other of them: waits until the lead has bought it, then goes its own way."""

    __slots__ = ()

    async def tell_after(self) -> str:
        """Wait for the lead; what comes before its word is done after it."""
        while True:
            message = await self._run.receive(WAIT_S)
            if message is None:
                continue
            if message["kind"] == "bought":
                return await self.go_on(message)
            if message["kind"] == "ended":
                return "ended"
            self._mail.append(message)


def _bought(part: PartWorks) -> Json:
    """Return what a workflow needs to know to follow what was bought."""
    paid = part.paid or Paid("", 0)
    stage = part.taken.get("stage", Stage.UNDER_WAY.value)
    return {
        "reference": part.placed.get("reference", ""),
        "payment": paid.reference,
        "minor": paid.minor,
        "stage": stage,
        "over": bool(part.taken.get("over")),
    }


def _ending(part: PartWorks, state: State, reason: str, fee_minor: int) -> Callable[[], Json]:
    """Return the step that says how a part ended."""
    return lambda: part.undone("end:b", state, reason, fee_minor)
