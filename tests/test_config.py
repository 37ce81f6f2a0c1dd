import dataclasses
from pathlib import Path

import pytest

from assistant.config import Config, load, show
from assistant.errors import ConfigError

SHIPPED = Path(__file__).parents[1] / "config" / "cabin.toml"


def test_the_shipped_file_shows_every_key_with_its_default() -> None:
    assert load(SHIPPED) == Config()

    text = SHIPPED.read_text(encoding="utf-8")
    for section in dataclasses.fields(Config):
        value = getattr(Config(), section.name)
        keys = (
            [field.name for field in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else [section.name]
        )
        for key in keys:
            assert f"\n{key} = " in text


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "cabin.toml"
    path.write_text(show(Config()), encoding="utf-8")

    assert load(path) == Config()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("langage = 'en'", "did you mean 'language'"),
        ("[listen]\nconsent = 3", "did you mean 'consent_s'"),
        ("[hear]\nengine = 'moonshin'", "did you mean 'moonshine'"),
        ("language = 3", "one of: en, zh"),
        ("[hear]\nthreads = 'two'", "must be int"),
        ("[hear]\nthreads = true", "must be int"),
        ("[wake]\nwords = 'alexa'", "must be a list"),
        ("listen = 3", "must be a table"),
        ("x = = 1", "not TOML"),
    ],
)
def test_a_broken_file_says_what_to_mend(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "cabin.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load(path)

    assert says in str(caught.value)
    assert str(path) in caught.value.message


def test_a_file_that_is_not_text_or_not_there_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cabin.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError):
        load(path)
    with pytest.raises(ConfigError):
        load(tmp_path / "none.toml")
