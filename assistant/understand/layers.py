"""The Understand port: rules on what was heard, rules on the bound reading, sound, model; every answer checked before it counts.

The cheaper and surer layer wins; a later one is asked only where an earlier one found nothing, or took words for anything at all.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from assistant.core.context import Context
from assistant.core.ports import Cancel
from assistant.core.request import Source, Understanding
from assistant.core.text import Hypothesis, Language, Transcript
from assistant.errors import CabinError
from assistant.languages.grammar import Readout, slot_words
from assistant.languages.tokens import languages, words
from assistant.understand.evidence import Evidence
from assistant.understand.guess import UNSURE, Guess, Trust
from assistant.understand.phones import between, size
from assistant.understand.rules import Rules
from assistant.understand.schema import LONGEST_SAID, parse, wordy
from assistant.understand.sound import Sound

_LOG = logging.getLogger(__name__)

Model = Callable[[str, Language, Cancel], Guess]
"""What was said to an answer and its worth; raises CabinError when the model cannot answer."""

AGREED: Final = 1.0
RULES_SURE: Final = 0.95
BOUND_SURE: Final = 0.85
SOUND_SURE: Final = 0.8
FREE_WORD_DOUBT: Final = 0.02
"""Confidence lost for every word that was taken for anything at all."""
MOST_COMPARED: Final = 40
"""Words of two readings that are compared."""
BOUND_LEAST: Final = 0.7
"""Confidence below which a reading bound to the sentences counts for nothing."""
BOUND_APART: Final = 0.3
"""Cost a phone up to which it may differ from the open reading: two that err differently have heard the same."""
BOUND_CERTAIN: Final = 0.98
CERTAIN_WORDS: Final = 3
CERTAIN_APART: Final = 0.5
"""A long reading of which the recogniser is certain may differ by more; one or two words fit any noise."""
FEWEST_WORDS: Final = {"en": 2, "zh": 3}
"""Words (characters) from which an exact sentence that could go on ends a turn early."""
OVERRULES: Final = 0.6
"""Probability of a decision from which the model is right more often than a reading that took words for anything at all; what it does not trust itself to do is then asked about."""
LEFT_OVER: Final = 0.5
"""A reading that costs more took a word for anything at all; what is below only tells equal readings apart."""


class Layers:
    """The port. For one thread."""

    def __init__(self, rules: Rules, model: Model | None = None) -> None:
        """Take the sentences, and a model where one is installed."""
        self._rules, self._model = rules, model
        self._sound = Sound(rules)
        self._evidence = Evidence(rules)
        self._last = ("", UNSURE)
        """The last sentence that the model was asked, for its other readings come with the same text."""

    def __call__(self, transcript: Transcript, context: Context, cancel: Cancel) -> Understanding:
        """Return the requests of the sentence, none if no layer understands it or `cancel` is pulled on the way."""
        open_reading = self._read(transcript, context)
        found = self._ruled(open_reading, transcript, context)
        if found is not None and (found.confidence == AGREED or not open_reading or open_reading.cost < LEFT_OVER):
            return found
        if cancel.cancelled():
            return found or Understanding(text=transcript.text)
        guess = self._guessed(transcript, cancel)
        meant = self._meant(guess, transcript, context)
        if found is not None:
            overruled = guess.decision >= OVERRULES and meant.requests
            return meant if overruled and _effects(meant) != _effects(found) else replace(found, unsure=guess.doubts)
        if meant.requests or guess.foreign or open_reading:
            return meant
        heard = self._sound.hear(transcript.text, transcript.language, context)
        if heard is None:
            return meant
        return self._understood(heard.readout, transcript, context, SOUND_SURE - heard.cost, Source.SOUND, heard.text)

    def by_model(self, transcript: Transcript, context: Context, cancel: Cancel) -> Understanding:
        """Return what the model alone makes of the sentence."""
        return self._meant(self._guessed(transcript, cancel), transcript, context)

    def _read(self, transcript: Transcript, context: Context) -> Readout | None:
        """Read by the rules of the language, or, where only words of the other are written, by the other's."""
        found = self._rules.read(transcript.text, transcript.language, context)
        others = () if found else languages(transcript.text, transcript.language)[1:]
        return next((read for other in others if (read := self._rules.read(transcript.text, other, context))), found)

    def _ruled(self, open_reading: Readout | None, transcript: Transcript, context: Context) -> Understanding | None:
        """Return what the rules make of the open and the bound reading, None if they know neither as ours."""
        bound = self._bound(transcript, context)
        ours = open_reading if open_reading and open_reading.reads else None
        if ours and (bound is None or ours.cost < LEFT_OVER or ours.cost <= bound[0].cost):
            agreed = bound is not None and _same(ours, bound[0])
            return self._understood(ours, transcript, context, AGREED if agreed else RULES_SURE, Source.RULES)
        if bound is not None:
            return self._understood(bound[0], transcript, context, BOUND_SURE, Source.RULES, bound[1].text)
        return None

    def _bound(self, transcript: Transcript, context: Context) -> tuple[Readout, Hypothesis] | None:
        """Return the surest reading bound to the sentences, if the open one does not speak against it."""
        for other in sorted(transcript.alternatives, key=lambda other: -other.confidence):
            if other.bound and _agrees(other, transcript):
                readout = self._rules.read(other.text, transcript.language, context)
                if readout and readout.reads:
                    return readout, other
        return None

    def _understood(
        self, readout: Readout, transcript: Transcript, context: Context, sure: float, source: Source, text: str = ""
    ) -> Understanding:
        """Return the understanding of a readout, unknown names matched by sound."""
        named, missing = self._sound.named(readout, transcript.language, context)
        return Understanding(
            tuple(read.request for read in named.reads),
            missing,
            round(max(0.0, min(sure, sure - FREE_WORD_DOUBT * int(readout.cost))), 3),
            source,
            text or transcript.text,
            complete=not missing and self._whole(readout, text or transcript.text, transcript.language),
            slots=slot_words(readout),
        )

    @staticmethod
    def _whole(readout: Readout, text: str, language: Language) -> bool:
        """Tell whether a turn may end early: every word has its place, and it is more than a word that many sentences begin with.

        That a longer sentence exists is no reason to wait: nearly every command could still name a seat, and its speaker
        goes on within the short silence if it does. An order is different: people stop to think between its details.
        """
        hurried = (
            all(read.request.offline for read in readout.reads)
            and len(_words(text, language)) >= FEWEST_WORDS[language]
        )
        return readout.cost < LEFT_OVER and (readout.complete or hurried)

    def _guessed(self, transcript: Transcript, cancel: Cancel) -> Guess:
        """Ask the model, once a sentence; what is too long to be a command, or holds no word, it is not asked."""
        if self._model is None or len(transcript.text) > LONGEST_SAID or not wordy(transcript.text):
            return UNSURE
        if self._last[0] != transcript.text:
            try:
                guess = self._model(transcript.text, transcript.language, cancel)
            except CabinError as error:
                _LOG.warning("the model did not answer: %s", error)
                guess = UNSURE
            if guess is UNSURE:
                return guess
            self._last = (transcript.text, guess)
        return self._last[1]

    def _meant(self, guess: Guess, transcript: Transcript, context: Context) -> Understanding:
        """Return the requests of an answer that may be trusted; what is invented in it is left out, and the rest only asked about."""
        written = () if guess.trust is Trust.SILENT else parse(guess.text, self._rules.requests)
        checked, whole = self._evidence.requests(
            written or (), transcript.text, transcript.language, context, guess.values
        )
        if not checked:
            return Understanding(text=transcript.text)
        sure = round(guess.confidence, 3)
        return Understanding(
            checked, (), sure, Source.MODEL, transcript.text, unsure=guess.trust is Trust.ASK or not whole
        )


def _agrees(bound: Hypothesis, transcript: Transcript) -> bool:
    """Tell whether a bound reading is sure enough for how far it is from the open one."""
    heard, meant = (_words(text, transcript.language)[:MOST_COMPARED] for text in (transcript.text, bound.text))
    longest = max(size(heard, transcript.language), size(meant, transcript.language), 1)
    apart = between(heard, meant, transcript.language) / longest
    certain = bound.confidence >= BOUND_CERTAIN and len(meant) >= CERTAIN_WORDS
    return bound.confidence >= BOUND_LEAST and apart <= (CERTAIN_APART if certain else BOUND_APART)


def _words(text: str, language: Language) -> tuple[str, ...]:
    """Return the words of a text, fillers and all."""
    return words(text, characters=language == "zh")


def _effects(understood: Understanding) -> list[str]:
    """Return what each request stands for: requests of one label have one effect."""
    return [(*request.labels, type(request).__name__)[0] for request in understood.requests]


def _same(one: Readout, other: Readout) -> bool:
    """Tell whether both mean the same."""
    return [read.request for read in one.reads] == [read.request for read in other.reads]
