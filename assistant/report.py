"""One report an exchange: what was heard, what it meant, what was done, what was answered, and how long each took."""

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assistant.core.effect import Act, Effect, Say, Think
from assistant.core.event import Acted, Event, Faulted, Spoke, TurnEnded, Typed, Understood, Woke
from assistant.core.plan import Outcome, Step
from assistant.core.request import Request
from assistant.core.text import Phrase

SIGNS = frozenset({"dialogue.thinking", "dialogue.acting"})
"""Phrases that only tell that work is under way: no answer, and no first sound of one."""
STAGES = ("wake", "text", "plan", "act", "first_sound")


@dataclasses.dataclass(slots=True)
class Exchange:
    """One sentence of a person and what came of it; times are monotonic seconds."""

    turn: int
    clip: str = ""
    wake: str = ""
    """Why the ear was open: `word`, `button`, `typed`, `again` (a follow-up or an answer); `news` if nobody asked."""
    transcript: str = ""
    language: str = ""
    engine: str = ""
    source: str = ""
    confidence: float = 0.0
    requests: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    plan: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    outcome: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    reply: list[str] = dataclasses.field(default_factory=list)
    last_word_at: float | None = None
    times: dict[str, float] = dataclasses.field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the report with `ms`: milliseconds from the last word to each stage (negative is before it)."""
        told = dataclasses.asdict(self)
        told.pop("times")
        last = told.pop("last_word_at")
        told["ms"] = {
            stage: None if last is None or at is None else round((at - last) * 1000) for stage, at in self._stages()
        }
        return told

    def _stages(self) -> Sequence[tuple[str, float | None]]:
        return [(stage, self.times.get(stage)) for stage in STAGES]


HIDDEN = "••••"
"""What stands for words that must be shown nowhere."""


class Hidden:
    """Knows which sentences must be shown nowhere: those about a PIN, and answers to a question about one."""

    def __init__(self) -> None:
        """Begin with none."""
        self._turn = -1

    def saw(self, effect: Effect) -> None:
        """Note that a turn answers a question about something secret, or no longer."""
        if isinstance(effect, Think):
            secret = effect.asked is not None and effect.asked.request.secret
            self._turn = effect.turn if secret else -1

    def hides(self, turn: int) -> bool:
        """Tell whether the turn's words are to be hidden whatever they mean."""
        return turn == self._turn

    def text(self, event: Understood) -> str:
        """Return what may be shown of a sentence."""
        said = any(request.secret and _said(request) for request in event.understanding.requests)
        return HIDDEN if said or self.hides(event.turn) else event.transcript.text


