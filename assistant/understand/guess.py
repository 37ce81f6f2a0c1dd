"""What a model answered and how far it may be trusted: the decision which request it is, apart from the values it copied."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from math import exp, log
from typing import Final

from assistant.core.request import Request
from assistant.understand.process import ModelAnswer
from assistant.understand.schema import NONE


class Trust(Enum):
    """ACT: as good as understood; ASK: only with a yes to what was understood; SILENT: nothing may come of it."""

    ACT = "act"
    ASK = "ask"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Bars:
    """Probabilities that an answer must reach."""

    act: float
    """Of the decision, to act."""
    ask: float
    """Of the decision, to ask whether it was meant."""
    values: float
    """Of all the values together, to act; what is less is read back, and so is heard."""
    none: float = 2.0
    """Probability of `none` from which there is no act, however likely the decision is."""
    doubt: float = 2.0
    """The same from which a sentence of the rules is doubted that took words for anything at all."""
    foreign: float = 2.0
    """The same from which no other layer need look; all three above 1 for a model whose `none` means little."""


@dataclass(frozen=True, slots=True)
class Guess:
    """An answer in the form of `schema`, and probabilities 0..1."""

    text: str = NONE
    decision: float = 0.0
    """That these are the requests, or others with the same effect."""
    values: float = 1.0
    """That their values are these, given the requests."""
    trust: Trust = Trust.SILENT
    doubts: bool = False
    """Whether it is likely enough that nothing of it was for us."""
    foreign: bool = False
    """Whether it is as good as certain."""

    @property
    def confidence(self) -> float:
        """That all of it is so."""
        return self.decision * self.values


UNSURE: Final = Guess()
"""No answer at all."""


class Judge:
    """Weighs answers of one model."""

    def __init__(self, requests: Iterable[type[Request]], bars: Bars) -> None:
        """Take the request classes, those with the same label having the same effect, and the model's bars."""
        self._effects = {NONE: NONE} | {
            request.__name__: (*request.labels, request.__name__)[0] for request in requests
        }
        self._bars = bars

    def __call__(self, answer: ModelAnswer) -> Guess:
        """Return what the answer is worth."""
        decision, values = self._weighed(answer)
        none = answer.first.get(NONE, 0.0)
        trust = Trust.SILENT if answer.text == NONE else self._trust(decision, values, none)
        doubts, foreign = none >= self._bars.doubt, answer.text == NONE and none >= self._bars.foreign
        return Guess(answer.text, decision, values, trust, doubts=doubts, foreign=foreign)

    def _trust(self, decision: float, values: float, none: float) -> Trust:
        if decision >= self._bars.act and values >= self._bars.values and none < self._bars.none:
            return Trust.ACT
        return Trust.ASK if decision >= self._bars.ask else Trust.SILENT

    def _weighed(self, answer: ModelAnswer) -> tuple[float, float]:
        """Return the probabilities of the names and of all else; the first name's counts with all of the same effect."""
        names = list(_names(answer.text))
        decision = values = 0.0
        for index, (place, logprob) in enumerate(answer.steps):
            if index == 0:
                decision += self._first(answer.first, answer.text[: names[0][1]], logprob)
            elif any(start <= place < end for start, end in names):
                decision += logprob
            else:
                values += logprob
        return exp(min(0.0, decision)), exp(min(0.0, values))

    def _first(self, first: Mapping[str, float], name: str, logprob: float) -> float:
        """Return the log-probability of the first decision, where the vocabulary has a token for each name."""
        if name not in first:
            return logprob
        effect = self._effects.get(name)
        return log(sum(share for other, share in first.items() if self._effects.get(other) == effect))


def _names(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the name of every request begins and ends, in bytes of UTF-8."""
    start, end, quoted = 0, -1, False
    data = text.encode()
    for place, char in enumerate(data):
        if char == ord('"'):
            quoted = not quoted
        elif not quoted and char in b" ;":
            end = place if end < 0 else end
            if char == ord(";"):
                yield start, end
                start, end = place + 1, -1
    yield start, len(data) if end < 0 else end
