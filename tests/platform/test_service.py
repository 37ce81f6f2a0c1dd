"""Cabin on a real bus, with the whole assistant behind it and other programs' eyes on it."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")

from assistant.app import App
from assistant.config import Config, Dbus, Model, Paths, Speak
from assistant.errors import BusError, Trouble
from assistant.platform.bus import Bus, wait_until

CABIN = ("org.cabin.Assistant1", "/org/cabin/Assistant1")
I = "org.cabin.Assistant1"  # noqa: E741 - the interface, in every line below


class PrivateBus(Protocol):
    address: str

    def start(self) -> None: ...

    def kill(self) -> None: ...


@pytest.fixture
def app(private_bus: PrivateBus, tmp_path: Path) -> Iterator[App]:
    """Run a whole assistant without sound on the private bus."""
    config = replace(
        Config(),
        dbus=Dbus("yes", private_bus.address),
        model=Model(name="none"),
        speak=Speak(engine="none"),
        paths=Paths(state=str(tmp_path), cache=str(tmp_path)),
    )
    made: list[App] = []
    running = threading.Event()

    def live() -> None:
        made.append(App(config))
        made[0].appear()
        made[0].loop.call(running.set)
        made[0].loop.run()
        made[0].close()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    assert running.wait(20)
    yield made[0]
    made[0].loop.stop()
    thread.join(10)


@pytest.fixture
def screen(private_bus: PrivateBus, app: App) -> Iterator[Bus]:
    """Another program on the bus."""
    bus = Bus(private_bus.address)
    yield bus
    bus.close()


class Ears:
    """What a program hears of a signal."""

    def __init__(self, bus: Bus, signal: str) -> None:
        self.all: list[tuple[Any, ...]] = []
        bus.listen("", signal, lambda _sender, _path, arguments: self.all.append(arguments))

    def until(self, enough: Callable[[list[tuple[Any, ...]]], bool], within_s: float = 20.0) -> list[tuple[Any, ...]]:
        assert wait_until(lambda: enough(self.all), within_s), self.all
        return self.all


def test_a_sentence_over_the_bus_is_done_and_answered(app: App, screen: Bus) -> None:
    replies = Ears(screen, f"{I}.Reply")

    (turn,) = screen.call(CABIN, f"{I}.Ask", "ss", "turn on the air conditioning", "en")

    replies.until(lambda all_: any("conditioning" in text for _, text, _ in all_))
    assert {(number, language) for number, _, language in replies.all} == {(turn, "en")}
    assert app.vehicle.car().value("Vehicle.Cabin.HVAC.IsAirConditioningActive") is True


def test_the_state_is_told_as_signal_and_as_property(screen: Bus) -> None:
    states, changes = (
        Ears(screen, f"{I}.StateChanged"),
        Ears(screen, "org.freedesktop.DBus.Properties.PropertiesChanged"),
    )

    (turn,) = screen.call(CABIN, f"{I}.Ask", "ss", "what time is it", "")

    told = states.until(lambda all_: bool(all_) and all_[-1][0] == "idle")
    assert "thinking" in [state for state, _ in told]
    assert {number for _, number in told} == {turn}
    assert screen.get(CABIN, f"{I}.State") == "idle"
    changes.until(lambda all_: bool(all_) and all_[-1][1].get("State") == "idle")
    assert [change[1]["State"] for change in changes.all] == [state for state, _ in told]


def test_words_are_told_only_to_who_follows(private_bus: PrivateBus, screen: Bus) -> None:
    other = Bus(private_bus.address)
    stranger, follower = Ears(other, f"{I}.Transcript"), Ears(screen, f"{I}.Transcript")
    replies = Ears(screen, f"{I}.Reply")
    screen.call(CABIN, f"{I}.Follow")

    (turn,) = screen.call(CABIN, f"{I}.Ask", "ss", "现在几点", "zh")
    assert follower.until(bool)[0] == (turn, "现在几点", "zh")
    screen.call(CABIN, f"{I}.Unfollow")
    (later,) = screen.call(CABIN, f"{I}.Ask", "ss", "what time is it", "en")
    replies.until(lambda all_: any(number == later for number, _, _ in all_))

    assert len(follower.all) == 1
    assert stranger.all == []
    other.close()


def test_a_follower_that_leaves_the_bus_is_forgotten(private_bus: PrivateBus, app: App, screen: Bus) -> None:
    other = Bus(private_bus.address)
    other.call(CABIN, f"{I}.Follow")
    assert app.door is not None
    service = app.door._outside
    assert len(service._followers) == 1  # type: ignore[union-attr]

    other.close()

    assert wait_until(lambda: not service._followers, 2.0)  # type: ignore[union-attr]


@pytest.mark.parametrize("button", ["Confirm", "Deny"])
def test_a_risky_wish_is_shown_as_a_card_and_a_button_answers_it(screen: Bus, button: str) -> None:
    cards, states = Ears(screen, f"{I}.Confirmation"), Ears(screen, f"{I}.StateChanged")
    replies = Ears(screen, f"{I}.Reply")
    screen.call(CABIN, f"{I}.Ask", "ss", "delete all my data", "en")

    ((turn, text, card),) = cards.until(bool)
    states.until(lambda all_: all_[-1][0] == "confirming")
    before = len(replies.all)
    screen.call(CABIN, f"{I}.{button}", "u", turn + 1)
    time.sleep(0.2)
    assert screen.get(CABIN, f"{I}.State") == "confirming"
    screen.call(CABIN, f"{I}.{button}", "u", turn)

    states.until(lambda all_: all_[-1][0] == "idle")
    assert "?" in text
    assert card["risk"] != "none"
    assert card["request"]
    assert len(replies.all) > before


def test_another_program_may_have_something_said(screen: Bus) -> None:
    replies = Ears(screen, f"{I}.Reply")

    screen.call(CABIN, f"{I}.Say", "s", "Rain is coming.")

    assert replies.until(bool)[0][1] == "Rain is coming."


@pytest.mark.parametrize(
    ("method", "kinds", "arguments", "name"),
    [
        ("Ask", "ss", ("", "en"), f"{I}.Error.InvalidArgs"),
        ("Ask", "ss", ("two\nlines", "en"), f"{I}.Error.InvalidArgs"),
        ("Ask", "ss", ("x" * 501, "en"), f"{I}.Error.InvalidArgs"),
        ("Ask", "ss", ("hello", "fr"), f"{I}.Error.InvalidArgs"),
        ("Ask", "us", (5, "en"), "org.freedesktop.DBus.Error.InvalidArgs"),
        ("Ask", "s", ("hello",), "org.freedesktop.DBus.Error.InvalidArgs"),
        ("Listen", "", (), f"{I}.Error.NoMicrophone"),
        ("ConfirmWithPin", "us", (1, "12"), f"{I}.Error.InvalidArgs"),
        ("ConfirmWithPin", "us", (1, "12a4"), f"{I}.Error.InvalidArgs"),
        ("Fly", "", (), "org.freedesktop.DBus.Error.UnknownMethod"),
    ],
)
def test_a_wrong_call_is_answered_with_an_error(
    screen: Bus, method: str, kinds: str, arguments: tuple[object, ...], name: str
) -> None:
    with pytest.raises(BusError) as caught:
        screen.call(CABIN, f"{I}.{method}", kinds, *arguments)

    assert caught.value.trouble is Trouble.REFUSED
    assert caught.value.name == name


def test_properties_keep_their_rules(screen: Bus) -> None:
    everything = screen.call(CABIN, "org.freedesktop.DBus.Properties.GetAll", "s", I)[0]
    assert everything == {"State": "idle", "Language": "en", "Online": False, "MicrophoneMuted": False}
    for name, kind, value in [("State", "s", "busy"), ("MicrophoneMuted", "s", "yes"), ("Nothing", "b", True)]:
        with pytest.raises(BusError):
            screen.set(CABIN, f"{I}.{name}", kind, value)


def test_a_second_cabin_is_not_on_the_bus_and_the_first_goes_on(
    private_bus: PrivateBus, app: App, screen: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    from assistant.buses import Buses

    assert app.door is not None
    second = Buses(replace(Config(), dbus=Dbus("yes", private_bus.address)))
    second.appear(app.door)

    assert "belongs to another program" in caplog.text
    assert screen.get(CABIN, f"{I}.State") == "idle"
    second.close()


@pytest.mark.parametrize("before", ["absent", "silent"])
def test_on_auto_it_comes_up_with_a_bus_that_comes_late(
    make_bus: Callable[[], PrivateBus], app: App, before: str
) -> None:
    from assistant.buses import Buses

    assert app.door is not None
    late = make_bus()
    late.kill()
    path = late.address.removeprefix("unix:path=")
    Path(path).unlink(missing_ok=True)
    buses = Buses(replace(Config(), dbus=Dbus("auto", late.address)))
    with socket.socket(socket.AF_UNIX) as held:
        if before == "silent":  # as systemd holds it until dbus-daemon runs
            held.bind(path)
            held.listen()
        assert buses.appear(app.door) is True
        assert "no program can talk to Cabin" in buses.story()
        time.sleep(1.2)
    Path(path).unlink(missing_ok=True)
    late.start()

    screen = Bus(late.address)
    replies = Ears(screen, f"{I}.Reply")
    assert wait_until(lambda: serves(screen), 10.0)
    turn = screen.call(CABIN, f"{I}.Ask", "ss", "what time is it", "en")[0]
    assert replies.until(bool, 60.0)[0][0] == turn
    screen.close()
    buses.close()


def serves(screen: Bus) -> bool:
    try:
        return bool(screen.get(CABIN, f"{I}.State") == "idle")
    except BusError:
        return False


def test_what_is_introspected_is_what_is_served(private_bus: PrivateBus, app: App) -> None:
    shown = subprocess.run(
        ["gdbus", "introspect", "--address", private_bus.address, "--dest", CABIN[0], "--object-path", CABIN[1]],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    ).stdout

    for word in (
        "Listen",
        "Cancel",
        "Ask",
        "Say",
        "Confirm",
        "ConfirmWithPin",
        "Deny",
        "Follow",
        "readwrite b MicrophoneMuted",
        "Transcript",
    ):
        assert word in shown


@pytest.mark.slow
def test_the_service_is_back_after_every_end_of_the_bus(private_bus: PrivateBus, app: App) -> None:
    late: list[float] = []
    for _ in range(20):
        private_bus.kill()
        time.sleep(0.1)
        private_bus.start()
        started = time.monotonic()
        screen = Bus(private_bus.address)
        assert wait_until(lambda bus=screen: answers(bus), 5.0)  # type: ignore[misc]
        late.append(time.monotonic() - started)
        screen.close()

    assert max(late) <= 2.0, sorted(late)


def answers(bus: Bus) -> bool:
    try:
        return bool(bus.get(CABIN, f"{I}.State"))
    except BusError:
        return False


def test_calls_while_the_bus_is_away_fail_at_once(private_bus: PrivateBus, app: App, screen: Bus) -> None:
    private_bus.kill()
    assert wait_until(lambda: not screen.connected, 2.0)

    with pytest.raises(BusError) as caught:
        screen.call(CABIN, f"{I}.Listen")

    assert caught.value.trouble is Trouble.ABSENT
    assert app.settled() is not None
