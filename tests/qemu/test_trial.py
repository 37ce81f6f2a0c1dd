"""The judge of the trial: it passes what a good machine tells, and sees every single thing that is wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from assistant.errors import CabinError
from scripts.benchimage import result, trial
from scripts.benchimage.image import Image
from scripts.benchimage.trial import Trial

STORY = {
    "order": "o1",
    "state": "in_progress",
    "receipt": True,
    "charged_minor": 2700,
    "bookings": 1,
    "paid_minor": 2700,
}
UNITS = ("cabin.service", "cabin-bridge.service", "mosquitto.service")
Told = dict[str, Any]


def spoken(clip: str) -> Told:
    refused = clip in trial.REFUSED
    exchange = {
        "transcript": "…",
        "requests": [{"request": trial.CLIPS[clip]}],
        "outcome": [] if refused else [{"status": "done"}],
        "ms": {"wake": -1500, "text": 800, "plan": 900, "act": None if refused else 950, "first_sound": 1000},
    }
    return {"exchange": exchange, "loudspeaker": {"wav": f"{clip}.wav", "seconds": 1.2, "peak": 9000}}


def told(step: str, arguments: dict[str, Any]) -> Told:
    """Return what a good machine tells."""
    started = {"state": "active", "restarts": 0, "ready_after_boot_s": 6.1, "start_took_s": 3.4}
    inside = {"state": "sent", "said": ["Still working on it."], "online": True}
    inside["story"] = {**STORY, "bookings": 0, "paid_minor": 0}
    answers: dict[str, Callable[[], Told]] = {
        "boot": lambda: {
            "system": "running",
            "failed_units": [],
            "boot_s": 6.2,
            "services": dict.fromkeys(UNITS, started),
        },
        "ask": lambda: {"exchange": {"source": "model", "ms": {"plan": 20, "first_sound": 30}}},
        "idle": lambda: {"core_percent": dict.fromkeys(UNITS, 4.0)},
        "bus": lambda: {"p50_ms": 1.4, "p95_ms": 2.5},
        "speak": lambda: spoken(arguments["clip"]),
        "memory": lambda: {unit: {"own_mb": 180.0, "rss_main_mb": 220.0} for unit in UNITS},
        "strike": lambda: {"signal": arguments["signal"], "listening_again_s": 3.4},
        "order_without_link": lambda: {"in_the_tunnel": inside, "settled_after_s": 4.0, "story": STORY},
        "order_begun": lambda: {"order": "o1", "state": "sent", "settled": False},
        "order_recovered": lambda: {"settled_after_s": 9.0, "story": STORY, "audit": "unbroken: 9 lines, head 00"},
    }
    return answers.get(step, dict)()


class Scripted:
    # ruff: noqa: ARG002 - it takes what a Machine takes
    """A machine that tells what it was told to; `spoil` changes an answer."""

    def __init__(self, spoil: Callable[[str, Told], None] = lambda step, answer: None) -> None:
        self.spoil, self.running, self.log = spoil, False, list[str]()

    def start(self) -> None:
        self.running = True
        self.log.append("start")

    def wait_up(self, timeout_s: float) -> float:
        return 90.0

    def do(self, step: str, /, timeout_s: float = 0.0, **arguments: Any) -> Told:
        self.log.append(step)
        answer = told(step, arguments)
        self.spoil(step, answer)
        return answer

    def cut_power(self) -> None:
        self.running = False
        self.log.append("cut")

    def wait_off(self, timeout_s: float) -> bool:
        self.running = False
        return True


def tried(machine: Scripted) -> Trial:
    done = Trial(machine, model=True)  # type: ignore[arg-type]  # it is used as a Machine is
    done.run()
    return done


def wrong(done: Trial) -> list[str]:
    return [check["check"] for check in done.checks if not check["passed"]]


def test_a_good_machine_passes_and_its_power_is_cut_between_two_boots() -> None:
    machine = Scripted()

    done = tried(machine)

    assert wrong(done) == []
    cut = machine.log.index("cut")
    assert machine.log[cut - 1] == "order_begun"
    assert machine.log[cut + 1] == "start"
    assert machine.log[-1] == "off"


def spoil(step: str, *path: str | int, value: object) -> Callable[[str, Told], None]:
    def change(asked: str, answer: Told) -> None:
        if asked == step:
            at: Any = answer
            for key in path[:-1]:
                at[key] = at[key].copy()
                at = at[key]
            at[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (spoil("boot", "system", value="degraded"), "first boot: every service is up"),
        (spoil("boot", "services", "mosquitto.service", value={"state": "failed", "ready_after_boot_s": 0, "start_took_s": 0}), "first boot"),
        (spoil("speak", "exchange", "requests", value=[]), "“timer” is understood"),
        (spoil("speak", "loudspeaker", "seconds", value=0.0), "“timer” is answered aloud"),
        (spoil("speak", "exchange", "outcome", value=[{"status": "done"}]), "“headlights” is refused"),
        (spoil("speak", "exchange", "outcome", value=[{"status": "failed"}]), "“timer” is done"),
        (spoil("ask", "exchange", "source", value="rules"), "goes through the model"),
        (spoil("strike", "listening_again_s", value=61.0), "after SIGSTOP"),
        (spoil("order_without_link", "in_the_tunnel", "said", value=["Ordered at Sandbox Coffee."]), "nothing is claimed"),
        (spoil("order_without_link", "in_the_tunnel", "story", value={**STORY}), "nothing is bought"),
        (spoil("order_without_link", "story", value={**STORY, "bookings": 2}), "after the tunnel"),
        (spoil("order_without_link", "story", value={**STORY, "paid_minor": 5400}), "after the tunnel"),
        (spoil("order_begun", "settled", value=True), "in the middle of an order"),
        (spoil("order_recovered", "story", value={**STORY, "bookings": 0}), "survives the power cut"),
        (spoil("order_recovered", "story", value={**STORY, "state": "unknown"}), "survives the power cut"),
        (spoil("order_recovered", "audit", value="broken at line 4: hash"), "audit chain"),
    ],
)  # fmt: skip
def test_each_thing_that_is_wrong_is_seen(change: Callable[[str, Told], None], seen: str) -> None:
    assert [check for check in wrong(tried(Scripted(change))) if seen in check]


def test_a_step_that_fails_is_a_check_that_failed_and_the_rest_is_still_tried() -> None:
    def fail(step: str, answer: Told) -> None:
        if step in {"idle", "speak", "order_without_link", "order_recovered"}:
            raise CabinError(f"{step} failed in the guest: TimeoutError", "see the console")

    machine = Scripted(fail)
    done = tried(machine)

    assert "it comes to rest" in wrong(done)
    assert "an order survives a tunnel" in wrong(done)
    assert "the order survives the power cut" in wrong(done)
    assert "off" in machine.log
    assert any("failed" in step for step in done.steps)


def test_a_lost_machine_ends_the_trial_with_what_it_has() -> None:
    machine = Scripted()

    def lose(step: str, answer: Told) -> None:
        if step == "strike":
            machine.running = False
            raise CabinError("the machine went off: Kernel panic")

    machine.spoil = lose
    done = Trial(machine, model=False)  # type: ignore[arg-type]  # it is used as a Machine is
    with pytest.raises(CabinError, match="Kernel panic"):
        done.run()

    assert done.steps


def test_the_document_of_a_trial_is_read_back_and_shown(tmp_path: Any) -> None:
    done = tried(Scripted())

    document = result.document(Image(tmp_path, tmp_path, tmp_path, {"kernel": "6.1"}), done.steps, done.checks, 1200.0)

    assert document["passed"]
    assert document["figures"]["ms_from_the_last_word"]["timer"]["first_sound"] == 1000
    assert document["figures"]["boot"][1]["cabin_start_s"] == 3.4
    assert document["figures"]["boot"][1]["wall_s"] == 90
    assert document["figures"]["listening_again_s"] == {"SIGKILL": 3.4, "SIGSTOP": 3.4}
    page = result.shown(document)
    assert "first_sound 1000" in page
    assert page.endswith("passed")
