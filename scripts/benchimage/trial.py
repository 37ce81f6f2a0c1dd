"""The trial: what the guest is asked to do, in order, with the power cut in the middle, and what counts as good."""

import time
from typing import Any, Final

from assistant.errors import CabinError
from scripts.benchimage import tools
from scripts.benchimage.machine import Machine

WARM_UP: Final = "what time is it"
"""Typed first: what is loaded at the first sentence is no part of a sentence's time."""
CLIPS: Final[dict[str, str | None]] = {
    "air-conditioning": "SwitchClimate",
    "temperature": "SetTemperature",
    "timer": "StartTimer",
    "headlights": "SetOutsideLight",
    "two-in-one": "MoveWindow",
}
"""Recording → the first request that it must lead to."""
REFUSED: Final = frozenset({"headlights"})
"""Nothing may be done about these."""
BEYOND_RULES: Final = "I am freezing my toes off back here, can you do something about it"
"""Typed where a language model is installed: the rules alone do not know it."""
COFFEE: Final = "order a large latte"
TUNNEL_S: Final = 20.0
SLOW_S: Final = 8.0
IDLE_S: Final = 10.0
BUS_CALLS: Final = 100
LISTENING: Final[dict[str, float]] = {"SIGKILL": 30.0, "SIGSTOP": 60.0}
"""Seconds of the guest's clock within which it must listen again; SIGSTOP is noticed by the watchdog."""
BOOT_WALL_S: Final = 1800.0


class Trial:
    """One run; `steps` holds everything that was told, `checks` what was judged, also when it breaks off."""

    def __init__(self, machine: Machine, *, model: bool, clips: tuple[str, ...] = tuple(CLIPS)) -> None:
        """Take a machine that is off; `model` tells whether a language model is in the image."""
        self._machine = machine
        self._model = model
        self._clips = clips
        self.steps: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []

    def run(self) -> None:
        """Do all of it; a step that fails is a check that failed, and the next one is tried. CabinError if the machine is lost."""
        self._boot("first boot")
        self._quietly()
        self._speech()
        self._blows()
        self._tunnel()
        order = self._power_cut()
        self._boot("boot after the power cut")
        if order:
            self._recovery(order)
        self._do("memory")
        self._do("journal", file="journal-2.txt")
        self._machine.do("off")
        self._judge("it switches itself off in order", self._machine.wait_off(600))

    def _boot(self, what: str) -> None:
        tools.say(what)
        self._machine.start()
        wall_s = self._machine.wait_up(BOOT_WALL_S)
        told = self._do("boot") or {}
        self.steps[-1] |= {"wall_s": round(wall_s), "which": what}
        states = {unit: facts["state"] for unit, facts in told.get("services", {}).items()}
        good = told.get("system") == "running" and set(states.values()) == {"active"}
        self._judge(f"{what}: every service is up", good, told.get("failed_units") or states)

    def _quietly(self) -> None:
        """Measure what does not depend on speech."""
        self._do("ask", text=WARM_UP)
        told = self._do("idle", seconds=IDLE_S)
        self._judge("it comes to rest", told is not None, told)
        self._do("bus", times=BUS_CALLS)

    def _speech(self) -> None:
        for clip in self._clips:
            told = self._do("speak", clip=clip)
            if told is None:
                self._judge(f"“{clip}” is understood", passed=False)
                continue
            exchange = told["exchange"]
            requests = [request["request"] for request in exchange["requests"]]
            self._judge(f"“{clip}” is understood", CLIPS[clip] in requests[:1], requests or exchange["transcript"])
            self._judge(f"“{clip}” is answered aloud", told["loudspeaker"]["seconds"] > 0.3, told["loudspeaker"])
            done = {each["status"] for each in exchange["outcome"]}
            wanted: set[str] = set() if clip in REFUSED else {"done"}
            self._judge(f"“{clip}” is {'refused' if clip in REFUSED else 'done'}", done == wanted, sorted(done))
        if self._model:
            told = self._do("ask", text=BEYOND_RULES)
            source = told["exchange"]["source"] if told else ""
            self._judge("a sentence beyond the rules goes through the model", source == "model", source)
        self._do("memory")

    def _blows(self) -> None:
        for signal, within_s in LISTENING.items():
            told = self._do("strike", signal=signal)
            seconds = told["listening_again_s"] if told else None
            good = seconds is not None and seconds <= within_s
            self._judge(f"it listens again within {within_s:.0f} s after {signal}", good, seconds)

    def _tunnel(self) -> None:
        told = self._do("order_without_link", text=COFFEE, tunnel_s=TUNNEL_S)
        if told is None:
            self._judge("an order survives a tunnel", passed=False)
            return
        inside = told["in_the_tunnel"]
        claimed = [line for line in inside["said"] if line.startswith(("Ordered", "Booked"))]
        self._judge("in the tunnel nothing is bought", inside["story"]["bookings"] == 0, inside["story"])
        self._judge("in the tunnel nothing is claimed", not claimed, inside["said"])
        self._judge("after the tunnel the order is done once and paid once", once(told["story"]), told["story"])

    def _power_cut(self) -> str:
        """Cut the power while an order is under way; return the order, "" if it did not come so far."""
        self._do("journal", file="journal-1.txt")
        told = self._do("order_begun", text=COFFEE, slow_s=SLOW_S, linger_s=2.0)
        self._machine.cut_power()
        good = told is not None and not told["settled"]
        self._judge("the power is cut in the middle of an order", good, told)
        return str(told["order"]) if told is not None else ""

    def _recovery(self, order: str) -> None:
        told = self._do("order_recovered", order=order)
        if told is None:
            self._judge("the order survives the power cut", passed=False)
            return
        self._judge("the order survives the power cut, done once and paid once", once(told["story"]), told["story"])
        self._judge("the audit chain is unbroken", str(told["audit"]).startswith("unbroken"), told["audit"])

    def _do(self, step: str, /, **arguments: Any) -> dict[str, Any] | None:
        """Have a step done and keep what it told; None, noted, if the guest says that it failed."""
        tools.say(" ".join((step, *map(str, arguments.values()))))
        began = time.monotonic()
        try:
            told = self._machine.do(step, timeout_s=3600.0, **arguments)
        except CabinError as error:
            if not self._machine.running:
                raise
            self.steps.append({"step": step, **arguments, "failed": error.message})
            tools.say(error.message)
            return None
        self.steps.append({"step": step, **arguments, "wall_s": round(time.monotonic() - began), **told})
        return told

    def _judge(self, what: str, passed: bool, seen: object = None) -> None:
        self.checks.append({"check": what, "passed": passed, "seen": seen})
        tools.say(f"{'✓' if passed else '✗'} {what}" + ("" if passed else f": {seen}"))


def once(story: dict[str, Any]) -> bool:
    """Tell whether an order was bought exactly once, for what the receipt says."""
    settled = story["receipt"] and story["state"] in {"in_progress", "done"}
    return bool(settled and story["bookings"] == 1 and story["paid_minor"] == story["charged_minor"])
