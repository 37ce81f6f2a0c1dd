"""The telephone: call, redial, answer, reject, hang up, who called."""

from dataclasses import dataclass
from typing import Annotated, Final

from assistant.core.context import Context
from assistant.core.headunit import Call, CallPhase
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal
from assistant.core.request import OneOf, Request
from assistant.core.text import Phrase
from assistant.skills import Skill


@dataclass(frozen=True, slots=True)
class MakeCall(Request):
    """Call a contact or a number."""

    labels = ("phone.call",)
    contact: Annotated[str, OneOf("contact")] = ""
    given: Annotated[str, OneOf("given_name")] = ""
    """A given name that several contacts may share."""
    number: str = ""
    """Digits as they were said: `0171 555`, `five five five`, `一三八`."""


@dataclass(frozen=True, slots=True)
class RedialCall(Request):
    """Call again whom we called last."""

    labels = ("phone.call",)


@dataclass(frozen=True, slots=True)
class AnswerCall(Request):
    """Take the call that rings."""

    labels = ("phone.answer",)


@dataclass(frozen=True, slots=True)
class RejectCall(Request):
    """Turn down the call that rings."""

    labels = ("phone.end_call",)


@dataclass(frozen=True, slots=True)
class EndCall(Request):
    """Hang up."""

    labels = ("phone.end_call",)


@dataclass(frozen=True, slots=True)
class AskCaller(Request):
    """Who is ringing, or who called last."""

    labels = ("phone.call",)


DIGIT_WORDS: Final = {
    "zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "plus": "+",
    "零": "0", "幺": "1", "一": "1", "二": "2", "两": "2", "三": "3", "四": "4", "五": "5", "六": "6", "七": "7",
    "八": "8", "九": "9", "加": "+",
}  # fmt: skip
"""Digits as people read numbers out."""
TIMES: Final = {"double": 2, "triple": 3}
FEWEST_DIGITS: Final = 3
MOST_DIGITS: Final = 15
"""Length limits of ITU-T E.164 and of emergency numbers."""


def spoken_words(text: str) -> list[str]:
    """Split into words; Chinese and digits one character each."""
    spaced = "".join(c if c.isascii() and c.isalpha() else f" {c} " for c in text.casefold())
    return [word for word in spaced.split() if word not in {"-", "(", ")", ".", ",", "/"}]


def digits_of(text: str) -> str | None:
    """Return the telephone number that the words spell, or None if they spell none."""
    digits, times = "", 1
    for word in spoken_words(text):
        if word in TIMES:
            times = TIMES[word]
            continue
        digit = word if word.isascii() and word.isdigit() else DIGIT_WORDS.get(word, word)
        if not (digit.isdigit() or (digit == "+" and not digits)):
            return None
        digits, times = digits + digit * times, 1
    length = len(digits.lstrip("+"))
    return digits if times == 1 and FEWEST_DIGITS <= length <= MOST_DIGITS else None


def people(said: str, contacts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the contacts that the name may mean: the one it is, else those it is a part of."""
    words = said.casefold()
    exact = tuple(name for name in contacts if name.casefold() == words)
    return exact or tuple(name for name in contacts if words in name.casefold().split())


def plan_call(request: MakeCall, context: Context) -> Decision:
    """Dial the number or the one contact that is meant."""
    said = request.contact or request.given
    number = digits_of(request.number or said)
    if number is not None:
        return dial(request, "", number, context.headunit.call)
    if request.number:
        return Refusal(request, Phrase("phone.bad_number", {"number": request.number}), "out_of_range")
    if not said:
        return Question(request, Phrase("phone.whom"), "contact")
    match people(said, context.names.get("contact", ())):
        case ():
            return Refusal(request, Phrase("phone.nobody", {"who": said}), "not_found")
        case (name,):
            return dial(request, name, "", context.headunit.call)
        case several:
            choices = several[:3]
            return Question(request, Phrase("phone.which", {"choices": choices}), "contact", choices)


def dial(request: Request, name: str, number: str, call: Call) -> Decision:
    """Call, unless a call is under way."""
    if call.phase is not CallPhase.NONE:
        return Refusal(request, Phrase("phone.busy"), "busy")
    steps = (LocalCall("phone.dial", {"name": name, "number": number}),)
    # a number is kept as text between spaces, so that it is read out digit by digit
    done = Phrase("phone.calling", {"who": name or " ".join(number)})
    return Plan(request, steps, done, undo=(LocalCall("phone.hang_up"),))


def answer_caller(request: AskCaller, call: Call) -> Answer:
    """Say who rings, who is on the line, or who rang last."""
    if call.phase is CallPhase.NONE:
        if not call.last_caller:
            return Answer(request, Phrase("phone.nobody_called"))
        return Answer(request, Phrase("phone.last_caller", {"who": call.last_caller}))
    return Answer(request, Phrase(f"phone.is_{call.phase}", {"who": call.name or " ".join(call.number)}))


def plan_ringing(request: AnswerCall | RejectCall | EndCall, phase: CallPhase) -> Decision:
    """Take, turn down or end a call, as far as there is one."""
    match request, phase:
        case AnswerCall(), CallPhase.RINGING:
            return Plan(request, (LocalCall("phone.answer"),), Phrase("phone.answered"))
        case _, CallPhase.RINGING:
            return Plan(request, (LocalCall("phone.reject"),), Phrase("phone.rejected"))
        case EndCall(), CallPhase.DIALLING | CallPhase.ACTIVE:
            return Plan(request, (LocalCall("phone.hang_up"),), Phrase("phone.hung_up"))
        case EndCall(), _:
            return Answer(request, Phrase("phone.no_call"))
    return Answer(request, Phrase("phone.not_ringing"))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    call = context.headunit.call
    match request:
        case AnswerCall() | RejectCall() | EndCall():
            return plan_ringing(request, call.phase)
        case RedialCall() if not call.last_number:
            return Refusal(request, Phrase("phone.nobody_dialled"), "not_found")
        case RedialCall():
            return dial(request, call.last_name, call.last_number, call)
        case AskCaller():
            return answer_caller(request, call)
    assert isinstance(request, MakeCall)
    return plan_call(request, context)


SKILL = Skill("phone", (MakeCall, RedialCall, AnswerCall, RejectCall, EndCall, AskCaller), plan)
