"""The recogniser's tokens: how they are written, and how each reads to a word graph."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelError

START = 1
END = 2
_SPACE = "\u2581"
_READABLE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789 '-:.,?!;%°")


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a token adds to a sentence, in lower case; several tokens can read the same."""

    text: str
    tokens: tuple[int, ...]


class Vocabulary:
    """Tokens of Moonshine's `tokenizer.bin`: each a length (one byte, or two with the high bit set) and UTF-8 bytes."""

    def __init__(self, path: Path) -> None:
        """Read the file; raise ModelError."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"{path}: cannot be read: {error.strerror}", "install moonshine-voice 0.1.0 again"
            ) from error
        self._pieces = _pieces(content, path)
        self.size = len(self._pieces)

    def text(self, tokens: Iterable[int]) -> str:
        """Return the sentence that tokens write; bytes that are no UTF-8 vanish."""
        joined = b"".join(self._pieces[token] for token in tokens if token not in {START, END})
        return " ".join(joined.decode("utf-8", "ignore").replace(_SPACE, " ").split())

    def spellings(self) -> tuple[Spelling, ...]:
        """Return what each readable token adds, sorted by text."""
        found: dict[str, list[int]] = {}
        for token, piece in enumerate(self._pieces[END + 1 :], END + 1):
            text = piece.decode("utf-8", "replace").replace(_SPACE, " ").replace("\u2019", "'").lower()
            if text and _READABLE.issuperset(text) and "  " not in text:
                found.setdefault(text, []).append(token)
        return tuple(Spelling(text, tuple(tokens)) for text, tokens in sorted(found.items()))


def _pieces(content: bytes, path: Path) -> list[bytes]:
    """Split the file's content."""
    pieces, at = [], 0
    while at < len(content):
        length, at = content[at], at + 1
        if length >= 128 and at < len(content):
            length, at = length - 128 + content[at] * 128, at + 1
        pieces.append(content[at : at + length])
        at += length
    if at != len(content) or pieces[START : END + 1] != [b"<s>", b"</s>"]:
        raise ModelError(f"{path}: not a Moonshine tokenizer", "install moonshine-voice 0.1.0 again")
    return pieces
