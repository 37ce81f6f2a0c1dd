"""A telephone for the bench: dials, is answered after a moment, rings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from assistant.core.headunit import Call, CallPhase
from assistant.core.vehicle import Value
from assistant.platform.world import World

ANSWERED_AFTER_S: Final = 4.0
RINGS_FOR_S: Final = 30.0


class Telephone:
    """State of the telephone; every method returns an empty text, or the word of a reason why not."""

    def __init__(self, world: World) -> None:
        """Know the contacts and the calls that will come in."""
        self.world = world
        self.call = Call()
        self.age_s = 0.0
        """Seconds since the head unit started."""
        self.since_s = 0.0
        """Age when the present phase began."""
        self.waiting = sorted(world.rings, key=lambda ring: ring.after_s)

    def enter(self, phase: CallPhase, name: str = "", number: str = "") -> None:
        """Begin a phase."""
        self.call = replace(self.call, phase=phase, name=name, number=number)
        self.since_s = self.age_s

    def advance(self, seconds: float) -> None:
        """Let time pass: the other end answers, a ringing call gives up, a new one comes in."""
        self.age_s += seconds
        in_phase = self.age_s - self.since_s
        if self.call.phase is CallPhase.DIALLING and in_phase >= ANSWERED_AFTER_S:
            self.enter(CallPhase.ACTIVE, self.call.name, self.call.number)
        if self.call.phase is CallPhase.RINGING and in_phase >= RINGS_FOR_S:
            self.enter(CallPhase.NONE)
        if self.waiting and self.age_s >= self.waiting[0].after_s:
            self.rings(self.waiting.pop(0).number)

    def rings(self, number: str) -> None:
        """Let a call come in; while another is under way it is only remembered."""
        name = next((contact.name for contact in self.world.contacts if contact.number == number), "")
        self.call = replace(self.call, last_caller=name or number)
        if self.call.phase is CallPhase.NONE:
            self.enter(CallPhase.RINGING, name, number)

    def number_of(self, name: str) -> str:
        """Return the number of a contact by name or alias, empty if nobody is called so."""
        for contact in self.world.contacts:
            if name.casefold() in {known.casefold() for known in (contact.name, *contact.aliases)}:
                return contact.number
        return ""

    def dial(self, args: Mapping[str, Value]) -> str:
        """Call `name`, or `number` where no name is given."""
        name = str(args["name"])
        number = str(args["number"]) or self.number_of(name)
        if not number:
            return "not_found"
        if self.call.phase is not CallPhase.NONE:
            return "busy"
        self.enter(CallPhase.DIALLING, name, number)
        self.call = replace(self.call, last_name=name, last_number=number)
        return ""

    def hang_up(self, _: Mapping[str, Value]) -> str:
        """End the call."""
        if self.call.phase is CallPhase.NONE:
            return "no_call"
        self.enter(CallPhase.NONE)
        return ""

    def answer(self, _: Mapping[str, Value]) -> str:
        """Take the call that rings."""
        if self.call.phase is not CallPhase.RINGING:
            return "no_call"
        self.enter(CallPhase.ACTIVE, self.call.name, self.call.number)
        return ""

    def reject(self, args: Mapping[str, Value]) -> str:
        """Turn down the call that rings."""
        return self.hang_up(args) if self.call.phase is CallPhase.RINGING else "no_call"
