"""What the assistant does itself: its timers, its settings, its microphone, its forgetting. Runs on the main thread."""

import time
from collections.abc import Callable, MutableMapping

from assistant.agenda import Agenda
from assistant.core.plan import LocalCall, Outcome, Status
from assistant.errors import LedgerError

SETTINGS = ("language", "voice", "speed", "name")


class Household:
    """Answers `timer.*` and `assistant.*`."""

    def __init__(
        self,
        agenda: Agenda,
        preferences: MutableMapping[str, str],
        erase: Callable[[], None],
        mute_microphone: Callable[[], None],
    ) -> None:
        """Take the parts; `erase` removes what the order book and the bridge keep, and raises LedgerError if it could not."""
        self._agenda = agenda
        self._preferences = preferences
        self._erase = erase
        self._mute_microphone = mute_microphone

    @staticmethod
    def owns(call: LocalCall) -> bool:
        """Tell whether the call is ours."""
        return call.name.startswith(("timer.", "assistant."))

    def call(self, call: LocalCall) -> Outcome:
        """Do it and tell what became of it."""
        args = call.args
        match call.name:
            case "timer.set":
                return self._agenda.set(call, time.monotonic())
            case "timer.cancel":
                return self._agenda.cancel(call)
            case "assistant.set_language" | "assistant.set_name":
                return self._keep(call, call.name.removeprefix("assistant.set_"))
            case "assistant.set_speed":
                self._preferences["speed"] = str(args["percent"])
                return Outcome(call, Status.DONE, receipt=str(args["percent"]))
            case "assistant.mute_microphone":
                self._mute_microphone()
                return Outcome(call, Status.DONE, receipt="muted")
            case "assistant.reset_settings":
                for key in SETTINGS:
                    self._preferences.pop(key, None)
                return Outcome(call, Status.DONE, receipt="reset")
            case "assistant.delete_data":
                return self._delete(call)
        return Outcome(call, Status.REFUSED, reason="not_available")

    def _keep(self, call: LocalCall, key: str) -> Outcome:
        value = str(call.args.get(key, ""))
        if value:
            self._preferences[key] = value
        else:
            self._preferences.pop(key, None)
        return Outcome(call, Status.DONE, receipt=value)

    def _delete(self, call: LocalCall) -> Outcome:
        """Remove rows and what the file system still holds of them; DONE only if the disk agreed."""
        self._agenda.clear()
        self._preferences.clear()
        try:
            self._erase()
        except LedgerError:
            return Outcome(call, Status.FAILED, reason="disk")
        return Outcome(call, Status.DONE, receipt="deleted")
