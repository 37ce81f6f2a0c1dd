"""From where and to where: what a sentence says of both, once only, for requests that go somewhere."""

import re
from collections.abc import Mapping
from typing import Final

from assistant.core.text import Language

_ZH: Final = {
    "name": r"[^，。？！,?!；从在的]{1,30}?",
    "ride": r"(?:打车|打的|坐车|[坐乘打搭](?:坐)?(?:出租车?|计程车|的士|专车|火车|高铁|飞机))",
    "go": r"(?:前往|飞往|开往|直飞|到达|到|去|飞|至)",
    "carriage": r"(?:火车|列车|高铁|动车|航班|飞机|机票|出租|车次|车)",
}
_WAYS: Final[Mapping[Language, re.Pattern[str]]] = {
    "en": re.compile(
        r"^(?!.*\bfrom\b.*\bfrom\b).*\bfrom (?P<origin>[^,.?!]{1,60}?) to (?P<goal>[^,.?!]{1,60}?)"
        r"(?= (?:on|at|in the|for|by|next|this|tomorrow|today|tonight|around|after|before|leaving|please)\b|[,.?!]|$)",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"[从在](?P<origin>{name}){ride}?(?:(?:出发|上车)[^，。？！,?!]{{0,2}}[，,]?[^，。？！,?!从在]{{0,8}}?)?"
        r"{go}(?P<goal>{name})(?=的|去|呢|{ride}|出租|[，。？！,?!]|$)".format(**_ZH)
    ),
}
"""In Chinese "在" (at) names an origin only where somebody gets in or leaves."""
_ONE: Final[Mapping[Language, tuple[re.Pattern[str], ...]]] = {
    "en": (),
    "zh": (
        re.compile(r"从(?P<origin>{name})出发".format(**_ZH)),
        re.compile(r"(?:前往|到达|到|去)(?P<goal>{name})的{carriage}".format(**_ZH)),
    ),
}
_AT: Final = re.compile(r"^在(?!.*(?:出发|上车))")
_TIME: Final = re.compile(r"\d+[点时:：号日月]|周[一二三四五六日末]|星期|今天|明天|后天|这里|那里")


def ends(text: str, language: Language) -> Mapping[str, str]:
    """Return the words for `origin` and `goal`; nothing of what is said twice, or sounds like a time."""
    found = [one.groupdict() for one in _WAYS[language].finditer(text) if not _AT.match(one.group())]
    if not found:
        found = [one.groupdict() for pattern in _ONE[language] for one in pattern.finditer(text)]
    said: dict[str, list[str]] = {}
    for one in found:
        for name, words in one.items():
            said.setdefault(name, []).append(words)
    return {name: words[0] for name, words in said.items() if len(words) == 1 and not _TIME.match(words[0])}
