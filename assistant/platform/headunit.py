"""A head unit put together: real players and a real telephone where they are configured, the simulated one for the rest."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from assistant.core.headunit import Call, HeadUnit, Media
from assistant.core.plan import LocalCall, Outcome
from assistant.core.ports import Devices

PIECES: Final = frozenset({"song", "artist", "album", "playlist", "station"})
"""Lists of the simulated player that a real one does not know."""


class Players(Protocol):
    """Music."""

    def media(self) -> Media:
        """Return the last known state, at once."""
        ...

    def call(self, call: LocalCall) -> Outcome:
        """Do `media.*` or `volume.*`."""
        ...


class Telephone(Protocol):
    """A telephone."""

    def state(self) -> Call:
        """Return the last known state, at once."""
        ...

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Return who can be called by name (`contact`, `given_name`), at once."""
        ...

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever either may have changed."""
        ...

    def call(self, call: LocalCall) -> Outcome:
        """Do `phone.*`."""
        ...


class JoinedHeadUnit:
    """`core.ports.Devices`; what is None is played by the simulated head unit."""

    def __init__(self, simulated: Devices, players: Players | None, telephone: Telephone | None) -> None:
        """Join them."""
        self._simulated = simulated
        self._players = players
        self._telephone = telephone

    def headunit(self) -> HeadUnit:
        """Return the last known state, at once."""
        state = self._simulated.headunit()
        if self._players is not None:
            state = replace(state, media=self._players.media())
        return state if self._telephone is None else replace(state, call=self._telephone.state())

    def call(self, call: LocalCall) -> Outcome:
        """Do one thing and tell what became of it."""
        device = call.name.partition(".")[0]
        if self._players is not None and device in {"media", "volume"}:
            return self._players.call(call)
        if self._telephone is not None and device == "phone":
            return self._telephone.call(call)
        return self._simulated.call(call)

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Return the lists of the simulated head unit, without pieces that a real player does not know by name.

        Contacts are the telephone's own where there is one.
        """
        names = self._simulated.names()
        if self._players is not None:
            names = {key: () if key in PIECES else of for key, of in names.items()}
        if self._telephone is not None:
            names = {**names, **self._telephone.names()}
        return names

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed`, from any thread, whenever the telephone or its contacts may have changed."""
        if self._telephone is not None:
            self._telephone.watch(changed)

    def close(self) -> None:
        """Let go of the simulated devices; the bus belongs to who made it."""
        self._simulated.close()
