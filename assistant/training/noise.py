"""What happens to a sentence between head and text: courtesy, hesitation, two wishes in one breath, words heard wrong."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from assistant.training.sampler import Drawn, Piece, Sampler

COURTEOUS: Final = 0.35
HESITANT: Final = 0.06
HEARD_WRONG: Final = 0.12
CONTRACTED: Final = 0.5
CONTRACTIONS: Final[Mapping[str, str]] = {
    "what is": "what's", "i am": "i'm", "do not": "don't", "it is": "it's", "let us": "let's", "i would": "i'd", "that is": "that's",
    "where is": "where's", "who is": "who's", "can not": "can't", "is not": "isn't", "how is": "how's", "i will": "i'll", "i have": "i've",
    "does not": "doesn't", "did not": "didn't", "will not": "won't", "there is": "there's", "you are": "you're", "when is": "when's",
}  # fmt: skip


class Noise:
    """Makes drawn sentences as people say them and recognisers write them."""

    def __init__(self, sampler: Sampler, confusions: Mapping[str, Sequence[str]], rng: random.Random) -> None:
        """Take what sounds alike: a word (a character in Chinese) and what it is taken for."""
        self.sampler, self.confusions, self.rng = sampler, confusions, rng
        words = sampler.pack.words
        self.fillers, self.joiners = words.get("fillers", ()), words.get("joiners", ())

    def said(self, drawn: Drawn) -> str:
        """Return the text of one sentence."""
        pieces = list(drawn.pieces)
        if self.rng.random() < COURTEOUS:
            side = self.rng.random()
            if side < 0.7:
                pieces.insert(0, Piece(self.sampler.words("before")))
            if side > 0.6:
                pieces.append(Piece(self.sampler.words("after")))
        if self.fillers and self.rng.random() < HESITANT:
            pieces.insert(self.rng.randint(0, len(pieces)), Piece(self.rng.choice(self.fillers)))
        if self.rng.random() < HEARD_WRONG:
            pieces = [piece if piece.fixed else Piece(self.misheard(piece.text)) for piece in pieces]
        return self.contracted(self.sampler.joined(pieces))

    def together(self, drawn: Sequence[Drawn]) -> tuple[str, str]:
        """Return several requests as one sentence, and its answer."""
        spaced = self.sampler.spaced
        joints: list[Callable[[], str]] = [lambda: self.rng.choice(self.joiners), lambda: "," if spaced else "，"]
        if not spaced:
            joints.append(lambda: "")
        text = self.said(drawn[0])
        for other in drawn[1:]:
            joint = self.rng.choice(joints)()
            text += (joint if joint == "," else f" {joint}") + " " if spaced else joint
            text += self.contracted(self.sampler.joined(other.pieces))
        return text, ";".join(one.answer for one in drawn)

    def contracted(self, text: str) -> str:
        """Return English as it is spoken and written."""
        if not self.sampler.spaced:
            return text
        if self.rng.random() < CONTRACTED:
            for long, short in CONTRACTIONS.items():
                text = f" {text} ".replace(f" {long} ", f" {short} ").strip()
        return text.replace(" 's", "'s").replace(" oclock", " o'clock")

    def misheard(self, text: str) -> str:
        """Return words with one of them heard wrong."""
        units = text.split() if self.sampler.spaced else list(text)
        places = [place for place, unit in enumerate(units) if unit in self.confusions]
        if places:
            place = self.rng.choice(places)
            units[place] = self.rng.choice(self.confusions[units[place]])
        return (" " if self.sampler.spaced else "").join(units)
