"""The world as one snapshot: what the car, the head unit, the link and the person's preferences say right now."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from assistant.agenda import Agenda
from assistant.core.context import Connectivity, Context
from assistant.core.order import Order
from assistant.core.ports import Devices, Vehicle
from assistant.core.text import LANGUAGES, Language


class Outside(Protocol):
    """What is known of the world outside the car; read from any thread."""

    reach: Connectivity
    """How far the car's word reaches now."""
    known: tuple[Order, ...]
    """The person's orders, the latest change last."""

    pin_set: bool
    """Whether the owner has set a PIN."""

    def bridge_now(self) -> float | None:
        """Return epoch seconds of the bridge, None while they are not known."""
        ...


class World:
    """Builds the Context of every decision."""

    def __init__(
        self,
        vehicle: Vehicle,
        devices: Devices,
        agenda: Agenda,
        preferences: Mapping[str, str],
        language: Language,
        outside: Outside,
    ) -> None:
        """Take the parts; `preferences` is looked at anew for every context, `language` is the one configured."""
        self._vehicle = vehicle
        self._devices = devices
        self._agenda = agenda
        self._preferences = preferences
        self._language = language
        self._outside = outside

    @property
    def language(self) -> Language:
        """Return the language in force: the one a person chose by voice, else the configured one."""
        chosen = self._preferences.get("language", "")
        return next((language for language in LANGUAGES if language == chosen), self._language)

    @property
    def connectivity(self) -> Connectivity:
        """Return how far the car's word reaches now."""
        return self._outside.reach

    def context(self) -> Context:
        """Return the world as of now; quick, from any thread."""
        return Context(
            at=time.monotonic(),
            now=datetime.now().astimezone(),
            language=self.language,
            connectivity=self._outside.reach,
            car=self._vehicle.car(),
            headunit=replace(self._devices.headunit(), timers=self._agenda.timers()),
            names=self._devices.names(),
            preferences=dict(self._preferences),
            orders=self._outside.known,
            pin_set=self._outside.pin_set,
            bridge_now=self._outside.bridge_now(),
        )
