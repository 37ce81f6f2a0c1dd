"""A person who interrupts at every phase of buying: what is booked, what has a receipt and what was said agree, whatever it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy")

from assistant.app import App
from assistant.config import Link
from assistant.core.event import Button, Cause, Event, Pressed, Typed, Woke
from assistant.core.order import OVER, State
from assistant.dialogue.state import Phase
from assistant.session import settle
from tests.journeys.person import AT_REST, Car

BOUGHT = frozenset({State.IN_PROGRESS, State.DONE})
LOOSE = (OVER - {State.DONE}) | {State.WISHED, State.QUOTED}
"""Where an order may rest that was not bought."""
BEFORE_THE_YES = (Phase.THINKING, Phase.CONSULTING, Phase.READING, Phase.CONFIRMING)
AFTER_THE_YES = (Phase.ACTING, Phase.SPEAKING)
INTERRUPTIONS: dict[str, Callable[[App], Event]] = {
    "talk button": lambda app: Woke(app.next_turn(), 0.0, Cause.BUTTON),
    "cancel button": lambda app: Pressed(app.talk.dialogue.turn, Button.CANCEL),
    "another sentence": lambda app: Typed(app.next_turn(), "what time is it", "en"),
    "no": lambda app: Typed(app.next_turn(), "no", "en"),
}


class Interrupter:
    """Interrupts once, in the very step that enters a phase: before what that step asks for can end."""

    def __init__(self, app: App) -> None:
        self._app, self._step = app, app.talk.step
        self.phase: Phase | None = None
        self.how: Callable[[App], Event] = INTERRUPTIONS["no"]
        app.talk.step = self._stepped  # type: ignore[method-assign]

    def _stepped(self, event: Event, context: Any) -> Any:
        effects = self._step(event, context)
        if self._app.talk.dialogue.phase is self.phase:
            self.phase = None
            self._app.loop.post(self.how(self._app))
        return effects


def rests(car: Car) -> bool:
    return all(order.state in LOOSE or (order.state in BOUGHT and order.receipt is not None) for order in car.orders)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("how", "phases"),
    [
        ("another sentence", (Phase.CONSULTING, Phase.ACTING)),
        *(pytest.param(how, (*BEFORE_THE_YES, *AFTER_THE_YES), marks=pytest.mark.slow) for how in INTERRUPTIONS),
    ],
)
def test_whoever_interrupts_at_any_phase_pays_for_what_was_agreed_to_and_hears_the_truth(
    tmp_path: Path, how: str, phases: tuple[Phase, ...]
) -> None:
    car = Car(tmp_path, Link(kind="child", sandbox_pace=600.0))
    interrupter = Interrupter(car.app)
    interrupter.how = INTERRUPTIONS[how]
    struck: list[Phase] = []

    def script() -> None:
        for phase in phases:
            interrupter.phase = phase if phase in BEFORE_THE_YES else None
            car.app.type("order a large latte", "en")
            settle(car.app, AT_REST)
            interrupter.phase = phase if phase in AFTER_THE_YES else None
            car.app.type("yes", "en")
            settle(car.app, AT_REST)
            if interrupter.phase is None:
                struck.append(phase)
            interrupter.phase = None
            car.app.type("never mind", "en")
            settle(car.app, AT_REST)
            car.until(lambda: rests(car), f"interrupted while {phase}")
            bought = [order for order in car.orders if order.receipt is not None and order.state in BOUGHT]
            assert car.booked() == len(bought), phase
            assert all(order.consent is not None and order.consent.digest == order.bound for order in bought), phase
            told = [one for one in car.spoken if one.startswith("Ordered") or "confirmed" in one]
            assert len(told) <= len(bought), (phase, told)

    car.talk(script)
    assert set(phases) - {Phase.READING, Phase.SPEAKING} <= set(struck)
