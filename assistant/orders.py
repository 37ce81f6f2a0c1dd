"""The desk where the conversation and the courier meet: prices, a yes, what became of it, and what happens later.

Everything runs on the main thread; `known` and `reach` may be read from any.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from assistant.core.context import Connectivity, Context
from assistant.core.effect import Act, Consult
from assistant.core.event import Acted, Consulted, Event, News, Offered
from assistant.core.order import OVER, UNSENT, Order
from assistant.core.pin import Secret
from assistant.core.plan import Answer, CloudCall, Decision, Inquiry, Outcome, Plan, Refusal, Status
from assistant.core.text import Language, Phrase
from assistant.courier import Alarm, Answered, Courier, Notice, OrderChanged, Reached
from assistant.deed import Deeds, secret
from assistant.dialogue.state import Dialogue, Phase
from assistant.errors import CabinError, LinkError
from assistant.ledger.store import Ledger
from assistant.offer import because, fee_kept, news, priced, too_dear, unanswered, word
from assistant.skills import by_request

log = logging.getLogger(__name__)

WISH_S: Final = 1800.0
"""A wish that got no price for so long is no longer wanted."""
PATIENCE_S: Final = 10.0
"""How long somebody waits for a price; it is offered later if it comes later."""
START_S: Final = 20.0
"""How long after the start the bridge may still be on its way."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """A turn that waits for a price or an answer."""

    about: Plan | Inquiry
    until: float
    order: str = ""
    message: str = ""
    language: Language = "en"


class Desk:
    """Answers Consult with Consulted and Act with Acted; tells News and makes Offers by itself."""

    def __init__(
        self,
        courier: Courier | None,
        ledger: Ledger | None,
        context: Callable[[], Context],
        post: Callable[[Event], None],
    ) -> None:
        """Take the ends; without a courier nothing can be ordered, and that is what is said."""
        self._courier, self._ledger, self._context, self._post = courier, ledger, context, post
        self._started = time.monotonic()
        self._waits: dict[int, _Wait] = {}
        self._deeds = Deeds(courier, ledger, context)
        self._plans: dict[str, Plan] = {}
        self._declined: set[tuple[str, str]] = set()
        self.reach = Connectivity.OFFLINE
        self.known: tuple[Order, ...] = ()
        self.pin_set = False
        self._look()

    def bridge_now(self) -> float | None:
        """Return epoch seconds of the bridge, if they are known; from any thread."""
        return None if self._ledger is None else self._ledger.clock.bridge_now()

    def consult(self, effect: Consult) -> None:
        """Ask for a price, or what an inquiry asks."""
        about, turn = effect.about, effect.turn
        if self._courier is None:
            self._answer(turn, _offline(about))
            return
        try:
            if isinstance(about, Plan):
                self._wish(turn, about, self._courier)
            else:
                self._waits[turn] = _Wait(about, time.monotonic() + PATIENCE_S, language=effect.language)
                self._ask(turn, self._courier)
        except CabinError as error:
            log.warning("nothing was asked outside: %s", error)
            self._answer(turn, Refusal(about.request, Phrase(error.phrase), "failed"))

    def stop(self, turn: int) -> None:
        """Drop what a turn asked for."""
        wait = self._waits.pop(turn, None)
        if wait is not None and wait.order:
            self._let_go(wait.order)

    def release(self, plan: Plan) -> None:
        """Drop a price that was not agreed to."""
        for step in plan.steps:
            if isinstance(step, CloudCall) and step.digest:
                self._let_go(step.order)

    def act(self, effect: Act) -> None:
        """Carry a yes or a cancel out; Acted comes when it is known what became of it."""
        about_pin = next((step for step in effect.plan.steps if secret(step)), None)
        try:
            reason = self._deeds.do(effect) if about_pin is None else self._deeds.pin(about_pin, effect.turn)
        except CabinError as error:
            log.warning("an order was not done: %s", error)
            reason = error.phrase.removeprefix("error.")
        if reason:
            refused = tuple(Outcome(step, Status.REFUSED, reason=reason) for step in effect.plan.steps)
            self._post(Acted(effect.turn, refused))
            return
        self._look()
        if about_pin is not None and about_pin.name != "pin.enter":
            self._post(Acted(effect.turn, (Outcome(about_pin, Status.DONE, receipt="kept"),)))
        for name in self._deeds.under_way:
            self._settle(name)

    def pin_from_screen(self, digits: Secret, turn: int) -> None:
        """Take the PIN from a screen; what is wrong with it is said."""
        try:
            reason = self._deeds.pin_from_screen(digits, turn)
        except CabinError as error:
            reason = error.phrase.removeprefix("error.")
        if reason:
            self._post(News(0, Phrase(f"reason.{reason}")))
        self._look()

    def hear(self, raw: bytes) -> None:
        """Take one message of the bridge."""
        if self._courier is not None:
            self._told(self._courier.hear(raw))

    def linked(self, reach: Connectivity) -> None:
        """Take what the link says of itself."""
        if self._courier is not None:
            self._told(self._courier.linked(reach))

    def beat(self, dialogue: Dialogue) -> None:
        """Let time pass: once a second."""
        if self._courier is None:
            return
        try:
            self.pin_set = self._courier.pin_set
            self._told(self._courier.tick())
        except CabinError as error:
            log.warning("orders stand still: %s", error)
        now = time.monotonic()
        for turn in [turn for turn, wait in self._waits.items() if wait.until <= now]:
            about = self._waits[turn].about
            late = Answer(about.request, Phrase("orders.kept"))
            self._answer(turn, late if isinstance(about, Plan) else _offline(about))
        if dialogue.phase is Phase.IDLE and self.reach is Connectivity.ONLINE:
            self._offer(dialogue.turn)

    def _wish(self, turn: int, plan: Plan, courier: Courier) -> None:
        call = next(step for step in plan.steps if isinstance(step, CloudCall))
        if call.order:
            courier.alter(call.order, call.body)
            name = call.order
        else:
            name = courier.wish(call.service, call.method, call.body, WISH_S).id
        self._plans[name] = plan
        gone = self.reach is Connectivity.OFFLINE and time.monotonic() > self._started + START_S
        self._waits[turn] = _Wait(plan, time.monotonic() + (0.0 if gone else PATIENCE_S), name)
        self._look()

    def _ask(self, turn: int, courier: Courier) -> None:
        """Ask an inquiry's question now, or at the next beat that finds the bridge."""
        wait = self._waits[turn]
        assert isinstance(wait.about, Inquiry)
        call = wait.about.call
        with contextlib.suppress(LinkError):
            message = courier.ask(call.service, call.method, call.body)
            self._waits[turn] = replace(wait, message=message)

    def _told(self, notices: tuple[Notice, ...]) -> None:
        """Pass on what the courier tells."""
        for notice in notices:
            match notice:
                case Reached(reach):
                    self.reach = reach
                case OrderChanged(before, after):
                    self._look()
                    self._changed(before, after)
                case Answered(message, result, reason):
                    self._answered(message, result, reason)
                case Alarm(reason):
                    self._post(News(0, Phrase(f"reason.{reason}")))
        if self.reach is Connectivity.ONLINE and self._courier is not None:
            for turn in [t for t, wait in self._waits.items() if not wait.order and not wait.message]:
                self._ask(turn, self._courier)

    def _changed(self, before: Order | None, after: Order) -> None:
        """Tell who waits for this order, or everybody."""
        turn = next((turn for turn, wait in self._waits.items() if wait.order == after.id), None)
        if turn is not None:
            self._quoted(turn, after)
        elif after.id in self._deeds.under_way:
            self._settle(after.id)
        else:
            self._deeds.moved({order.id: order for order in self.known}, after.id)
            if (phrase := news(before, after)) is not None:
                self._post(News(0, phrase))

    def _quoted(self, turn: int, order: Order) -> None:
        wait = self._waits[turn]
        if order.awaits_consent and isinstance(wait.about, Plan):
            self._answer(turn, priced(wait.about, order, self._context()))
        elif order.state in OVER or (order.state not in UNSENT and order.reason):
            why = too_dear(order) or Phrase("orders.no_price", {"because": because(order.reason)})
            self._answer(turn, Refusal(wait.about.request, why, word(order.reason)))

    def _settle(self, name: str) -> None:
        """Tell what became of a yes or a cancel, once it is known; what was refused is not offered again at that price."""
        ended = self._deeds.ended(name, self.known)
        if ended is None:
            return
        deed, outcomes = ended
        refused = any(outcome.status is Status.REFUSED for outcome in outcomes)
        for call in deed.calls if refused else ():
            order = self._order(call.order)
            if order is not None and order.quote is not None and order.quote.digest == call.digest:
                self._let_go(order.id)
        self._post(Acted(deed.turn, outcomes))
        for call in deed.calls if len(deed.calls) > 1 else ():
            if (order := self._order(call.order)) is not None and (kept := fee_kept(order)) is not None:
                self._post(News(0, kept))

    def _answered(self, message: str, result: Mapping[str, Any] | None, reason: str) -> None:
        turn = next((turn for turn, wait in self._waits.items() if wait.message == message), None)
        if turn is None:
            return
        about, language = self._waits[turn].about, self._waits[turn].language
        if isinstance(about, Inquiry) and about.plainer is not None and reason == "malformed":
            plainer = replace(about, call=about.plainer, plainer=None)
            self._waits[turn] = replace(self._waits[turn], about=plainer, message="")
            return
        found = by_request()[type(about.request)].found
        if result is None or found is None:
            self._answer(turn, Refusal(about.request, unanswered(about.request, reason), word(reason)))
            return
        try:
            decision = found(about.request, result, replace(self._context(), language=language))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            log.warning("a service answered in no shape that we know")
            decision = Refusal(about.request, Phrase("orders.no_answer", {"because": ""}), "unknown")
        self._answer(turn, decision)

    def _answer(self, turn: int, decision: Decision) -> None:
        self._waits.pop(turn, None)
        self._post(Consulted(turn, decision))

    def _offer(self, turn: int) -> None:
        """Offer one price that nobody waits for."""
        waiting = {wait.order for wait in self._waits.values()} | self._deeds.orders
        for order in self.known:
            digest = order.quote.digest if order.quote is not None else ""
            if order.awaits_consent and order.id not in waiting and (order.id, digest) not in self._declined:
                self._post(Offered(turn, priced(self._plans.get(order.id), order, self._context())))
                return

    def _let_go(self, name: str) -> None:
        """Drop an order that was not agreed to; a change that was not agreed to leaves the order as it was."""
        order = self._order(name)
        if order is None or self._courier is None:
            return
        if order.quote is not None:
            self._declined.add((name, order.quote.digest))
        if order.state in UNSENT:
            with contextlib.suppress(CabinError):
                self._courier.cancel(name)
        self._look()

    def _order(self, name: str) -> Order | None:
        return next((one for one in self.known if one.id == name), None)

    def _look(self) -> None:
        """Take a new picture of the order book."""
        if self._ledger is not None:
            try:
                self.known = self._ledger.orders()
                self.pin_set = self._ledger.kept("pin") is not None
            except CabinError as error:
                log.warning("the order book cannot be read: %s", error)


def _offline(about: Plan | Inquiry) -> Refusal:
    """Say that nothing can be ordered, or found out."""
    return Refusal(about.request, Phrase(f"orders.{'offline' if isinstance(about, Plan) else 'cannot_ask'}"), "offline")
