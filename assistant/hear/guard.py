"""Against hallucination: what a recogniser writes where nobody spoke, and what it writes again and again."""

import re
import zlib
from typing import Final

from assistant.core.text import Language

FASTEST_LETTERS_PER_S: Final[dict[Language, float]] = {"en": 30.0, "zh": 10.0}
"""Nobody speaks faster; English at 300 words a minute is 25."""
MOST_COMPRESSIBLE = 2.4
"""Whisper's own limit: text that zlib makes smaller than this share repeats itself."""

NEVER_ALONE: Final = frozenset({"you", "the", "i", "a", "so", "and", "um", "uh", "嗯", "呃"})
"""No sentence, and what is written over noise most often."""
SIGN_OFFS: Final = frozenset(
    {
        "thank you",
        "thank you very much",
        "thank you so much",
        "thanks for watching",
        "thank you for watching",
        "thank you for listening",
        "please subscribe",
        "please subscribe to my channel",
        "bye",
        "bye bye",
        "the end",
        "i'm sorry",
        "subtitles by the amara org community",
        "谢谢",
        "谢谢观看",
        "谢谢大家",
        "感谢观看",
        "感谢收看",
        "请订阅",
        "字幕由amaraorg社区提供",
        "请不吝点赞订阅转发打赏支持明镜与点点栏目",
    }
)
"""What the training films end with; written over noise."""
SIGN_OFF_CONFIDENCE = 0.9
"""Below this a sign-off is taken for noise: people do say "thank you"."""

_LETTERS = re.compile(r"[^\w' ]|_")
_LOOP = re.compile(r"(?<!\S)(?:(\S+(?: \S+){1,7})(?: \1(?!\S)){3}|(\S+)(?: \2(?!\S)){5})")
"""The same words four times in a row, or the same word six times: nobody says that, but for digits of a number."""
_ZH_LOOP = re.compile(r"([\u4e00-\u9fff]{2,8})\1{3}|([\u4e00-\u9fff])\2{5}")


def believed(text: str, language: Language, seconds: float, confidence: float) -> str:
    """Return the text of `seconds` of sound, or nothing if nobody can have said it; `confidence` in 0..1."""
    plain = " ".join(_LETTERS.sub(" ", text.lower()).split())
    letters = len(plain.replace(" ", ""))
    spoken = letters > 0 and letters <= FASTEST_LETTERS_PER_S[language] * max(seconds, 0.5)
    sign_off = confidence < SIGN_OFF_CONFIDENCE and plain in SIGN_OFFS
    return text if spoken and not sign_off and plain not in NEVER_ALONE and not _repeats(plain) else ""


def _repeats(plain: str) -> bool:
    """Tell whether a text runs in circles."""
    encoded = plain.encode()
    if len(encoded) > 100 and len(encoded) / len(zlib.compress(encoded)) > MOST_COMPRESSIBLE:
        return True
    return _LOOP.search(plain) is not None or _ZH_LOOP.search(plain.replace(" ", "")) is not None
