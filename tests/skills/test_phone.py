from datetime import UTC, datetime

import pytest

from assistant.core.context import Context
from assistant.core.headunit import Call, CallPhase, HeadUnit
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal
from assistant.core.request import Request
from assistant.skills.phone import AnswerCall, AskCaller, EndCall, MakeCall, RedialCall, RejectCall, digits_of, plan

CONTACTS = ("Anna Schmidt", "Anna Li", "Anna Berg", "Anna Novak", "Tom", "Tom Baker", "张伟")


def decided(request: Request, call: Call | None = None) -> Decision:
    around = Context(
        0.0, datetime(2026, 11, 6, tzinfo=UTC), headunit=HeadUnit(call=call or Call()), names={"contact": CONTACTS}
    )
    return plan(request, around)


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("0171 555 1234", "01715551234"),
        ("five five five one two oh four", "5551204"),
        ("plus four nine double seven 1 2", "+497712"),
        ("triple nine", "999"),
        ("一三八零零幺三八", "13800138"),
        ("+86 138-0013-8001", "+8613800138001"),
        ("112", "112"),
        ("twelve", None),
        ("five", None),
        ("call 112", None),
        ("double", None),
        ("1 + 2 2 2", None),
        ("1" * 16, None),
        ("", None),
        ("☎️", None),
    ],
)
def test_a_number_is_only_what_is_all_digits(said: str, digits: str | None) -> None:
    assert digits_of(said) == digits


def test_a_name_that_several_share_is_asked_for_with_three_choices() -> None:
    question = decided(MakeCall(given="Anna"))

    assert isinstance(question, Question)
    assert question.field == "contact"
    assert question.choices == ("Anna Schmidt", "Anna Li", "Anna Berg")


@pytest.mark.parametrize(("said", "dialled"), [("tom", "Tom"), ("baker", "Tom Baker"), ("张伟", "张伟")])
def test_the_one_who_is_called_just_so_is_meant(said: str, dialled: str) -> None:
    decision = decided(MakeCall(contact=said))

    assert isinstance(decision, Plan)
    assert decision.steps == (LocalCall("phone.dial", {"name": dialled, "number": ""}),)
    assert decision.undo == (LocalCall("phone.hang_up"),)


def test_a_number_said_as_a_name_is_dialled_as_a_number() -> None:
    decision = decided(MakeCall(contact="0171 555"))

    assert isinstance(decision, Plan)
    assert decision.steps == (LocalCall("phone.dial", {"name": "", "number": "0171555"}),)


def test_nobody_is_called_by_guess() -> None:
    for request in (MakeCall(contact="the pope"), MakeCall(number="some number"), MakeCall(contact="a")):
        assert isinstance(decided(request), Refusal)


def test_there_is_no_second_call_beside_a_call() -> None:
    assert isinstance(decided(MakeCall(contact="Tom"), Call(CallPhase.ACTIVE, "Anna Li")), Refusal)


def test_redialling_takes_the_last_number_if_there_is_one() -> None:
    decision = decided(RedialCall(), Call(last_name="Tom", last_number="+441"))

    assert isinstance(decision, Plan)
    assert decision.steps == (LocalCall("phone.dial", {"name": "Tom", "number": "+441"}),)
    assert isinstance(decided(RedialCall()), Refusal)


@pytest.mark.parametrize(
    ("request_", "phase", "call"),
    [
        (AnswerCall(), CallPhase.RINGING, "phone.answer"),
        (RejectCall(), CallPhase.RINGING, "phone.reject"),
        (EndCall(), CallPhase.RINGING, "phone.reject"),
        (EndCall(), CallPhase.ACTIVE, "phone.hang_up"),
        (EndCall(), CallPhase.DIALLING, "phone.hang_up"),
    ],
)
def test_what_fits_the_call_is_done(request_: Request, phase: CallPhase, call: str) -> None:
    decision = decided(request_, Call(phase, "Tom", "+441"))

    assert isinstance(decision, Plan)
    assert decision.steps == (LocalCall(call),)


@pytest.mark.parametrize(
    ("request_", "phase"),
    [
        (AnswerCall(), CallPhase.NONE),
        (AnswerCall(), CallPhase.ACTIVE),
        (RejectCall(), CallPhase.ACTIVE),
        (EndCall(), CallPhase.NONE),
    ],
)
def test_what_does_not_fit_the_call_is_only_said(request_: Request, phase: CallPhase) -> None:
    assert isinstance(decided(request_, Call(phase)), Answer)


def test_a_caller_without_a_name_is_read_out_digit_by_digit() -> None:
    answer = decided(AskCaller(), Call(CallPhase.RINGING, "", "+4917"))

    assert isinstance(answer, Answer)
    assert answer.phrase.slots == {"who": "+ 4 9 1 7"}
