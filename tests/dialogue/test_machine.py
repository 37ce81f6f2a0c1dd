"""Conversations as scripts: what is heard, what is done, what is said."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.core.audio import Clip
from assistant.core.effect import (
    Act,
    Effect,
    EndTurn,
    Expecting,
    Hush,
    Listen,
    Record,
    Say,
    SetTimer,
    StopListening,
    StopThinking,
    Think,
)
from assistant.core.event import (
    Acted,
    Button,
    Due,
    Faulted,
    News,
    NothingHeard,
    Pressed,
    SpeechPaused,
    Spoke,
    TimeUp,
    TurnEnded,
    Typed,
    Understood,
)
from assistant.core.headunit import Timer
from assistant.core.plan import Outcome, Plan, Refusal, Status
from assistant.core.request import Missing, Request, Source, Understanding
from assistant.core.text import Hypothesis, Phrase, Transcript
from assistant.core.vehicle import Zone
from assistant.dialogue.state import Phase
from assistant.skills.conversation import Affirm, Cancel, Deny, Repeat, Stop, Undo
from tests.dialogue.conftest import (
    CALL,
    CLIP,
    LATE,
    MOVING,
    RULES,
    STANDING,
    Buy,
    Crash,
    Nudge,
    Ring,
    Stage,
    Tell,
    Warm,
    acts,
    ended,
    listens,
    meaning,
    records,
    said,
)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def buying(stage: Stage) -> Stage:
    """Bring the conversation to the open window of a read-back."""
    stage.ask("order it", Buy())
    stage.spoke()
    assert stage.dialogue.phase is Phase.CONFIRMING
    return stage


# a sentence


def test_a_command_is_done_and_then_said_to_be_done(stage: Stage) -> None:
    heard = stage.ask("warm it", Warm())

    assert acts(heard) == ["Warm"]
    assert said(heard) == []
    assert said(stage.acted()) == ["warm.done"]
    assert records(stage.effects) == ["intent", "outcome"]


def test_thinking_begins_in_the_pause_and_a_whole_sentence_ends_the_turn_early(stage: Stage) -> None:
    stage.wake()

    assert stage.feed(SpeechPaused(1, 0, CLIP)) == (Think(1, 0, Expecting.COMMAND, CLIP),)
    assert stage.feed(meaning(1, 0, "warm it", Warm(), complete=True)) == (EndTurn(1, 0),)
    assert acts(stage.feed(TurnEnded(1, 0, CLIP))) == ["Warm"]


def test_a_sentence_that_may_go_on_is_not_ended_early(stage: Stage) -> None:
    stage.wake()
    stage.feed(SpeechPaused(1, 0, CLIP))

    assert stage.feed(meaning(1, 0, "warm it", Warm())) == ()


def test_more_speech_discards_what_was_guessed(stage: Stage) -> None:
    stage.wake()
    stage.feed(SpeechPaused(1, 0, CLIP))

    again = stage.feed(SpeechPaused(1, 1, CLIP))
    late = stage.feed(meaning(1, 0, "warm it", Warm()))

    assert again == (StopThinking(1), Think(1, 1, Expecting.COMMAND, CLIP))
    assert late == ()
    assert acts(stage.feed(TurnEnded(1, 1, CLIP), meaning(1, 1, "warm it not", Tell()))) == []


def test_a_guess_is_worth_nothing_if_speech_went_on_before_the_turn_ended(stage: Stage) -> None:
    stage.wake()
    stage.feed(SpeechPaused(1, 0, CLIP), meaning(1, 0, "warm it", Warm()))

    ended_later = stage.feed(TurnEnded(1, 1, CLIP))

    assert acts(ended_later) == []
    assert any(isinstance(effect, Think) and effect.generation == 1 for effect in ended_later)


def test_several_requests_are_worked_off_in_their_order_and_told_together(stage: Stage) -> None:
    first = stage.ask("warm it and nudge it and tell me", Warm(), Nudge(), Tell())
    second = stage.acted()
    end = stage.acted()

    assert (acts(first), acts(second)) == (["Warm"], ["Nudge"])
    assert said(first) + said(second) == []
    assert said(end) == ["warm.done", "nudge.done", "tell.answer"]


def test_what_is_not_understood_is_said_so_to_somebody_who_called_us(stage: Stage) -> None:
    assert said(stage.ask("flibbertigibbet")) == ["dialogue.not_understood"]


def test_a_wake_word_with_no_words_after_it_is_answered_with_nothing(stage: Stage) -> None:
    assert said(stage.ask("")) == []
    assert stage.dialogue.phase is Phase.IDLE


def test_a_refusal_is_said_and_written_down(stage: Stage) -> None:
    refused = stage.ask("crash", Crash())

    assert said(refused) == ["crash.never"]
    assert Record(1, "refusal", {"request": "Crash", "reason": "forbidden"}) in refused


def test_the_guard_has_the_last_word_before_a_plan_is_handed_out(stage: Stage) -> None:
    stage.rules = replace(RULES, review=lambda plan, _: Refusal(plan.request, Phrase("reason.driving"), "driving"))

    assert said(stage.ask("warm it", Warm())) == ["reason.driving"]
    assert said(stage.ask("order it", Buy())) == ["reason.driving"]
    assert acts(stage.effects) == []


def test_whoever_speaks_is_who_is_judged(stage: Stage) -> None:
    stage.wake()
    rear = Clip(b"", 0.0, 0.0, Zone.REAR_LEFT)

    stage.feed(TurnEnded(1, 0, rear))
    (act,) = [effect for effect in stage.feed(meaning(1, 0, "warm it", Warm())) if isinstance(effect, Act)]

    assert act.seat is Zone.REAR_LEFT


# the truth


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (Status.FAILED, "timeout", ["dialogue.outcome_failed", "reason.timeout"]),
        (Status.REFUSED, "driving", ["dialogue.outcome_refused", "reason.driving"]),
        (Status.UNKNOWN, "", ["dialogue.outcome_unknown"]),
        (Status.QUEUED, "", ["dialogue.outcome_queued"]),
    ],
)
def test_what_is_not_done_is_not_said_to_be_done(stage: Stage, status: Status, reason: str, words: list[str]) -> None:
    stage.ask("warm it", Warm())

    assert said(stage.acted(status, reason)) == words
    assert stage.dialogue.last_done is None


def test_a_step_without_an_outcome_is_unknown(stage: Stage) -> None:
    stage.ask("warm it", Warm())

    assert said(stage.feed(Acted(1, ()))) == ["dialogue.outcome_unknown"]


def test_half_done_is_said_as_half_done(stage: Stage) -> None:
    twice = Plan(Warm(), (CALL, CALL), Phrase("warm.done"))
    stage.rules = replace(RULES, decide=lambda _request, _context: twice)
    stage.ask("warm it twice", Warm())

    outcomes = (Outcome(CALL, Status.DONE), Outcome(CALL, Status.FAILED, reason="timeout"))

    assert said(stage.feed(Acted(1, outcomes))) == ["dialogue.outcome_partly", "reason.timeout"]


# a yes


def test_a_risky_plan_waits_for_a_yes_after_its_read_back(stage: Stage) -> None:
    asked = stage.ask("order it", Buy())
    assert (said(asked), acts(asked), listens(asked)) == (["buy.read_back"], [], [])

    assert listens(stage.spoke()) == ["consent"]
    assert acts(stage.hear("yes please", Affirm())) == ["Buy"]
    assert said(stage.acted()) == ["buy.done"]
    assert records(stage.effects) == ["intent", "consent", "outcome"]


def doubted(stage: Stage, *requests: Request) -> tuple[Effect, ...]:
    """Say what is understood with doubt."""
    return stage.wake() + stage.feed(
        TurnEnded(stage.turn, 0, CLIP), meaning(stage.turn, 0, "warmish", *requests, unsure=True)
    )


def test_what_was_understood_with_doubt_is_done_only_after_a_yes(stage: Stage) -> None:
    asked = doubted(stage, Warm(), Tell())

    assert (said(asked), acts(asked)) == (["dialogue.did_you_mean"], [])
    stage.spoke()
    assert acts(stage.hear("yes", Affirm())) == ["Warm"]
    assert said(stage.acted()) == ["warm.done", "tell.answer"]


def test_a_no_to_a_doubt_does_nothing_and_the_next_sentence_is_not_doubted(stage: Stage) -> None:
    doubted(stage, Warm())
    stage.spoke()

    assert acts(stage.hear("no", Deny())) == []
    assert acts(stage.ask("warm it", Warm())) == ["Warm"]


def test_doubt_takes_nothing_from_what_is_read_back_anyway(stage: Stage) -> None:
    assert said(doubted(stage, Buy())) == ["buy.read_back"]


def test_silence_is_not_consent(stage: Stage) -> None:
    buying(stage)

    once = stage.feed(NothingHeard(1, 1.0))
    stage.spoke()
    twice = stage.feed(NothingHeard(1, 2.0))

    assert said(once) == ["dialogue.yes_or_no", "buy.read_back"]
    assert said(twice) == ["dialogue.dropped"]
    assert acts(stage.effects) == []


def test_an_unclear_answer_asks_once_more_and_then_drops(stage: Stage) -> None:
    buying(stage)

    once = stage.hear("yeah no")
    stage.spoke()
    twice = stage.hear("I'm not sure")

    assert said(once) == ["dialogue.yes_or_no", "buy.read_back"]
    assert said(twice) == ["dialogue.dropped"]
    assert acts(stage.effects) == []


@pytest.mark.parametrize("text", ["no, please cancel", "yes but cheaper", "set it to yes", "", "yes?"])
def test_what_is_not_wholly_a_yes_buys_nothing_even_if_understanding_calls_it_one(stage: Stage, text: str) -> None:
    buying(stage)

    assert acts(stage.hear(text, Affirm())) == []


def test_a_yes_that_understanding_takes_for_a_no_buys_nothing(stage: Stage) -> None:
    buying(stage)

    assert acts(stage.hear("yes", Deny())) == []


def test_a_yes_that_another_recogniser_heard_as_a_no_buys_nothing(stage: Stage) -> None:
    buying(stage)
    transcript = Transcript("yes", "en", 0.9, (Hypothesis("no", 0.8, bound=True),))

    stage.feed(TurnEnded(1, 1, CLIP))

    assert acts(stage.feed(Understood(1, 1, transcript, Understanding()))) == []


def test_a_no_drops_the_plan_and_the_rest_goes_on(stage: Stage) -> None:
    stage.ask("order it and warm it", Buy(), Warm())
    stage.spoke()

    denied = stage.hear("no thanks")

    assert acts(denied) == ["Warm"]
    assert said(stage.acted()) == ["dialogue.cancelled", "warm.done"]


def test_one_yes_is_for_one_plan(stage: Stage) -> None:
    stage.ask("order it twice", Buy(), Buy())
    stage.spoke()
    assert acts(stage.hear("yes")) == ["Buy"]

    second = stage.acted()
    assert (said(second), acts(second)) == (["buy.done", "buy.read_back"], [])
    assert acts(stage.feed(meaning(1, 0, "yes"), meaning(1, 1, "yes"), Pressed(1, Button.CONFIRM))) == []


def test_a_yes_before_the_read_back_has_ended_is_none(stage: Stage) -> None:
    stage.ask("order it", Buy())

    early = stage.hear("yes")
    pressed = stage.feed(Pressed(1, Button.CONFIRM))

    assert acts(early + pressed) == []
    assert stage.dialogue.phase is Phase.READING


def test_a_read_back_that_was_cut_off_is_read_again(stage: Stage) -> None:
    stage.ask("order it", Buy())

    cut = stage.spoke(whole=False)

    assert said(cut) == ["dialogue.yes_or_no", "buy.read_back"]
    assert acts(stage.feed(Pressed(1, Button.CONFIRM))) == []
    assert said(stage.spoke(whole=False)) == ["dialogue.dropped"]


def test_the_end_of_another_utterance_does_not_open_the_window(stage: Stage) -> None:
    stage.wake()
    stage.feed(TurnEnded(1, 0, CLIP), TimeUp(1, "sign"))
    sign = stage.dialogue.utterance
    stage.feed(meaning(1, 0, "order it", Buy()))

    stage.feed(Spoke(1, whole=True, utterance=sign))

    assert stage.dialogue.phase is Phase.READING


def test_a_yes_after_the_window_buys_nothing(stage: Stage) -> None:
    buying(stage)
    stage.context = LATE

    assert acts(stage.hear("yes")) == []
    assert said(stage.effects)[-1] == "dialogue.dropped"


def test_the_window_closes_by_itself(stage: Stage) -> None:
    buying(stage)
    assert SetTimer(1, "consent", 30.0) in stage.effects

    assert said(stage.feed(TimeUp(1, "consent"))) == ["dialogue.dropped"]
    assert StopListening(1) in stage.effects
    assert acts(stage.feed(Pressed(1, Button.CONFIRM))) == []


def test_the_buttons_say_yes_and_no_too(stage: Stage) -> None:
    assert acts(buying(stage).feed(Pressed(1, Button.CONFIRM))) == ["Buy"]

    other = buying(Stage())
    assert said(other.feed(Pressed(1, Button.DENY))) == ["dialogue.cancelled"]
    assert acts(other.effects) == []


def test_a_button_of_an_older_turn_confirms_nothing(stage: Stage) -> None:
    stage.ask("tell me", Tell())
    stage.ask("order it", Buy())
    stage.spoke()

    assert stage.feed(Pressed(1, Button.CONFIRM)) == ()


def test_no_may_be_said_by_button_while_we_still_read(stage: Stage) -> None:
    stage.ask("order it", Buy())

    denied = stage.feed(Pressed(1, Button.DENY))

    assert Hush(1) in denied
    assert said(denied) == ["dialogue.cancelled"]


def test_a_yes_does_not_end_the_turn_early_but_a_no_does(stage: Stage) -> None:
    buying(stage)
    stage.feed(SpeechPaused(1, 1, CLIP))
    assert stage.feed(meaning(1, 1, "yes", Affirm(), complete=True)) == ()

    stage.feed(SpeechPaused(1, 2, CLIP))
    assert stage.feed(meaning(1, 2, "no")) == (EndTurn(1, 2),)


def test_the_car_that_drove_off_meanwhile_is_judged_again(stage: Stage) -> None:
    buying(stage)
    stage.rules = replace(RULES, review=lambda plan, _: Refusal(plan.request, Phrase("reason.driving"), "driving"))

    assert said(stage.hear("yes")) == ["reason.driving"]
    assert acts(stage.effects) == []


def test_what_did_you_say_reads_it_back_again(stage: Stage) -> None:
    buying(stage)

    assert said(stage.hear("say that again", Repeat())) == ["buy.read_back"]
    assert acts(stage.feed(Pressed(1, Button.CONFIRM))) == []


def test_the_wake_word_before_the_yes_keeps_the_window_open(stage: Stage) -> None:
    buying(stage)
    stage.wake()

    assert acts(stage.hear("yes")) == ["Buy"]


def test_the_wake_word_and_another_wish_drop_the_plan(stage: Stage) -> None:
    buying(stage)
    stage.wake()

    assert acts(stage.hear("warm it", Warm())) == ["Warm"]
    assert records(stage.effects) == ["intent", "dropped", "intent"]


def test_the_wake_word_in_the_middle_of_the_read_back_drops_the_plan(stage: Stage) -> None:
    stage.ask("order it", Buy())
    woken = stage.wake()

    assert Hush(1) in woken
    assert acts(stage.hear("yes", Affirm())) == []


# a question


def test_a_question_is_answered_into_the_request_that_lacked_it(stage: Stage) -> None:
    asked = stage.ask("ring", Ring())
    listening = stage.spoke()

    assert (said(asked), listens(listening)) == (["ring.who"], ["choice"])
    (act,) = [effect for effect in stage.hear("Bob.") if isinstance(effect, Act)]
    assert act.plan.request == Ring("Bob")


def test_an_answer_may_name_the_place_in_the_list(stage: Stage) -> None:
    stage.ask("ring", Ring())
    stage.spoke()

    (act,) = [effect for effect in stage.hear("the second one") if isinstance(effect, Act)]

    assert act.plan.request == Ring("Bob")


def test_an_answer_may_be_a_whole_sentence(stage: Stage) -> None:
    stage.ask("ring", Ring())
    stage.spoke()

    (act,) = [effect for effect in stage.hear("ring ann", Ring("Ann")) if isinstance(effect, Act)]

    assert act.plan.request == Ring("Ann")


def test_at_most_three_choices_are_open(stage: Stage) -> None:
    stage.ask("ring", Ring())

    assert stage.dialogue.question is not None
    assert stage.dialogue.question.choices == ("Ann", "Bob", "Cleo")


def test_another_wish_takes_the_place_of_the_question(stage: Stage) -> None:
    stage.ask("ring", Ring())
    stage.spoke()

    assert acts(stage.hear("warm it", Warm())) == ["Warm"]
    assert stage.dialogue.question is None


def test_no_answer_asks_once_more_and_then_leaves_it(stage: Stage) -> None:
    stage.ask("ring", Ring())
    stage.spoke()

    once = stage.feed(NothingHeard(1, 1.0))
    stage.spoke()

    assert said(once) == ["dialogue.not_understood", "ring.who"]
    assert said(stage.feed(NothingHeard(1, 2.0))) == ["dialogue.dropped"]


def test_never_mind_drops_the_question(stage: Stage) -> None:
    stage.ask("ring", Ring())
    stage.spoke()

    assert said(stage.hear("never mind", Cancel())) == ["dialogue.cancelled"]


def test_the_question_goes_along_to_understanding(stage: Stage) -> None:
    stage.ask("ring", Ring())
    stage.spoke()

    (think,) = [effect for effect in stage.feed(TurnEnded(1, 1, CLIP)) if isinstance(effect, Think)]

    assert think.asked == stage.dialogue.question
    assert think.expecting is Expecting.CHOICE


def test_several_names_that_fit_are_asked_about(stage: Stage) -> None:
    stage.wake()
    stage.feed(TurnEnded(1, 0, CLIP))
    doubtful = Understanding((Ring("an"),), (Missing("Ring", "name", ("Ann", "Anne")),), 0.5, Source.SOUND)

    asked = stage.feed(Understood(1, 0, Transcript("ring an", "en"), doubtful))
    stage.spoke()

    assert said(asked) == ["dialogue.which_one"]
    assert acts(stage.hear("the first")) == ["Ring"]


def test_a_driver_is_asked_no_third_question_in_a_row(stage: Stage) -> None:
    stage.context = MOVING
    stage.ask("ring and ring and ring", Ring(), Ring(), Ring())
    stage.spoke()
    stage.hear("Ann")
    assert said(stage.acted()) == ["ring.done", "ring.who"]
    stage.spoke()
    stage.hear("Bob")

    assert said(stage.acted()) == ["ring.done", "dialogue.ask_later"]


def test_a_driver_hears_no_more_than_three_of_a_list(stage: Stage) -> None:
    stage.context = MOVING
    news = Phrase("weather.days", {"days": ("a", "b", "c", "d", "e")})

    (say,) = [effect for effect in stage.feed(News(0, news)) if isinstance(effect, Say)]

    assert say.phrases[0].slots["days"] == ("a", "b", "c")


# barge-in, stop, cancel, undo, repeat


def test_the_wake_word_hushes_the_voice_and_not_the_order(stage: Stage) -> None:
    stage.ask("warm it and tell me", Warm())
    stage.acted()

    assert Hush(1) in stage.wake()
    assert stage.dialogue.phase is Phase.LISTENING


def test_an_order_that_was_left_behind_goes_on_and_its_trouble_is_told(stage: Stage) -> None:
    stage.ask("warm it", Warm())
    stage.ask("nudge it", Nudge())

    assert stage.feed(ended(1, Status.FAILED, "timeout"))[-1] == Record(
        1, "outcome", {"request": "Warm", "status": "failed", "reason": "timeout"}
    )
    assert said(stage.acted()) == ["nudge.done"]
    assert said(stage.spoke()) == ["dialogue.outcome_failed", "reason.timeout"]


def test_an_order_that_was_left_behind_and_is_done_is_not_talked_about(stage: Stage) -> None:
    stage.ask("warm it", Warm())
    stage.ask("tell me", Tell())

    assert said(stage.feed(ended(1))) == []
    assert stage.dialogue.last_done is not None


def test_what_an_interruption_left_undone_is_said(stage: Stage) -> None:
    stage.ask("warm it and nudge it", Warm(), Nudge())
    stage.ask("tell me", Tell())

    assert said(stage.spoke()) == ["dialogue.rest_dropped"]
    assert acts(stage.effects) == ["Warm"]


@pytest.mark.parametrize("wishes", [(Warm(),), (Buy(),), (Ring(),), (Tell(),)])
def test_stop_says_nothing_more_and_rests(stage: Stage, wishes: tuple[Warm | Buy | Ring | Tell, ...]) -> None:
    stage.ask("something", *wishes)

    stopped = stage.ask("stop", Stop())

    assert said(stopped) == []
    assert stage.dialogue.phase is Phase.IDLE


def test_stop_in_answer_to_a_read_back_drops_it(stage: Stage) -> None:
    buying(stage)

    assert said(stage.hear("stop", Stop())) == []
    assert stage.dialogue.phase is Phase.IDLE
    assert records(stage.effects) == ["intent", "dropped"]


def test_the_cancel_button_hushes_and_rests(stage: Stage) -> None:
    stage.ask("tell me", Tell())

    assert Hush(1) in stage.feed(Pressed(1, Button.CANCEL))
    assert stage.dialogue.phase is Phase.IDLE


def test_undo_takes_back_the_last_thing_and_says_what(stage: Stage) -> None:
    stage.ask("warm it", Warm())
    stage.acted()

    (act,) = [effect for effect in stage.ask("undo that", Undo()) if isinstance(effect, Act)]

    assert act.undoing
    assert [step.name for step in act.plan.steps if hasattr(step, "name")] == ["media.pause"]
    assert said(stage.acted()) == ["dialogue.undone"]
    assert stage.dialogue.last_done is None


def test_undo_after_something_that_cannot_be_undone_takes_back_nothing_older(stage: Stage) -> None:
    stage.ask("warm it", Warm())
    stage.acted()
    stage.ask("nudge it", Nudge())
    stage.acted()

    assert acts(stage.ask("undo that", Undo())) == []


def test_repeat_says_the_last_answer_again(stage: Stage) -> None:
    stage.ask("tell me and tell me", Tell(), Tell())
    stage.spoke()

    assert said(stage.hear("say that again", Repeat())) == ["tell.answer", "tell.answer"]


def test_yes_without_a_question_does_nothing(stage: Stage) -> None:
    assert acts(stage.ask("yes", Affirm())) == []


# the follow-up window


def test_after_an_answer_the_next_sentence_needs_no_wake_word(stage: Stage) -> None:
    stage.ask("tell me", Tell())

    assert Listen(1, Expecting.COMMAND, 5.0) in stage.spoke()
    assert acts(stage.hear("warm it", Warm())) == ["Warm"]


def test_nobody_speaking_in_the_follow_up_window_is_met_with_silence(stage: Stage) -> None:
    stage.ask("tell me", Tell())
    stage.spoke()

    assert said(stage.feed(NothingHeard(1, 1.0))) == []
    assert stage.dialogue.phase is Phase.IDLE


@pytest.mark.parametrize("text", ["turn left at the church", "no", "yes"])
def test_talk_that_is_not_for_us_is_met_with_silence(stage: Stage, text: str) -> None:
    stage.ask("tell me", Tell())
    stage.spoke()

    assert said(stage.hear(text, *((Deny(),) if text == "no" else (Affirm(),) if text == "yes" else ()))) == []
    assert stage.dialogue.phase is Phase.IDLE


def test_the_follow_up_window_can_be_switched_off(stage: Stage) -> None:
    stage.rules = replace(RULES, follow_up_s=0.0)
    stage.ask("tell me", Tell())

    assert listens(stage.spoke()) == []
    assert stage.dialogue.phase is Phase.IDLE


# waiting


def test_long_work_gets_one_sign_that_it_is_under_way(stage: Stage) -> None:
    stage.wake()
    assert SetTimer(1, "sign", 1.0) in stage.feed(TurnEnded(1, 0, CLIP))

    assert said(stage.feed(TimeUp(1, "sign"))) == ["dialogue.thinking"]
    assert said(stage.feed(meaning(1, 0, "warm it", Warm()), TimeUp(1, "sign"))) == []


def test_a_plan_that_takes_too_long_is_told_of_later(stage: Stage) -> None:
    stage.ask("warm it", Warm())

    assert said(stage.feed(TimeUp(1, "limit"))) == ["dialogue.still_working"]
    stage.spoke()
    stage.feed(NothingHeard(1, 1.0))
    assert said(stage.feed(ended(1))) == ["warm.done"]


def test_a_thought_that_never_comes_is_given_up(stage: Stage) -> None:
    stage.wake()
    stage.feed(TurnEnded(1, 0, CLIP))

    given_up = stage.feed(TimeUp(1, "limit"))

    assert StopThinking(1) in given_up
    assert said(given_up) == ["error.too_slow"]
    assert stage.feed(meaning(1, 0, "warm it", Warm())) == ()


def test_a_fault_is_said_and_the_dialogue_rests(stage: Stage) -> None:
    stage.wake()

    assert said(stage.feed(Faulted(1, Phrase("error.device")))) == ["error.device"]
    assert listens(stage.spoke()) == []
    assert stage.dialogue.phase is Phase.IDLE


def test_a_voice_that_fails_is_not_asked_to_say_so(stage: Stage) -> None:
    stage.ask("order it", Buy())

    assert said(stage.feed(Faulted(1, Phrase("error.device")))) == []
    assert stage.dialogue.phase is Phase.IDLE


def test_a_voice_that_fails_at_the_sign_does_not_touch_the_order(stage: Stage) -> None:
    stage.ask("warm it", Warm())
    stage.feed(TimeUp(1, "sign"), Faulted(1, Phrase("error.device")))

    assert said(stage.acted()) == ["warm.done"]


# what happens in the world


def test_news_is_spoken_at_once_in_rest(stage: Stage) -> None:
    assert said(stage.feed(News(0, Phrase("news.one")))) == ["news.one"]
    assert listens(stage.spoke()) == []


def test_news_waits_for_the_end_of_a_conversation(stage: Stage) -> None:
    stage.ask("tell me", Tell())
    timer = Timer("t", STANDING.now, "timer", "", 600.0)

    assert said(stage.feed(News(1, Phrase("news.one")), Due(1, timer))) == []
    assert said(stage.spoke()) == ["dialogue.due_timer", "news.one"]


def test_a_due_timer_says_for_how_long_and_for_what(stage: Stage) -> None:
    pasta = Timer("t", STANDING.now, "timer", "pasta", 600.0)

    (say,) = [effect for effect in stage.feed(Due(0, pasta)) if isinstance(effect, Say)]

    assert say.phrases[0].key == "dialogue.due_timer_named"
    assert say.phrases[0].slots["length"] == timedelta(minutes=10)


def test_too_much_news_is_cut(stage: Stage) -> None:
    stage.wake()
    stage.feed(*(News(1, Phrase(f"news.{number}")) for number in range(50)))

    assert len(stage.dialogue.waiting) == RULES.waiting_limit


def test_after_stop_waiting_news_waits_a_little_longer(stage: Stage) -> None:
    stage.wake()
    stage.feed(News(1, Phrase("news.one")))

    stopped = stage.hear("stop", Stop())

    assert (said(stopped), SetTimer(1, "quiet", 10.0) in stopped) == ([], True)
    assert said(stage.feed(TimeUp(1, "quiet"))) == ["news.one"]


# typing


def test_a_typed_sentence_runs_the_same_path_without_an_ear(stage: Stage) -> None:
    typed = stage.type("warm it", Warm())

    assert acts(typed) == ["Warm"]
    assert said(stage.acted()) == ["warm.done"]
    assert listens(stage.spoke()) == []
    assert stage.dialogue.phase is Phase.IDLE


def test_a_typed_order_waits_for_a_typed_yes_after_its_read_back(stage: Stage) -> None:
    stage.type("order it", Buy())
    assert acts(stage.feed(Typed(2, "yes", "en"), meaning(2, 0, "yes", Affirm()))) == []

    stage.type("order it", Buy())
    assert listens(stage.spoke()) == []
    assert acts(stage.type("yes", Affirm())) == ["Buy"]


def test_a_typed_order_can_be_confirmed_by_button(stage: Stage) -> None:
    stage.type("order it", Buy())
    stage.spoke()

    assert acts(stage.feed(Pressed(1, Button.CONFIRM))) == ["Buy"]


def test_a_typed_answer_comes_in_the_language_of_the_sentence(stage: Stage) -> None:
    stage.type("讲给我听", Tell(), language="zh")

    assert [effect.language for effect in stage.effects if isinstance(effect, Say)] == ["zh"]


def test_a_typed_sentence_closes_the_ear_and_hushes_the_voice(stage: Stage) -> None:
    stage.wake()
    assert StopListening(1) in stage.type("tell me", Tell())
    assert Hush(2) in stage.type("tell me", Tell())
