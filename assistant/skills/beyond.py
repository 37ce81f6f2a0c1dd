"""What Cabin will not or cannot do, understood well enough to say so and why. Nothing here ever acts."""

from dataclasses import dataclass
from types import MappingProxyType

from assistant.core.context import Context
from assistant.core.plan import Decision, Refusal
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.skills import Skill


@dataclass(frozen=True, slots=True)
class DriveCar(Request):
    """Drive the car itself: steer, brake, overtake, park, change gear, lane or speed."""

    labels = ("oos.driving_command",)
    about: str = ""
    """The rest of the sentence."""


@dataclass(frozen=True, slots=True)
class ControlHome(Request):
    """Control devices at home."""

    labels = ("oos.smart_home",)
    about: str = ""


@dataclass(frozen=True, slots=True)
class SendMessage(Request):
    """Send a text message, an e-mail or one's position to somebody."""

    labels = ("message.send", "message.share_location")
    about: str = ""
    who: str = ""
    """To whom."""


@dataclass(frozen=True, slots=True)
class ReadMessages(Request):
    """Read messages or e-mail."""

    labels = ("message.read",)
    about: str = ""


@dataclass(frozen=True, slots=True)
class ChangeCalendar(Request):
    """Add, move or delete an event of the calendar."""

    labels = ("calendar.create", "calendar.change")
    about: str = ""
    what: str = ""
    """The event's name."""


@dataclass(frozen=True, slots=True)
class AskCalendar(Request):
    """What is in the calendar."""

    labels = ("calendar.query",)
    about: str = ""


@dataclass(frozen=True, slots=True)
class PairPhone(Request):
    """Connect a telephone, or disconnect it."""

    labels = ("phone.connect",)
    about: str = ""


@dataclass(frozen=True, slots=True)
class ChangeContacts(Request):
    """Look up, add or change an entry of the address book."""

    labels = ("phone.contacts",)
    about: str = ""


@dataclass(frozen=True, slots=True)
class AskNews(Request):
    """The news."""

    labels = ("info.news",)
    about: str = ""


@dataclass(frozen=True, slots=True)
class WatchVideo(Request):
    """Watch a film, series or video."""

    labels = ("media.video",)
    about: str = ""


ANSWERS: MappingProxyType[type[Request], tuple[str, str]] = MappingProxyType(
    {
        DriveCar: ("beyond.drive", "forbidden"),
        ControlHome: ("beyond.home", "not_available"),
        SendMessage: ("beyond.send", "not_available"),
        ReadMessages: ("beyond.read", "not_available"),
        ChangeCalendar: ("beyond.calendar", "not_available"),
        AskCalendar: ("beyond.calendar", "not_available"),
        PairPhone: ("beyond.pair", "not_available"),
        ChangeContacts: ("beyond.contacts", "not_available"),
        AskNews: ("beyond.news", "not_available"),
        WatchVideo: ("beyond.video", "not_available"),
    },
)
"""What is said about each, and the reason it is refused for."""


def plan(request: Request, context: Context) -> Decision:  # noqa: ARG001 - refused everywhere alike
    """Refuse and say why."""
    key, reason = ANSWERS[type(request)]
    return Refusal(request, Phrase(key), reason)


SKILL = Skill("beyond", tuple(ANSWERS), plan)
