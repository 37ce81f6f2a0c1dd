"""The door to other programs: what they may ask of the assistant, and what they are told of the conversation."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from assistant.core.effect import Effect, Say
from assistant.core.event import Button, Event, News, Pressed, Typed, Understood
from assistant.core.order import Order
from assistant.core.pin import Secret
from assistant.core.plan import Plan
from assistant.core.standing import Standing
from assistant.core.text import Language, Phrase
from assistant.dialogue.state import Dialogue, Phase
from assistant.loop import Loop
from assistant.report import Hidden, request_json
from assistant.speak.words import render

if TYPE_CHECKING:
    from assistant.hear.ear import Ear


class Outside(Protocol):
    """Who is told: the service on the bus."""

    def stands(self, standing: Standing) -> None:
        """Take where the assistant stands."""
        ...

    def replied(self, turn: int, text: str, language: Language) -> None:
        """Take a sentence that is being said."""
        ...

    def confirms(self, turn: int, text: str, card: dict[str, str]) -> None:
        """Take what was read back and waits for a yes."""
        ...

    def ordered(self, order: Order) -> None:
        """Take how an order stands now."""
        ...

    def understood(self, turn: int, text: str, language: Language) -> None:
        """Take what was understood."""
        ...


class Door:
    """Lets requests in, from any thread, as events of the loop; watches the loop for what is told outside."""

    def __init__(
        self,
        loop: Loop,
        ear: "Ear | None",
        next_turn: Callable[[], int],
        dialogue: Callable[[], Dialogue],
        standing: Callable[[Dialogue], Standing],
        orders: Callable[[], tuple[Order, ...]],
        take_pin: Callable[[Secret, int], None],
    ) -> None:
        """Take the parts; nobody is told anything before `tell`.

        `dialogue`, `standing`, `orders` (all that are known) and `take_pin` are called on the loop's thread.
        """
        self._loop = loop
        self._ear = ear
        self._next_turn = next_turn
        self._dialogue = dialogue
        self._standing = standing
        self._orders = orders
        self._take_pin = take_pin
        self._outside: Outside | None = None
        self._known = orders()
        self._read_back: Plan | None = None
        self._hidden = Hidden()

    def tell(self, outside: Outside) -> None:
        """Tell somebody from now on."""
        self._outside = outside
        self._loop.call(self.look)

    def listen(self) -> bool:
        """Open the ear as the wake word does, and unmute it; False where there is none."""
        if self._ear is None:
            return False
        self._ear.mute(muted=False)
        self._ear.push_to_talk()
        return True

    def mute(self, muted: bool) -> bool:
        """Stop hearing or hear again; False where there is no ear."""
        if self._ear is None:
            return False
        self._ear.mute(muted)
        return True

    def ask(self, text: str, language: Language | None) -> int:
        """Take a sentence as text; return its turn."""
        turn = self._next_turn()
        self._loop.call(
            lambda: self._loop.post(Typed(turn, text, language or self._standing(self._dialogue()).language))
        )
        return turn

    def say(self, text: str) -> None:
        """Say a sentence of another program at a good moment."""
        self._loop.call(lambda: self._loop.post(News(self._dialogue().turn, Phrase("bus.say", {"text": text}))))

    def press(self, button: Button, turn: int | None) -> None:
        """Press a button in a turn; None is the present one."""
        self._loop.call(lambda: self._loop.post(Pressed(self._dialogue().turn if turn is None else turn, button)))

    def confirm_with_pin(self, turn: int, pin: str) -> None:
        """Press the button for a read-back, and give the PIN along with it."""
        digits = Secret(pin)

        def both() -> None:
            self._take_pin(digits, turn)
            self._loop.post(Pressed(turn, Button.CONFIRM))

        self._loop.call(both)

    def saw_event(self, event: Event, at: float) -> None:
        """Tell what was understood, and look where the conversation stands once it has taken the event."""
        del at
        if self._outside is None:
            return
        if isinstance(event, Understood):
            self._outside.understood(event.turn, self._hidden.text(event), event.transcript.language)
        self._loop.call(self.look)

    def saw_effect(self, effect: Effect, at: float) -> None:
        """Tell what is said."""
        del at
        self._hidden.saw(effect)
        if self._outside is not None and isinstance(effect, Say):
            for phrase in effect.phrases:
                self._outside.replied(effect.turn, _words(phrase, effect.language), effect.language)

    def look(self) -> None:
        """Tell where the conversation stands; on the loop's thread."""
        if self._outside is None:
            return
        dialogue = self._dialogue()
        self._outside.stands(self._standing(dialogue))
        waits = dialogue.pending if dialogue.phase in {Phase.READING, Phase.CONFIRMING} else None
        if waits is not None and waits is not self._read_back and waits.read_back is not None:
            self._outside.confirms(dialogue.turn, _words(waits.read_back, dialogue.language), _card(waits))
        self._read_back = waits
        self._tell_orders(self._outside)

    def _tell_orders(self, outside: Outside) -> None:
        """Tell which orders are not as they were."""
        orders = self._orders()
        if orders is not self._known:
            before, self._known = {order.id: order for order in self._known}, orders
            for order in orders:
                if before.get(order.id) != order:
                    outside.ordered(order)


def _words(phrase: Phrase, language: Language) -> str:
    return render(phrase, language, datetime.now().astimezone().date())


def _card(plan: Plan) -> dict[str, str]:
    """Return what a screen shows of a risky plan: the request, its fields, the risk."""
    return {"risk": str(plan.risk)} | {name: str(value) for name, value in request_json(plan.request).items()}
