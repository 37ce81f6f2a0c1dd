"""The one place that joins the adapters: starts them in order, stops them in reverse."""

import gc
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from assistant.agenda import Agenda
from assistant.config import Config
from assistant.core.context import Connectivity, Context
from assistant.core.effect import (
    Act,
    Consult,
    Effect,
    EndTurn,
    Hush,
    Listen,
    Record,
    Release,
    Say,
    StopConsulting,
    StopListening,
    StopThinking,
    Think,
)
from assistant.core.event import Due, Event, Typed
from assistant.core.ports import Cancel, Device, FrameSource, Loudspeaker
from assistant.core.standing import Standing
from assistant.core.text import Language
from assistant.deed import outside
from assistant.dialogue.state import Dialogue, Phase
from assistant.door import Door
from assistant.engines import Engines
from assistant.errors import LedgerError
from assistant.hands import Hands
from assistant.household import Household
from assistant.loop import Loop
from assistant.memory import Preferences, open_ledger
from assistant.neighbours import House, Neighbours
from assistant.outside import Outside
from assistant.report import Exchange, Reporter
from assistant.talk import Talk
from assistant.thinking import Thinker
from assistant.world import World

if TYPE_CHECKING:
    from assistant.hear.ear import Ear

Reference = Callable[[bytes], None]
"""Takes 16 kHz mono s16le as it is played."""

AT_REST = frozenset({Phase.IDLE, Phase.LISTENING, Phase.CONFIRMING, Phase.CHOOSING})
"""Phases that wait for a person."""

DEAF_BEATS = 2
"""A process that was stopped and goes on finds its ear behind for one beat."""

log = logging.getLogger(__name__)


