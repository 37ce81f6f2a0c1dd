import re
import tomllib
from pathlib import Path

import pytest

import assistant.courier
from assistant.core.consent import NoConsent
from assistant.core.limits import Bar
from assistant.core.text import LANGUAGES

LANGUAGE_FILES = Path(assistant.courier.__file__).parents[1] / "languages"
OURS = {
    "wish_expired",
    "unasked",
    "overcharged",
    "cancelled_by_you",
    "order_forgotten",
    "audit_differs",
    "no_answer",
    "timeout",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_the_courier_gives_has_its_words(language: str) -> None:
    said: set[str] = set()
    for path in (LANGUAGE_FILES / language).glob("*.toml"):
        said |= set(tomllib.loads(path.read_text()).get("phrases", {}))
    wanted = OURS | {bar.value for bar in Bar} | {reason.value for reason in NoConsent}
    assert {f"reason.{word}" for word in wanted} <= said


def test_every_reason_written_in_the_courier_is_on_the_list() -> None:
    source = "".join(path.read_text() for path in Path(assistant.courier.__file__).parent.glob("*.py"))
    written = set(re.findall(r'State\.[A-Z]+, "([a-z_]+)"', source)) | set(
        re.findall(r'rewished\(order, "([a-z_]+)"', source)
    )
    assert written <= OURS | {reason.value for reason in NoConsent}
    assert "wish_expired" in written
