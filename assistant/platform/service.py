"""Cabin on the bus, for the screen, the steering-wheel buttons and tests: `org.cabin.Assistant1` at `/org/cabin/Assistant1`.

| method                     | what it does                                                                              |
|----------------------------|-------------------------------------------------------------------------------------------|
| Listen()                   | opens the ear as the wake word does, and ends a mute                                        |
| Cancel()                   | the cancel button: drops what is going on, an order under way goes on                       |
| Ask(text, language) → turn | takes a sentence as text; "" is the language in force; the answer comes as Reply            |
| Say(text)                  | says a sentence of another program at a good moment, never into a person's words            |
| ConfirmWithPin(turn, pin)  | as Confirm, with the owner's PIN for what is above the limit; only while the car stands     |
| Confirm(turn), Deny(turn)  | the button for a read-back; turn as in Confirmation, so that a late press confirms nothing  |
| Follow(), Unfollow()       | Transcript is sent to the caller alone, until it unfollows or leaves the bus                |

| property          |        | values                                                                                          |
|-------------------|--------|-------------------------------------------------------------------------------------------------|
| State             | read   | idle, listening, thinking, acting, speaking, reading, confirming, asking, choosing              |
| Language          | read   | en, zh                                                                                          |
| Online            | read   | whether the bridge answered lately                                                              |
| MicrophoneMuted   | write  | no sound reaches the assistant while it is true                                                 |

| signal                           | when                                                                              |
|----------------------------------|-----------------------------------------------------------------------------------|
| StateChanged(state, turn)        | the conversation went on; PropertiesChanged says it too                            |
| Reply(turn, text, language)      | a sentence is handed to the voice                                                  |
| Confirmation(turn, text, card)   | something risky was read back: its words, and the fields to show as a card         |
| OrderChanged(order, details)     | an order was made or moved; details as below                                      |
| Transcript(turn, text, language) | what was understood so far, to followers only; the last of a turn counts           |

details of an order, of which those that are not known yet are left out:

| key                                       | type   | meaning                                                            |
|-------------------------------------------|--------|--------------------------------------------------------------------|
| service, method                           | s      | ride, meal, hotel, travel, parcel, shop, pay; book, order, …        |
| state                                     | s      | wished, quoting, quoted, consented, sent, accepted, in_progress, cancelling, done, refused, failed, cancelled, expired, unknown |
| reason                                    | s      | a word for why it stands there                                     |
| awaits_consent                            | b      | whether a price waits for a yes: said aloud, never given by a screen alone |
| payee, currency                           | s      | of the price                                                       |
| amount, charged, refunded                 | x      | in minor units of the currency                                     |
| expires                                   | x      | until when the price holds, epoch seconds of the bridge            |
| receipt                                   | s      | what the service calls it                                          |
| facts                                     | a{ss}  | what the service tells on the way: driver, plate, eta_min, …       |

Errors: org.cabin.Assistant1.Error.InvalidArgs (what was given cannot be used), .NoMicrophone, and the bus's own.
Nothing that a person said leaves Cabin unless somebody follows; the bus policy says who may (systemd/org.cabin.Assistant1.conf).
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from assistant.core.event import Button
from assistant.core.order import Order
from assistant.core.pin import DIGITS
from assistant.core.standing import Standing
from assistant.core.text import LANGUAGES, Language
from assistant.platform.bus import Bus, watch_names
from assistant.platform.exported import PROPERTIES, RefusalError

NAME: Final = "org.cabin.Assistant1"
PATH: Final = "/org/cabin/Assistant1"
LONGEST_TEXT: Final = 500
MOST_FOLLOWERS: Final = 16
XML: Final = """
<node>
  <interface name="org.cabin.Assistant1">
    <method name="Listen"/>
    <method name="Cancel"/>
    <method name="Ask">
      <arg name="text" type="s" direction="in"/>
      <arg name="language" type="s" direction="in"/>
      <arg name="turn" type="u" direction="out"/>
    </method>
    <method name="Say"><arg name="text" type="s" direction="in"/></method>
    <method name="Confirm"><arg name="turn" type="u" direction="in"/></method>
    <method name="ConfirmWithPin">
      <arg name="turn" type="u" direction="in"/>
      <arg name="pin" type="s" direction="in"/>
    </method>
    <method name="Deny"><arg name="turn" type="u" direction="in"/></method>
    <method name="Follow"/>
    <method name="Unfollow"/>
    <property name="State" type="s" access="read"/>
    <property name="Language" type="s" access="read"/>
    <property name="Online" type="b" access="read"/>
    <property name="MicrophoneMuted" type="b" access="readwrite"/>
    <signal name="StateChanged"><arg name="state" type="s"/><arg name="turn" type="u"/></signal>
    <signal name="Reply"><arg name="turn" type="u"/><arg name="text" type="s"/><arg name="language" type="s"/></signal>
    <signal name="Confirmation">
      <arg name="turn" type="u"/><arg name="text" type="s"/><arg name="card" type="a{ss}"/>
    </signal>
    <signal name="OrderChanged"><arg name="order" type="s"/><arg name="details" type="a{sv}"/></signal>
    <signal name="Transcript"><arg name="turn" type="u"/><arg name="text" type="s"/><arg name="language" type="s"/></signal>
  </interface>
