"""From where and to where: what a sentence says of both, once only, for requests that go somewhere."""

import re
from collections.abc import Mapping
from typing import Final

from assistant.core.text import Language

_WAYS: Final[Mapping[Language, re.Pattern[str]]] = {
    "en": re.compile(
        r"\bfrom (?P<origin>[^,.?!]{1,60}?) to (?P<goal>[^,.?!]{1,60}?)"
        r"(?= (?:on|at|in the|for|by|next|this|tomorrow|today|tonight|around|after|before|leaving|please)\b|[,.?!]|$)",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"[从在](?P<origin>[^，。？！,?!从在的时点]{1,30}?)(?:打车|打的|坐车|[坐乘搭打](?:出租车|的士|专车))?(?:(?:出发|上车)[^，。？！,?!]{0,2}[，,]?[^，。？！,?!从在]{0,8}?)?"
        r"(?:前往|飞往|开往|到达|到|去|飞|至)(?P<goal>[^，。？！,?!的]{1,30}?)(?=的|去|坐|打车|乘|[，。？！,?!]|$)"
    ),
}
"""In Chinese "在" (at) names an origin only where somebody gets in or leaves."""
_AT: Final = re.compile(r"^在(?!.*(?:出发|上车))")


def ends(text: str, language: Language) -> Mapping[str, str]:
    """Return the words for `origin` and `goal`; nothing where there is no such pair, or a second one."""
    found = [one for one in _WAYS[language].finditer(text) if not _AT.match(one.group())]
    return found[0].groupdict() if len(found) == 1 else {}