class Reporter:
    """Watches the loop and hands out each exchange when it is over. `mark` and `said` may come from any thread."""

    def __init__(self, done: Callable[[Exchange], None], clip: Callable[[], str] = lambda: "") -> None:
        """Hand finished exchanges to `done`, on the loop's thread; `clip` names the recording that plays right now."""
        self._done = done
        self._clip = clip
        self._open: Exchange | None = None
        self._woke: tuple[str, float] = ("", 0.0)
        self._marks: dict[tuple[int, str], float] = {}
        self._lock = threading.Lock()
        self._answer = -1
        self._hidden = Hidden()

    def mark(self, turn: int, stage: str, at: float) -> None:
        """Note when a stage of a turn was reached; the first sound counts once, the text's last counts."""
        with self._lock:
            if stage == "first_sound" and self._open is not None and self._open.turn == turn:
                self._open.times.setdefault(stage, at)
            else:
                self._marks[(turn, stage)] = at

    def said(self, turn: int, text: str) -> None:
        """Note a sentence of the answer."""
        with self._lock:
            if self._open is not None and self._open.turn == turn:
                self._open.reply.append(text)

    def saw_event(self, event: Event, at: float) -> None:
        """Follow the exchange."""
        match event:
            case Woke(turn, woke_at, cause, _):
                self._finish()
                self._woke = (str(cause), woke_at)
                self._begin(turn)
            case Typed(turn, text, language):
                self._finish()
                self._woke = ("typed", at)
                exchange = self._begin(turn)
                exchange.transcript, exchange.language, exchange.last_word_at = text, language, at
            case TurnEnded(turn, _, clip):
                exchange = self._of(turn)
                if exchange.last_word_at is not None:
                    self._finish()
                    exchange = self._begin(turn)
                exchange.last_word_at = clip.ended
            case Understood(turn, _):
                self._understood(self._of(turn), event)
            case Acted(turn, outcomes):
                exchange = self._of(turn)
                exchange.times["act"] = at
                exchange.outcome += [_outcome(outcome) for outcome in outcomes]
            case Faulted(turn):
                self._of(turn)
            case Spoke(_, _, utterance) if utterance == self._answer:
                self._finish()

    def saw_effect(self, effect: Effect, at: float) -> None:
        """Note the plan, and which utterance is the answer."""
        self._hidden.saw(effect)
        match effect:
            case Think(turn) if self._hidden.hides(turn):
                self._of(turn).transcript = HIDDEN
            case Act(turn, plan):
                exchange = self._of(turn)
                exchange.times.setdefault("plan", at)
                exchange.plan += [_step(step) for step in plan.steps]
            case Say(turn, phrases, utterance) if not is_sign(phrases):
                if self._open is None:
                    self._woke = ("news", 0.0)
                self._of(turn).times.setdefault("plan", at)
                self._answer = utterance

    def finish(self) -> None:
        """Hand out what is open; on the loop's thread, when the conversation rests."""
        self._finish()

    def _understood(self, exchange: Exchange, event: Understood) -> None:
        transcript, understanding = event.transcript, event.understanding
        exchange.transcript, exchange.language, exchange.engine = (
            self._hidden.text(event),
            transcript.language,
            transcript.engine,
        )
        exchange.source = str(understanding.source)
        exchange.confidence = round(understanding.confidence, 3)
        exchange.requests = [request_json(request) for request in understanding.requests]

    def _of(self, turn: int) -> Exchange:
        if self._open is None or self._open.turn != turn:
            self._finish()
            return self._begin(turn)
        return self._open

    def _begin(self, turn: int) -> Exchange:
        cause, at = self._woke
        self._woke = ("again", 0.0)
        self._open = Exchange(turn, self._clip(), cause)
        if at:
            self._open.times["wake"] = at
        return self._open

    def _finish(self) -> None:
        with self._lock:
            exchange, self._open = self._open, None
            if exchange is None:
                return
            if (text_at := self._marks.get((exchange.turn, "text"))) is not None:
                exchange.times["text"] = text_at
            self._marks.clear()
        self._done(exchange)


def is_sign(phrases: Sequence[Phrase]) -> bool:
    """Tell whether the phrases only say that work is under way."""
    return all(phrase.key in SIGNS for phrase in phrases)


def request_json(request: Request) -> dict[str, Any]:
    """Return `{"request": class name, field: value, …}` without the fields that were not said."""
    return {"request": type(request).__name__} | {
        name: HIDDEN if request.secret else _plain(value) for name, value in _said(request).items()
    }


def _said(request: Request) -> dict[str, Any]:
    said = {field.name: getattr(request, field.name) for field in dataclasses.fields(request)}
    return {name: value for name, value in said.items() if value not in (None, "", ())}


def _step(step: Step) -> dict[str, Any]:
    fields = {field.name: getattr(step, field.name) for field in dataclasses.fields(step)}
    return {"step": type(step).__name__} | {name: _plain(value) for name, value in fields.items() if value is not None}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    told = {"status": str(outcome.status), "receipt": outcome.receipt, "reason": outcome.reason}
    return {name: value for name, value in told.items() if value}


def _plain(value: Any) -> Any:
    """Return something json can write."""
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [_plain(item) for item in value]
    return str(value)
