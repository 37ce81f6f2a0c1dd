"""Moonshine tiny (English), the embedded recogniser: weights from moonshine-voice's wheel, run by onnxruntime.

The wheel's own interface gives text only; the decoder itself gives probabilities, and so a reading bound to a word graph.
"""

import importlib.util
import math
from difflib import SequenceMatcher
from pathlib import Path

from assistant.core.audio import SAMPLE_RATE_HZ, Clip
from assistant.core.effect import Expecting
from assistant.core.ports import Cancel, Sentences
from assistant.core.text import Hypothesis, Language, Transcript
from assistant.errors import ModelError
from assistant.hear.beam import Reading, greedy, search
from assistant.hear.bound import Bound, Spellings
from assistant.hear.guard import believed
from assistant.hear.network import MEND, Floats, Network
from assistant.hear.vocabulary import Vocabulary

TOKENS_PER_S = 6.5
"""The model's own limit against endless repetition; nobody speaks faster."""
SPARE_TOKENS = 6
"""A bound reading may need rarer, shorter tokens."""
TAIL = bytes(SAMPLE_RATE_HZ * 2 * 6 // 10)
"""600 ms of silence put after each clip: 2.5 points less word error than the clip as it was cut."""
LONGEST_S = 30.0
ABANDON = 40.0
"""A bound reading whose log-probability is so far below the free one is not looked for; right ones lie within 28."""
CERTAINTY = (2.95, -9.13, 6.37, 1.51)
"""Weights of mean log-probability a token, of 1 / tokens, of likeness to the free reading (0..1), and bias: a logistic fit on
540 right and 310 wrong readings bound to the car's sentences. At 0.7 it takes 8 of the wrong and leaves 3 % of the right; without
the likeness 45 of the wrong. The ratio of bound to free likelihood adds nothing."""
MOST_LETTERS_PER_S = 20.0
"""Bound to a graph, nobody is believed to speak faster."""
ALTERNATIVES = 3


def shipped_moonshine() -> Path:
    """Return the folder of the weights inside moonshine-voice's wheel, without importing it; raise ModelError."""
    found = importlib.util.find_spec("moonshine_voice")
    folders = list(found.submodule_search_locations or ()) if found else []
    if not folders:
        raise ModelError("the moonshine model is missing", MEND)
    return Path(folders[0]) / "assets" / "tiny-en"


class Moonshine:
    """A Recogniser for one thread at a time; `rebound` reads the last clip again, bound to the sentences of `bind`."""

    name = "moonshine"
    languages: tuple[Language, ...] = ("en",)

    def __init__(self, folder: Path | None = None, threads: int = 1) -> None:
        """Load the model (None: the shipped one); raise ModelError."""
        folder = folder or shipped_moonshine()
        self._vocabulary = Vocabulary(folder / "tokenizer.bin")
        self._network = Network(folder, threads)
        self._spellings: Spellings | None = None
        self._bound: Bound | None = None
        self._last: tuple[Clip, Floats, Reading] | None = None

    def transcribe(self, clip: Clip, language: Language, expecting: Expecting, cancel: Cancel) -> Transcript:
        """Recognise one clip freely; the text is empty if nobody spoke or the work was cancelled. Raises EngineError."""
        del language, expecting
        reading = self._heard(clip, cancel)
        if reading is None:
            return Transcript("", "en", 0.0, engine=self.name)
        _, _, free = reading
        confidence = math.exp(free.total / len(free.scores))
        text = believed(self._vocabulary.text(free.tokens), "en", clip.seconds, confidence)
        return Transcript(text, "en", confidence if text else 0.0, engine=self.name)

    def bind(self, sentences: Sentences | None) -> None:
        """Take the word graph for the next `rebound`; what was worked out for another one goes."""
        if sentences is None:
            self._bound = None
        elif self._bound is None or self._bound.sentences is not sentences:
            self._spellings = self._spellings or Spellings(self._vocabulary)
            self._bound = Bound(sentences, self._spellings)

    def rebound(self, clip: Clip, cancel: Cancel) -> tuple[Hypothesis, ...]:
        """Return the likeliest sentences of the bound graph, best first; none if unlike any, or cancelled. Raises EngineError."""
        heard = self._heard(clip, cancel)
        if heard is None or self._bound is None:
            return ()
        _, sound, free = heard
        longest = _longest(clip) + SPARE_TOKENS
        readings = search(self._network, sound, self._bound, longest, cancel, least=free.total - ABANDON)
        return self._hypotheses(readings, self._bound, free, clip.seconds)

    def _heard(self, clip: Clip, cancel: Cancel) -> tuple[Clip, Floats, Reading] | None:
        """Return the encoder's output and the free reading of a clip, from memory if it was the last one; None if cancelled."""
        if self._last is not None and self._last[0] is clip:
            return self._last
        self._last = None
        sound = self._network.encode(clip.pcm[: int(LONGEST_S * SAMPLE_RATE_HZ) * 2] + TAIL)
        reading = greedy(self._network, sound, _longest(clip), cancel)
        if reading is not None:
            self._last = (clip, sound, reading)
        return self._last

    def _hypotheses(
        self, readings: tuple[Reading, ...], bound: Bound, free: Reading, seconds: float
    ) -> tuple[Hypothesis, ...]:
        """Return the best readings that differ in words: the first with its certainty, the others less by their likelihood."""
        found: dict[str, Hypothesis] = {}
        heard = self._vocabulary.text(free.tokens)
        for reading in readings:
            written = self._vocabulary.text(reading.tokens)
            text = " ".join(bound.read(written) or ())
            best = certainty(readings[0], self._vocabulary.text(readings[0].tokens), heard, seconds)
            confidence = best * math.exp(reading.total - readings[0].total)
            if text not in found and believed(text, "en", seconds, confidence):
                found[text] = Hypothesis(text, confidence, bound=True)
        return tuple(found.values())[:ALTERNATIVES]


def certainty(reading: Reading, written: str, heard: str, seconds: float) -> float:
    """Return how sure it is, 0..1, that a bound reading, as written, is what was said in a clip that reads freely as `heard`."""
    letters, others = _letters(written), _letters(heard)
    if len(letters) > MOST_LETTERS_PER_S * max(seconds, 0.4):
        return 0.0
    by_mean, by_brevity, by_likeness, bias = CERTAINTY
    count = len(reading.scores)
    likeness = SequenceMatcher(None, others, letters, autojunk=False).ratio()
    return 1 / (1 + math.exp(-(by_mean * reading.total / count + by_brevity / count + by_likeness * likeness + bias)))


def _letters(text: str) -> str:
    """Return letters and digits in lower case."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _longest(clip: Clip) -> int:
    """Return the most tokens that a clip can hold."""
    return int(min(clip.seconds, LONGEST_S) * TOKENS_PER_S) + 2
