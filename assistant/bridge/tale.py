"""What becomes of an order after the yes, as one durable workflow: buy, undo in reverse where a step fails, then follow it to its end."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Final

from assistant.bridge.engine import Json, Result, Run
from assistant.bridge.providers.trade import Stage
from assistant.bridge.settle import How
from assistant.bridge.works import Paid, Works
from assistant.core.order import State

PATIENCE: Final = 3
"""How often a company that is down is asked again before an order is given up; an undo is never given up."""
WAITS_S: Final = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0)
"""Pauses between rounds; the last repeats."""
ALARM_AFTER: Final = 5
"""Rounds without certainty after which the operator is called."""
LOOK_UNDER_WAY_S: Final = 120.0
LOOK_BOOKED_S: Final = 6 * 3600.0
"""After so long without news a company is asked by itself, should its news get lost."""
LOOK_AT_LEAST_S: Final = 1800.0
"""Each look that finds nothing new makes the next one under way later by a factor of two, up to this."""
NEWER_PRICE: Final = frozenset({"price_changed", "quote_expired"})


class OrderTale:
    """One order's workflow; everything in it comes from steps and messages, so that it can be told again."""

    __slots__ = ("_look_s", "_looks", "_mail", "_payments", "_reference", "_run", "_stage", "_works")

    def __init__(self, run: Run, works: Works, look_s: float | None = None) -> None:
        """Look at the company every `look_s` seconds if given, else as often as it is worth."""
        self._run = run
        self._works = works
        self._look_s = look_s
        self._looks = 0
        self._mail: list[Json] = []
        self._payments: list[Paid] = []
        self._reference = ""
        self._stage = Stage.UNDER_WAY

    async def tell(self, digest: str) -> str:
        """Carry out the order that was agreed to by `digest`."""
        for n in count():
            bought = await self._buy(n, digest)
            if bought != "requoted":
                break
            answer = await self._wait_for_yes(n)
            if answer == "":
                return "ended"
            digest = answer
        return bought if bought in {"ended", "over"} else await self._follow()

    async def go_on(self, bought: Json) -> str:
        """Follow what another workflow bought: `reference`, `payment`, `minor`, `stage`, `over`."""
        self._reference, self._stage = str(bought["reference"]), Stage(bought["stage"])
        self._payments = [Paid(str(bought["payment"]), int(bought["minor"]))] if bought["minor"] else []
        return "over" if bought["over"] else await self._follow()

    async def _buy(self, n: int, digest: str) -> str:
        """Authorise, place, capture; on a no, undo what was done, the last first."""
        works, undo = self._works, list[tuple[str, Callable[[str], Json]]]()
        tried = await self._run.step(f"buy:{n}", lambda: works.buy(n, digest))
        money = await self._do(f"authorise:{n}", lambda step: works.authorise(step, digest, 0), tried)
        if money["how"] != How.OK:
            return await self._unbought(n, money, undo)
        paid = Paid(money["reference"], money["minor"])
        if paid.minor:
            undo.append(("void", lambda step: works.void(step, paid)))
        placed = await self._do(f"place:{n}", lambda step: works.place(step, digest), tried)
        if placed["how"] != How.OK:
            return await self._unbought(n, placed, undo)
        reference, booking = str(placed["reference"]), placed["booking"]
        undo.append(("unplace", lambda step: works.unplace(step, reference)))
        taken = await self._do(
            f"capture:{n}", lambda step: works.capture(step, digest, paid, booking, 0), tried, insist=True
        )
        if taken["how"] != How.OK:
            return await self._unbought(n, taken, undo, State.FAILED)
        self._reference, self._stage = reference, Stage(taken["stage"])
        self._payments = [paid] if paid.minor else []
        return "over" if taken["over"] else "bought"

    async def _unbought(
        self, n: int, no: Json, undo: list[tuple[str, Callable[[str], Json]]], state: State = State.REFUSED
    ) -> str:
        """Undo in reverse, then ask anew at the new price, or end."""
        works, reason = self._works, str(no["reason"])
        for name, back in reversed(undo):
            undone = await self._do(f"{name}:{n}", back, insist=True)
            if undone["how"] != How.OK:
                await self._alarm(f"{name}:{n}", "undo", str(undone["reason"]))
        if reason in NEWER_PRICE and state is State.REFUSED:
            again = await self._do(f"requote:{n}", lambda step: works.requote(step, reason))
            if again["how"] == How.OK:
                return "requoted"
            if again["reason"] != "service_down":
                return "ended"
        await self._run.step(f"end:{n}", lambda: works.end(f"end:{n}", state, reason))
        return "ended"

    async def _wait_for_yes(self, n: int) -> str:
        """Wait for a consent to the new quote; return its digest, or end the order: cancelled, or expired."""
        works = self._works
        for i in count():
            left = await self._run.step(f"left:{n}:{i}", works.left)
            message = await self._next(float(left["wait_s"]))
            if message is None:
                await self._run.step(f"expired:{n}", lambda: works.end(f"expired:{n}", State.EXPIRED, "no_consent"))
                return ""
            if message["kind"] == "consent":
                return str(message["digest"])
            if message["kind"] == "cancel":
                await self._run.step(f"cancelled:{n}", lambda: works.end(f"cancelled:{n}", State.CANCELLED, ""))
                return ""
        return ""

    async def _follow(self) -> str:
        """Hand on the company's news, and take changes and a cancel, until it is over."""
        works, reference = self._works, self._reference
        for i in count():
            message = await self._next(self._pause_s())
            self._looks = self._looks + 1 if message is None else 0
            match message:
                case {"kind": "news", "booking": booking}:
                    after = await self._run.step(f"news:{i}", lambda b=booking, i=i: works.news(f"news:{i}", b))  # type: ignore[misc]
                case {"kind": "consent", "digest": digest}:
                    after = await self._alter(i, str(digest))
                case {"kind": "cancel"}:
                    after = await self._cancel(i)
                case _:
                    after = await self._run.step(f"look:{i}", lambda i=i: works.look(f"look:{i}", reference))  # type: ignore[misc]
            self._stage = Stage(after["stage"]) if after.get("stage") else self._stage
            if self._stage is Stage.CALLED_OFF:
                return await self._called_off(i)
            if after["over"]:
                return "over"
        return "over"

    async def _alter(self, i: int, digest: str) -> Json:
        """Pay the difference and change the order, or leave it and its price as they were."""
        works, before = self._works, sum(paid.minor for paid in self._payments)
        money = await self._do(f"authorise:c{i}", lambda step: works.authorise(step, digest, before))
        if money["how"] != How.OK:
            return await self._unaltered(i, str(money["reason"]))
        more = Paid(money["reference"], money["minor"])
        changed = await self._do(f"alter:c{i}", lambda step: works.alter(step, digest, self._reference))
        if changed["how"] != How.OK:
            if more.minor:
                await self._do(f"void:c{i}", lambda step: works.void(step, more), insist=True)
            return await self._unaltered(i, str(changed["reason"]))
        surplus = int(money["surplus"])
        if surplus:
            paid = tuple(self._payments)
            await self._do(f"refund:c{i}", lambda step: works.refund(step, paid, surplus), insist=True)
            self._payments = less(self._payments, surplus)
        kept = sum(paid.minor for paid in self._payments)
        done = await self._do(
            f"capture:c{i}", lambda step: works.capture(step, digest, more, changed["booking"], kept), insist=True
        )
        if done["how"] != How.OK:
            return await self._unaltered(i, str(done["reason"]))
        if more.minor:
            self._payments.append(more)
        return done

    async def _unaltered(self, i: int, reason: str) -> Json:
        """Say that the change was not done."""
        await self._run.step(f"unsold:c{i}", lambda: self._works.unsold(f"unsold:c{i}", reason))
        return {"over": False}

    async def _cancel(self, i: int) -> Json:
        """Cancel by the refund rule, give back the rest; or say why not."""
        works, charged = self._works, sum(paid.minor for paid in self._payments)
        gone = await self._do(f"cancel:{i}", lambda step: works.cancel(step, self._reference, charged), insist=True)
        if gone["how"] != How.OK:
            await self._run.step(f"stays:{i}", lambda: works.uncancelled(f"stays:{i}", str(gone["reason"])))
            return {"over": False}
        return await self._give_back(i, int(gone["give_back"]), State.CANCELLED, "")

    async def _called_off(self, i: int) -> str:
        """Give everything back, because the company will not fulfil it."""
        works, charged = self._works, sum(paid.minor for paid in self._payments)
        await self._do(f"unplace:{i}", lambda step: works.unplace(step, self._reference), insist=True)
        await self._give_back(i, charged, State.FAILED, "called_off")
        return "over"

    async def _give_back(self, i: int, minor: int, state: State, reason: str) -> Json:
        """Refund and end; money that does not come back calls the operator."""
        works, payments = self._works, tuple(self._payments)
        given = await self._do(f"refund:{i}", lambda step: works.refund(step, payments, minor), insist=True)
        if given["how"] != How.OK:
            await self._alarm(f"refund:{i}", "refund", str(given["reason"]))
        refunded = int(given.get("refunded", 0))
        return await self._run.step(f"end:{i}", lambda: works.end(f"end:{i}", state, reason, refunded))

    async def _do(
        self, name: str, work: Callable[[str], Result], tried: Json | None = None, *, insist: bool = False
    ) -> Json:
        """Run a step until it is certain; what is only down is given up after PATIENCE rounds unless `insist`.

        `tried` may hold its first answer, by its name.
        """
        for i in count():
            if i == 0 and tried is not None and name in tried:
                result: Json = tried[name]
            else:
                result = await self._run.step(name if i == 0 else f"{name}.{i}", lambda: work(name))
            if result["how"] in {How.OK, How.NO}:
                return result
            if result["how"] == How.DOWN and not insist and i >= PATIENCE:
                return {"how": How.NO.value, "reason": "service_down"}
            if i == ALARM_AFTER:
                await self._alarm(name, "unsettled", "timeout")
            message = await self._run.receive(WAITS_S[min(i, len(WAITS_S) - 1)])
            if message is not None:
                self._mail.append(message)
        return {}

    async def _alarm(self, name: str, what: str, reason: str) -> None:
        """Call the operator, once."""
        await self._run.step(f"alarm:{name}", lambda: self._works.alarm(what, reason))

    async def _next(self, timeout_s: float) -> Json | None:
        """Take a message that came while something else was waited for, or the next one."""
        if self._mail:
            return self._mail.pop(0)
        self._works.rest()
        return await self._run.receive(timeout_s)

    def _pause_s(self) -> float:
        """Return how long the company's own news is waited for."""
        if self._look_s is not None:
            return self._look_s
        if self._stage is not Stage.UNDER_WAY:
            return LOOK_BOOKED_S
        return min(LOOK_UNDER_WAY_S * 2.0 ** min(self._looks, 10), LOOK_AT_LEAST_S)


def less(payments: Sequence[Paid], minor: int) -> list[Paid]:
    """Return what is left of payments of which `minor` was given back, from the last on."""
    kept: list[Paid] = []
    for paid in reversed(payments):
        back = min(minor, paid.minor)
        minor -= back
        if paid.minor > back:
            kept.insert(0, replace(paid, minor=paid.minor - back))
    return kept
