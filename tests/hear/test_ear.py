import queue
import threading
import time
from collections.abc import Iterable, Iterator
from itertools import count

import pytest

from assistant.core.audio import FRAME_BYTES, FRAME_MS, Frame
from assistant.core.effect import Expecting
from assistant.core.event import Cause, Event, Faulted, NothingHeard, SpeechPaused, SpeechStarted, TurnEnded, Woke
from assistant.errors import DeviceError
from assistant.hear.ear import AFTER_WORD_MS, Ear
from assistant.hear.turn import LEAD_MS

WORD, SPEECH, SILENCE = b"W", b"S", b"_"


class Script:
    """A source whose frames say what they are; it holds still until the test has spoken the next line."""

    def __init__(self) -> None:
        self._lines: queue.Queue[tuple[bytes, int] | None] = queue.Queue()
        self._idle = threading.Event()
        self.failure: Exception | None = None
        self.void = False
        self.hurried = False

    def hurry(self, now: bool) -> None:
        self.hurried = now

    def rest(self) -> None:
        raise AssertionError

    resume = look = rest

    def say(self, what: bytes, length_ms: int) -> None:
        self._lines.put((what, length_ms // FRAME_MS))
        self._lines.join()

    def frames(self) -> Iterable[Frame]:
        number = count(1)
        while (line := self._lines.get()) is not None:
            yield from self._spoken(line, number)
            self._lines.task_done()
        self._lines.task_done()
        if self.failure:
            raise self.failure

    def _spoken(self, line: tuple[bytes, int], number: Iterator[int]) -> Iterator[Frame]:
        for _ in range(line[1]):
            at = next(number)
            yield Frame(line[0] + at.to_bytes(4, "little") + bytes(FRAME_BYTES - 5), at * FRAME_MS / 1000, self.void)

    def close(self) -> None:
        self._lines.put(None)


class Hears:
    """Wake word and voice activity for scripted frames."""

    def __init__(self) -> None:
        self.frames = 0
        self.resets = 0

    maybe = False

    def hears(self, pcm: bytes, *, maybe_speech: bool) -> str | None:
        self.frames += 1
        assert maybe_speech is (pcm[:1] != SILENCE)
        return "word" if pcm[:1] == WORD else None

    def speech(self, pcm: bytes) -> bool:
        self.maybe = pcm[:1] != SILENCE
        return pcm[:1] == SPEECH

    def reset(self) -> None:
        self.resets += 1


class Car:
    """An ear with a script before it and its events behind it."""

    def __init__(self) -> None:
        self.script, self.hears = Script(), Hears()
        self.events: list[Event] = []
        numbers = count(1)
        self.ear = Ear(self.script, self.hears, self.hears, self.events.append, lambda: next(numbers))
        self.ear.start()

    def told(self) -> list[Event]:
        told = self.events[:]
        self.events.clear()
        return told


@pytest.fixture
def car() -> Iterator[Car]:
    car = Car()
    yield car
    car.ear.close()


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


def at_s(event: Event) -> float:
    assert isinstance(event, Woke | SpeechStarted | NothingHeard)
    return round(event.at, 2)


def length_ms(event: Event) -> int:
    assert isinstance(event, SpeechPaused | TurnEnded)
    return round(event.clip.seconds * 1000)


def test_nothing_happens_without_the_wake_word(car: Car) -> None:
    car.script.say(SILENCE, 500)
    car.script.say(SPEECH, 2000)
    car.script.say(SILENCE, 2000)

    assert car.told() == []


def test_frames_are_wanted_at_once_only_while_somebody_may_speak_or_a_turn_is_open(car: Car) -> None:
    car.script.say(SILENCE, 100)
    assert not car.script.hurried
    car.script.say(SPEECH, 100)
    assert car.script.hurried
    car.script.say(SILENCE, 100)
    assert not car.script.hurried

    car.ear.listen(1, Expecting.COMMAND, 6.0)
    assert car.script.hurried, "before the next frame"
    car.script.say(SILENCE, 3000)
    assert car.script.hurried
    car.script.say(SILENCE, 3500)
    assert kinds(car.told()) == [NothingHeard]
    assert not car.script.hurried


def test_a_turn_from_word_to_end(car: Car) -> None:
    car.script.say(SILENCE, 500)
    car.script.say(WORD, 20)
    car.script.say(SILENCE, 1000)
    car.script.say(SPEECH, 1000)
    car.script.say(SILENCE, 1000)
    woke, started, paused, ended = car.told()

    assert kinds([woke, started]) == [Woke, SpeechStarted]
    assert [at_s(woke), at_s(started)] == [0.52, 1.7]
    assert isinstance(woke, Woke)
    assert woke.cause is Cause.WORD
    assert isinstance(paused, SpeechPaused)
    assert isinstance(ended, TurnEnded)
    assert (paused.turn, paused.generation) == (ended.turn, ended.generation) == (1, 1)
    assert paused.clip is ended.clip
    assert length_ms(paused) == LEAD_MS + 1000 + 120
    assert paused.clip.ended == pytest.approx(2.52)
    assert paused.clip.started == pytest.approx(1.52 - LEAD_MS / 1000)


def test_a_settled_turn_ends_early_and_a_stale_settlement_does_nothing(car: Car) -> None:
    car.script.say(WORD, 20)
    car.script.say(SPEECH, 500)
    car.script.say(SILENCE, 140)
    car.ear.settle(1, 0)
    car.ear.settle(7, 1)
    car.script.say(SILENCE, 200)
    assert kinds(car.told()) == [Woke, SpeechStarted, SpeechPaused]
    car.ear.settle(1, 1)
    car.script.say(SILENCE, 20)

    assert kinds(car.told()) == [TurnEnded]


def test_more_speech_makes_a_new_generation_of_the_whole_sentence(car: Car) -> None:
    car.script.say(WORD, 20)
    car.script.say(SPEECH, 500)
    car.script.say(SILENCE, 200)
    car.ear.settle(1, 1)
    car.script.say(SPEECH, 500)
    car.script.say(SILENCE, 300)
    *_, first, second = car.told()

    assert isinstance(second, SpeechPaused)
    assert second.generation == 2
    assert length_ms(second) == length_ms(first) + 80 + 500 + 120
    car.script.say(SILENCE, 280)
    assert car.told() == []
    car.script.say(SILENCE, 20)
    assert kinds(car.told()) == [TurnEnded]


def test_the_wake_word_is_not_in_the_clip_of_a_command_in_one_breath(car: Car) -> None:
    car.script.say(SPEECH, 1000)
    car.script.say(WORD, 20)
    car.script.say(SPEECH, 500)
    car.script.say(SILENCE, 200)
    paused = car.told()[-1]

    assert length_ms(paused) == AFTER_WORD_MS + 500 + 120


def test_the_end_of_the_wake_word_alone_is_not_a_turn(car: Car) -> None:
    car.script.say(WORD, 20)
    car.script.say(SPEECH, 140)
    car.script.say(SILENCE, 7000)

    assert kinds(car.told()) == [Woke, NothingHeard]


def test_a_wake_word_in_the_middle_of_a_turn_opens_a_new_one(car: Car) -> None:
    car.script.say(WORD, 20)
    car.script.say(SPEECH, 500)
    car.script.say(WORD, 20)
    car.script.say(SPEECH, 500)
    car.script.say(SILENCE, 1000)
    events = car.told()

    assert kinds(events) == [Woke, SpeechStarted, Woke, SpeechStarted, SpeechPaused, TurnEnded]
    assert [event.turn for event in events] == [1, 1, 2, 2, 2, 2]


def test_listening_without_a_word_keeps_what_was_said_just_before(car: Car) -> None:
    car.script.say(SILENCE, 500)
    car.script.say(SPEECH, 100)
    car.ear.listen(4, Expecting.CONSENT, 5.0)
    car.script.say(SPEECH, 300)
    car.script.say(SILENCE, 600)
    events = car.told()

    assert kinds(events) == [SpeechStarted, SpeechPaused, TurnEnded]
    assert length_ms(events[1]) == LEAD_MS + 300 + 100


def test_a_turn_opened_again_goes_on_counting_generations(car: Car) -> None:
    for wanted in (1, 2):
        car.ear.listen(4, Expecting.CONSENT, 5.0)
        car.script.say(SPEECH, 300)
        car.script.say(SILENCE, 1000)
        ended = car.told()[-1]
        assert isinstance(ended, TurnEnded)
        assert ended.generation == wanted


def test_patience_is_what_listen_says(car: Car) -> None:
    car.ear.listen(4, Expecting.CHOICE, 2.0)
    car.script.say(SILENCE, 1980)
    assert car.told() == []
    car.script.say(SILENCE, 20)
    assert [(event.turn, at_s(event)) for event in car.told()] == [(4, 2.0)]


def test_listen_for_an_open_turn_keeps_its_sound(car: Car) -> None:
    car.script.say(SILENCE, 500)
    car.script.say(WORD, 20)
    car.script.say(SPEECH, 500)
    car.ear.listen(1, Expecting.CONSENT, 5.0)
    car.script.say(SILENCE, 520)
    events = car.told()

    assert kinds(events) == [Woke, SpeechStarted, SpeechPaused, TurnEnded]
    assert length_ms(events[-1]) == AFTER_WORD_MS + 500 + 100


def test_a_late_listen_for_an_old_turn_is_ignored(car: Car) -> None:
    car.ear.listen(5, Expecting.COMMAND, 5.0)
    car.script.say(SILENCE, 20)
    car.ear.listen(4, Expecting.CONSENT, 1.0)
    car.ear.stop_listening(4)
    car.script.say(SILENCE, 6000)

    assert [(event.turn, at_s(event)) for event in car.told()] == [(5, 5.0)]


def test_stop_listening_closes_without_an_event(car: Car) -> None:
    car.ear.listen(5, Expecting.COMMAND, 5.0)
    car.script.say(SPEECH, 300)
    car.told()
    car.ear.stop_listening(5)
    car.script.say(SILENCE, 6000)

    assert car.told() == []


def test_the_talk_button_opens_a_turn_for_its_seat(car: Car) -> None:
    car.script.say(SPEECH, 200)
    car.ear.push_to_talk("passenger")
    car.script.say(SPEECH, 300)
    car.script.say(SILENCE, 1000)
    events = car.told()

    assert kinds(events) == [Woke, SpeechStarted, SpeechPaused, TurnEnded]
    assert isinstance(events[0], Woke)
    assert events[0].cause is Cause.BUTTON
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].clip.seat == "passenger"
    assert length_ms(events[-1]) == 200 + 300 + 120


def test_mute_drops_every_frame_unheard(car: Car) -> None:
    car.script.say(SPEECH, 200)
    car.ear.mute(muted=True)
    before = car.hears.frames
    car.script.say(WORD, 20)
    car.script.say(SPEECH, 3000)
    car.ear.push_to_talk()
    car.script.say(SPEECH, 1000)

    assert car.hears.frames == before
    assert car.told() == []
    car.ear.mute(muted=False)
    car.ear.push_to_talk()
    car.script.say(SPEECH, 500)
    car.script.say(SILENCE, 200)
    assert length_ms(car.told()[-1]) == 500 + 120


def test_muting_an_open_turn_ends_it_and_listening_while_muted_hears_nothing(car: Car) -> None:
    car.script.say(WORD, 20)
    car.script.say(SPEECH, 500)
    car.ear.mute(muted=True)
    car.ear.listen(2, Expecting.CONSENT, 5.0)
    car.script.say(SPEECH, 20)

    assert kinds(car.told()) == [Woke, SpeechStarted, NothingHeard, NothingHeard]


def test_a_source_that_ends_in_the_middle_of_a_sentence_ends_the_turn() -> None:
    car = Car()
    car.script.say(WORD, 20)
    car.script.say(SPEECH, 500)
    car.ear.close()

    assert kinds(car.told()) == [Woke, SpeechStarted, TurnEnded]


def test_a_source_that_fails_says_so_and_ends_the_turn() -> None:
    car = Car()
    car.script.failure = DeviceError("gone", "plug it in")
    car.script.say(WORD, 20)
    car.ear.close()

    assert kinds(car.told()) == [Woke, Faulted, NothingHeard]


def test_an_ear_that_gets_no_frames_is_deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.hear.ear.DEAF_S", 0.2)
    car = Car()
    car.script.say(SILENCE, 40)
    assert not car.ear.deaf

    time.sleep(0.3)
    assert car.ear.deaf
    car.script.say(SILENCE, 40)

    assert not car.ear.deaf
    car.ear.close()


def test_without_a_device_nothing_is_looked_for_in_its_silence(car: Car) -> None:
    car.script.void = True
    car.script.say(WORD, 40)

    assert car.told() == []
    assert car.hears.frames == 0


def test_in_a_call_no_wake_word_is_heeded_but_the_button_is(car: Car) -> None:
    car.ear.mind_words(mind=False)
    car.script.say(WORD, 40)
    assert car.told() == []

    car.ear.push_to_talk()
    car.script.say(SILENCE, 40)
    assert kinds(car.told()) == [Woke]
    car.ear.mind_words(mind=True)
    car.script.say(WORD, 20)
    assert kinds(car.told()) == [Woke]
