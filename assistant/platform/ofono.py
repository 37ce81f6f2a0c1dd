"""The telephone through oFono: dial, answer, hang up, where the call stands, and the contacts of its phonebook."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from assistant.core.headunit import Call, CallPhase
from assistant.core.plan import LocalCall, Outcome, Status
from assistant.errors import BusError, Trouble
from assistant.platform.bus import Bus, wait_until, watch_names
from assistant.platform.contacts import Contacts, plain, read_cards

log = logging.getLogger(__name__)

NAME: Final = "org.ofono"
MANAGER: Final = "org.ofono.Manager"
CALLS: Final = "org.ofono.VoiceCallManager"
VOICE: Final = "org.ofono.VoiceCall"
PHONEBOOK: Final = "org.ofono.Phonebook"
IMPORT_TIMEOUT_S: Final = 90.0
"""A telephone on Bluetooth sends a few dozen contacts a second."""
IMPORT_TRIES_S: Final = (0.0, 5.0, 30.0)
"""Pauses before each try: right after it connected a telephone is often busy."""
SETTLE_S: Final = 3.0
DIAL_TIMEOUT_S: Final = 3.0
PHASES: Final[Mapping[str, CallPhase]] = {
    "active": CallPhase.ACTIVE,
    "held": CallPhase.ACTIVE,
    "dialing": CallPhase.DIALLING,
    "alerting": CallPhase.DIALLING,
    "incoming": CallPhase.RINGING,
    "waiting": CallPhase.RINGING,
}
IMPORTANCE: Final = (CallPhase.NONE, CallPhase.RINGING, CallPhase.DIALLING, CallPhase.ACTIVE)
"""Of several calls, the one that counts stands last."""


class OFono:
    """The first modem that can make calls; safe to use from several threads."""

    def __init__(self, bus: Bus, contacts: Mapping[str, str]) -> None:
        """Begin to look for a modem; `contacts` maps names to numbers for telephones that have no phonebook."""
        self._bus = bus
        self._configured = self._contacts = Contacts(contacts)
        self._reading = ""
        """The modem whose phonebook was asked for."""
        self._watchers: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._modem = ""
        self._path = ""
        """Of the call that counts."""
        self._state = Call()
        for signal in (f"{CALLS}.CallAdded", f"{CALLS}.CallRemoved", f"{VOICE}.PropertyChanged"):
            bus.listen(NAME, signal, lambda *_: self._heard())
        for signal in (f"{MANAGER}.ModemAdded", f"{MANAGER}.ModemRemoved"):
            bus.listen(NAME, signal, lambda *_: self._look())
        bus.listen(NAME, "org.ofono.Modem.PropertyChanged", lambda _s, _p, told: self._modem_changed(told))
        watch_names(bus, lambda name, _old, _new: self._look() if name == NAME else None)
        bus.on_back(self._look)

    def state(self) -> Call:
        """Return where the telephone stands, at once."""
        return self._state

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Return who can be called by name (`contact`, `given_name`), at once."""
        return self._contacts.names

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever the state or the names may have changed, on a thread of ours."""
        self._watchers.append(changed)

    def call(self, call: LocalCall) -> Outcome:
        """Do `phone.*`, read back for at most SETTLE_S, and tell what became of it."""
        if not self._modem:
            return Outcome(call, Status.REFUSED, reason="not_available")
        try:
            return self._do(call)
        except BusError as error:
            if error.trouble in {Trouble.SILENT, Trouble.ABSENT}:
                return Outcome(call, Status.UNKNOWN, reason="timeout")
            return Outcome(call, Status.REFUSED, reason=_reason(error.name))
        except (KeyError, TypeError, ValueError):
            return Outcome(call, Status.REFUSED, reason="out_of_range")

    def _do(self, call: LocalCall) -> Outcome:
        phase, path = self._state.phase, self._path
        match call.name:
            case "phone.dial":
                return self._dial(call, str(call.args.get("name", "")), plain(str(call.args.get("number", ""))))
            case "phone.hang_up" if phase is not CallPhase.NONE:
                return self._end(call, path)
            case "phone.reject" if phase is CallPhase.RINGING:
                return self._end(call, path)
            case "phone.answer" if phase is CallPhase.RINGING:
                self._bus.call((NAME, path), f"{VOICE}.Answer", timeout_s=DIAL_TIMEOUT_S)
                return self._settled(call, CallPhase.ACTIVE)
            case "phone.hang_up" | "phone.reject" | "phone.answer":
                return Outcome(call, Status.REFUSED, reason="no_call")
        return Outcome(call, Status.REFUSED, reason="not_available")

    def _dial(self, call: LocalCall, name: str, said: str) -> Outcome:
        number = said or self._contacts.number(name)
        if not number:
            return Outcome(call, Status.REFUSED, reason="not_found")
        if self._state.phase is not CallPhase.NONE:
            return Outcome(call, Status.REFUSED, reason="busy")
        with self._lock:
            self._state = replace(self._state, last_name=name or self._contacts.name(number), last_number=number)
        self._bus.call((NAME, self._modem), f"{CALLS}.Dial", "ss", number, "", timeout_s=DIAL_TIMEOUT_S)
        return self._settled(call, CallPhase.DIALLING, CallPhase.ACTIVE)

    def _end(self, call: LocalCall, path: str) -> Outcome:
        self._bus.call((NAME, path), f"{VOICE}.Hangup", timeout_s=DIAL_TIMEOUT_S)
        ended = wait_until(lambda: self._read() and self._path != path, SETTLE_S)
        phase = str(self._state.phase)
        return Outcome(call, Status.DONE, phase) if ended else Outcome(call, Status.FAILED, phase, "mismatch")

    def _settled(self, call: LocalCall, *phases: CallPhase) -> Outcome:
        right = wait_until(lambda: self._read() and self._state.phase in phases, SETTLE_S)
        phase = str(self._state.phase)
        return Outcome(call, Status.DONE, phase) if right else Outcome(call, Status.FAILED, phase, "mismatch")

    def _look(self) -> None:
        """Find the modem and its calls."""
        try:
            modems = self._bus.call((NAME, "/"), f"{MANAGER}.GetModems")[0]
        except BusError:
            modems = []
        able = [path for path, told in modems if CALLS in told.get("Interfaces", ())]
        self._modem = able[0] if able else ""
        books = [path for path, told in modems if path == self._modem and PHONEBOOK in told.get("Interfaces", ())]
        self._read_book(books[0] if books else "")
        self._heard()

    def _read_book(self, modem: str) -> None:
        """Import the phonebook of a modem once, on a thread of its own: a telephone takes its time. Forget it with the modem."""
        if modem == self._reading:
            return
        self._reading = modem
        if modem:
            threading.Thread(target=self._import, args=(modem,), name="contacts", daemon=True).start()
        else:
            self._know(self._configured)

    def _import(self, modem: str) -> None:
        for pause_s in IMPORT_TRIES_S:
            time.sleep(pause_s)
            if modem != self._reading:
                return
            try:
                cards = self._bus.call((NAME, modem), f"{PHONEBOOK}.Import", timeout_s=IMPORT_TIMEOUT_S)[0]
            except BusError as error:
                log.info("the contacts are not here yet: %s", error.name or error.trouble)
                continue
            people = read_cards(cards)
            log.info("contacts: %d", len(people))
            if modem == self._reading:
                self._know(Contacts(people) if people else self._configured)
            return

    def _know(self, contacts: Contacts) -> None:
        self._contacts = contacts
        self._tell()

    def _tell(self) -> None:
        for changed in self._watchers:
            changed()

    def _modem_changed(self, told: tuple[Any, ...]) -> None:
        if told[0] == "Interfaces":
            self._look()

    def _heard(self) -> None:
        """Read the calls because something happened; a modem that does not answer has none."""
        try:
            self._read()
        except BusError as error:
            log.warning("the telephone is not there: %s", error)
        self._tell()

    def _read(self) -> bool:
        """Read the calls anew; True, so that it can stand in a condition."""
        calls = self._bus.call((NAME, self._modem), f"{CALLS}.GetCalls")[0] if self._modem else []
        none: tuple[CallPhase, str, dict[str, Any]] = (CallPhase.NONE, "", {})
        known = [(PHASES.get(str(told.get("State")), CallPhase.NONE), path, told) for path, told in calls]
        phase, path, told = max(known, key=lambda each: IMPORTANCE.index(each[0]), default=none)
        number = plain(str(told.get("LineIdentification", "")))
        with self._lock:
            self._path = path if phase is not CallPhase.NONE else ""
            name = self._contacts.name(number) or str(told.get("Name", ""))
            if phase is CallPhase.NONE:
                name = number = ""
            self._state = replace(self._state, phase=phase, name=name, number=number)
            if phase is CallPhase.RINGING:
                self._state = replace(self._state, last_caller=name or number)
        return True


def _reason(error: str) -> str:
    return {"org.ofono.Error.InvalidFormat": "out_of_range", "org.ofono.Error.InProgress": "busy"}.get(
        error, "not_available"
    )