class App:
    """A running assistant: with an ear if there is a source of frames, with sound if there is a loudspeaker."""

    door: Door | None = None
    """Where other programs come in; None until `appear`."""
    neighbours: Neighbours | None = None
    """As above."""

    def __init__(
        self,
        config: Config,
        *,
        source: FrameSource | None = None,
        loudspeaker: Callable[[Reference], Loudspeaker] | None = None,
        report: Callable[[Exchange], None] = lambda _: None,
        clip: Callable[[], str] = lambda: "",
        heartbeat: Callable[[], None] = lambda: None,
        deaf: Callable[[], None] = lambda: None,
    ) -> None:
        """Join the parts; nothing listens before `start`. `report` gets every finished exchange, on the main thread.

        `deaf` is called instead of `heartbeat` when the sound system hangs: only another process can hear again.

        `loudspeaker` is called with who wants to hear what is played. The thread that makes the App must run its loop.
        """
        self._config, self._source = config, source
        self.engines = engines = Engines(config)
        self._turns = itertools.count(1)
        self._heartbeat, self.deaf, self._deaf_beats = heartbeat, deaf, 0
        self.ledger = open_ledger(config.state_dir() / "orders.sqlite")
        self.preferences = Preferences(self.ledger)
        self.agenda = Agenda(self.preferences)
        self.vehicle = engines.vehicle()
        self.devices = engines.devices()
        self.outside = Outside(config, self.ledger, self._context, self._post, self._call)
        desk = self.outside.desk
        self.world = World(self.vehicle, self.devices, self.agenda, self.preferences, config.language, desk)
        self.talk = Talk(engines.rules())
        self.reporter = Reporter(report, clip)
        self.loop = Loop(self.talk, self.world.context, self._perform, (self.reporter,), self._beat)
        household = Household(self.agenda, self.preferences, self.outside.erase, self._mute_microphone)
        self.hands = Hands(self.vehicle, self.devices, household, self.world.context, self.loop.post)
        understand = engines.understand(self.devices.names())
        self.thinker = Thinker(engines.recogniser, understand, self._context, self._post, self.reporter.mark)
        wake = engines.wake() if source else None
        reference: Reference = wake.hears_reference if wake else lambda _: None
        self.mouth = engines.mouth(loudspeaker and loudspeaker(reference), self._post, self.reporter)
        self.ear = engines.ear(source, wake, self._post, self.next_turn) if source else None

    def start(self) -> None:
        """Begin to listen; the recogniser is loaded meanwhile. Python's collector may rest until the sentences are compiled."""
        self.outside.open()
        if self.ear is not None:
            self.ear.start()
            self.thinker.warm(
                self.engines.read_rules, keep_what_is_made, self.thinker.load, self.engines.rehearse, keep_what_is_made
            )

    def appear(self) -> None:
        """Let other programs of the head unit talk to us, where there is a bus; before the loop runs."""
        orders = self.outside.desk
        self.door = Door(
            self.loop,
            self.ear,
            self.next_turn,
            lambda: self.talk.dialogue,
            self._standing,
            lambda: orders.known,
            orders.pin_from_screen,
        )
        self.loop.watch(self.door)
        self.engines.buses.appear(self.door)
        self.neighbours = Neighbours(self._config, self.engines.buses, self._house())

    def _house(self) -> House:
        return House(
            self.loop,
            self.ear,
            self._source if isinstance(self._source, Device) else None,
            self.devices,
            self.world,
            self.outside,
            lambda: self.talk.dialogue,
            self.quiet,
            lambda: self.thinker.warm(lambda _: self.engines.take_names(self.devices.names())),
        )

    def close(self) -> None:
        """Stop in reverse order; what was committed stays."""
        self.loop.stop()
        if self.neighbours is not None:
            self.neighbours.close()
        self.outside.close()
        if self.ear is not None:
            self.ear.close()
        self.mouth.close()
        self.thinker.close()
        self.hands.close()
        self.engines.close()
        self.devices.close()
        self.vehicle.close()
        if self.ledger is not None:
            self.ledger.close()

    def next_turn(self) -> int:
        """Return a turn number higher than any before; from any thread."""
        return next(self._turns)

    def type(self, text: str, language: Language) -> None:
        """Take a sentence as text, from any thread."""
        self.loop.post(Typed(self.next_turn(), text, language))

    def press_to_talk(self) -> None:
        """Open the ear as the wake word does, and unmute it; from any thread."""
        if self.ear is not None:
            self.ear.mute(muted=False)
            self.ear.push_to_talk()

    def settled(self) -> Phase | None:
        """Return where the conversation stands if nothing is under way, else None; call it from another thread than the loop's."""
        answered = threading.Event()
        phases: list[Phase] = []

        def look() -> None:
            phases.append(self.talk.dialogue.phase)
            answered.set()

        self.loop.call(look)
        if not answered.wait(10) or not self.quiet() or phases[0] not in AT_REST:
            return None
        return phases[0]

    def quiet(self) -> bool:
        """Tell whether no worker works."""
        return self.thinker.idle and self.mouth.idle and self.hands.idle

    def hold(self) -> None:
        """Wait until what was heard so far has been dealt with: the pace of a recording that is played fast."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            done = threading.Event()
            was_quiet = self.quiet()
            self.loop.call(done.set)
            done.wait(10)
            if was_quiet and self.quiet():
                return
            time.sleep(0.002)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Think():
                self.thinker.think(effect)
            case StopThinking():
                self.thinker.stop()
            case Consult() | StopConsulting() | Release():
                self._ask_outside(effect)
            case Act(plan=plan) if outside(plan):
                self.outside.desk.act(effect)
            case Act():
                self.hands.act(effect)
            case Say():
                self.mouth.say(effect)
            case Hush():
                self.mouth.hush()
            case Record(_, what, facts):
                self._record(what, dict(facts))
            case _ if self.ear is not None:
                self._to_ear(self.ear, effect)

    @staticmethod
    def _to_ear(ear: "Ear", effect: Effect) -> None:
        match effect:
            case Listen(turn, expecting, timeout_s):
                ear.listen(turn, expecting, timeout_s)
            case StopListening(turn):
                ear.stop_listening(turn)
            case EndTurn(turn, generation):
                ear.settle(turn, generation)

    def _ask_outside(self, effect: Consult | StopConsulting | Release) -> None:
        match effect:
            case Consult():
                self.outside.desk.consult(effect)
            case StopConsulting(turn):
                self.outside.desk.stop(turn)
            case Release(_, plan):
                self.outside.desk.release(plan)

    def _context(self) -> Context:
        return self.world.context()

    def _post(self, event: Event) -> None:
        self.loop.post(event)

    def _call(self, job: Callable[[], None]) -> None:
        self.loop.call(job)

    def _record(self, what: str, facts: dict[str, str]) -> None:
        if self.ledger is None:
            return
        try:
            with self.ledger.change() as change:
                change.record(what, facts)
        except LedgerError as error:
            log.warning("the audit has a gap: %s", error)

    def _beat(self) -> None:
        for timer in self.agenda.due(datetime.now().astimezone(), time.monotonic()):
            self.loop.post(Due(self.talk.dialogue.turn, timer))
        self.outside.desk.beat(self.talk.dialogue)
        if self.door is not None:
            self.door.look()
        if self.neighbours is not None:
            self.neighbours.look()
        self._deaf_beats = self._deaf_beats + 1 if self.ear is not None and self.ear.deaf else 0
        if self._deaf_beats < DEAF_BEATS:
            self._heartbeat()
        else:
            self.deaf()

    def _standing(self, dialogue: Dialogue) -> Standing:
        muted = self.ear is not None and self.ear.muted
        online = self.world.connectivity is Connectivity.ONLINE
        return Standing(str(dialogue.phase), dialogue.turn, self.world.language, online, muted)

    def _mute_microphone(self) -> None:
        if self.ear is not None:
            self.ear.mute(muted=True)


def keep_what_is_made(cancel: Cancel) -> None:
    """Let the collector work again, and never look again at what was made so far: it stays until the end."""
    del cancel
    gc.freeze()
    gc.enable()
    gc.collect()  # of nothing, so that it forgets how much there was: else it waits for a quarter as much again