</node>
"""


class Assistant(Protocol):
    """What the bus may ask of the assistant; every method returns at once, from any thread."""

    def listen(self) -> bool:
        """Open the ear; False where there is none."""
        ...

    def ask(self, text: str, language: Language | None) -> int:
        """Take a sentence as text; return its turn."""
        ...

    def say(self, text: str) -> None:
        """Say a sentence at a good moment."""
        ...

    def press(self, button: Button, turn: int | None) -> None:
        """Press a button in a turn; None is the present one."""
        ...

    def confirm_with_pin(self, turn: int, pin: str) -> None:
        """Press the button for a read-back, and give the PIN along with it."""
        ...

    def mute(self, muted: bool) -> bool:
        """Stop hearing or hear again; False where there is no ear."""
        ...


class Service:
    """The object on the bus. What it tells comes through `stands`, `replied`, `confirms` and `understood`, from any thread."""

    def __init__(self, bus: Bus, assistant: Assistant) -> None:
        """Appear on the bus."""
        self._bus = bus
        self._assistant = assistant
        self._standing = Standing()
        self._followers: set[str] = set()
        watch_names(bus, self._name_changed)
        bus.publish(NAME, PATH, XML, self)

    def stands(self, standing: Standing) -> None:
        """Take where the assistant stands now, and tell what changed."""
        before, self._standing = self._standing, standing
        if (before.state, before.turn) != (standing.state, standing.turn):
            self._bus.emit(PATH, f"{NAME}.StateChanged", "su", standing.state, standing.turn)
        old = _properties(before)
        changed = {name: pair for name, pair in _properties(standing).items() if pair != old[name]}
        if changed:
            self._bus.emit(PATH, f"{PROPERTIES}.PropertiesChanged", "sa{sv}as", NAME, self._bus.packed(changed), [])

    def replied(self, turn: int, text: str, language: Language) -> None:
        """Tell what is being said."""
        self._bus.emit(PATH, f"{NAME}.Reply", "uss", turn, text, language)

    def confirms(self, turn: int, text: str, card: Mapping[str, str]) -> None:
        """Tell what was read back and waits for a yes."""
        self._bus.emit(PATH, f"{NAME}.Confirmation", "usa{ss}", turn, text, dict(card))

    def ordered(self, order: Order) -> None:
        """Tell how an order stands now."""
        self._bus.emit(PATH, f"{NAME}.OrderChanged", "sa{sv}", order.id, self._bus.packed(_details(order)))

    def understood(self, turn: int, text: str, language: Language) -> None:
        """Tell those who follow what was understood."""
        for follower in tuple(self._followers):
            self._bus.emit(PATH, f"{NAME}.Transcript", "uss", turn, text, language, to=follower)

    def call(self, sender: str, method: str, arguments: tuple[Any, ...]) -> tuple[object, ...]:
        """Do a method; GLib has checked the types."""
        match method, arguments:
            case "Listen", ():
                _heard(self._assistant.listen())
            case "Cancel", ():
                self._assistant.press(Button.CANCEL, None)
            case "Ask", (text, language):
                return (self._assistant.ask(_sentence(text), _language(language)),)
            case "Say", (text,):
                self._assistant.say(_sentence(text))
            case "Confirm", (turn,):
                self._assistant.press(Button.CONFIRM, turn)
            case "ConfirmWithPin", (turn, pin):
                self._assistant.confirm_with_pin(turn, _pin(pin))
            case "Deny", (turn,):
                self._assistant.press(Button.DENY, turn)
            case "Follow", ():
                self._follow(sender)
            case "Unfollow", ():
                self._followers.discard(sender)
        return ()

    def get(self, name: str) -> object:
        """Return a property."""
        return _properties(self._standing)[name][1]

    def set(self, name: str, value: Any) -> None:
        """Mute or unmute the microphone."""
        if not isinstance(value, bool):
            raise _invalid(f"{name} is true or false, not {value!r}")
        _heard(self._assistant.mute(value))

    def _follow(self, sender: str) -> None:
        if len(self._followers) >= MOST_FOLLOWERS:
            raise _invalid(f"{MOST_FOLLOWERS} programs follow already")
        self._followers.add(sender)

    def _name_changed(self, name: str, _old: str, new: str) -> None:
        if not new:
            self._followers.discard(name)


def _properties(standing: Standing) -> Mapping[str, tuple[str, object]]:
    """Return name → (D-Bus type, value)."""
    return {
        "State": ("s", standing.state),
        "Language": ("s", standing.language),
        "Online": ("b", standing.online),
        "MicrophoneMuted": ("b", standing.muted),
    }


def _details(order: Order) -> Mapping[str, tuple[str, object]]:
    """Return name → (D-Bus type, value) of what a screen shows of an order."""
    quote, receipt = order.quote, order.receipt
    told: dict[str, tuple[str, object]] = {
        "service": ("s", order.service),
        "method": ("s", order.method),
        "state": ("s", str(order.state)),
        "reason": ("s", order.reason),
        "awaits_consent": ("b", order.awaits_consent),
    }
    if quote is not None:
        told |= {"payee": ("s", quote.payee), "expires": ("x", quote.expires)}
        told |= {"amount": ("x", quote.amount.minor), "currency": ("s", quote.amount.currency)}
    if receipt is not None:
        told |= {"receipt": ("s", receipt.reference), "currency": ("s", receipt.charged.currency)}
        told["charged"] = ("x", receipt.charged.minor)
        if receipt.refunded is not None:
            told["refunded"] = ("x", receipt.refunded.minor)
    if order.facts:
        told["facts"] = ("a{ss}", {name: str(fact) for name, fact in order.facts.items()})
    return told


def _sentence(text: str) -> str:
    stripped = text.strip()
    if not stripped or len(stripped) > LONGEST_TEXT or not stripped.isprintable():
        raise _invalid(f"a sentence is one line of 1 to {LONGEST_TEXT} characters")
    return stripped


def _pin(digits: str) -> str:
    if not DIGITS.fullmatch(digits):
        raise _invalid("a PIN is 4 to 12 digits")
    return digits


def _language(code: str) -> Language | None:
    known = next((language for language in LANGUAGES if language == code), None)
    if known is None and code:
        raise _invalid(f"no language {code!r}: use {', '.join(LANGUAGES)}, or nothing for the one in force")
    return known


def _heard(there: bool) -> None:
    if not there:
        raise RefusalError(f"{NAME}.Error.NoMicrophone", "there is no microphone; Ask takes text")


def _invalid(message: str) -> RefusalError:
    return RefusalError(f"{NAME}.Error.InvalidArgs", message)
