from pathlib import Path

import pytest

from assistant.errors import ConfigError
from assistant.languages.check import phrase_problems, problems
from assistant.languages.pack import LanguagePack, read


def _pack(folder: Path, **files: str) -> LanguagePack:
    for name, text in files.items():
        folder.joinpath(f"{name}.toml").write_text(text, encoding="utf-8")
    return read(folder, "en")


def test_files_of_a_folder_add_up(tmp_path: Path) -> None:
    pack = _pack(
        tmp_path,
        one='[phrases]\n"a.b" = ["yes", "sure"]\n[lists.zone]\ndriver = "driver"\n',
        two='[lists.zone]\ndriver = ["my side"]\n[[sentence]]\nrequest = "Go"\ntext = "go"\n',
    )

    assert pack.phrases["a.b"] == ("yes", "sure")
    assert pack.lists["zone"]["driver"] == ("driver", "my side")
    assert pack.sentences[0].text == ("go",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[phrase]", "unknown table"),
        ("[rules]\na = 1", "not text"),
        ("[rules]\na = []", "not text"),
        ("[phrases]\na = []", "empty list"),
        ('[[sentence]]\nrequest = "Go"', "request and text"),
        ('[[sentence]]\nrequest = "Go"\ntext = "go"\nfield = 1', "unknown key"),
        ("[rules\n", "one.toml"),
    ],
)
def test_a_broken_file_is_named_with_the_mend(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"one\.toml") as caught:
        _pack(tmp_path, one=text)

    assert message in str(caught.value)
    assert caught.value.mend


def test_bytes_that_are_no_text_are_an_error_with_a_mend(tmp_path: Path) -> None:
    tmp_path.joinpath("one.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError):
        read(tmp_path, "en")


def test_what_is_defined_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="twice"):
        _pack(tmp_path, one='[rules]\na = "x"', two='[rules]\na = "y"')


def test_every_fault_of_the_sentences_is_listed_at_once(small: object, tmp_path: Path) -> None:
    requests = small.grammar.requests  # type: ignore[attr-defined]
    pack = _pack(
        tmp_path,
        one="""
[rules]
round = "<again>"
again = "<round>"
[lists.side]
roof = "roof"
[[sentence]]
request = "Fly"
text = "fly"
[[sentence]]
request = "Open"
fields = { door = "x", side = "back" }
text = ["open {side}", "open {lid}", "open <nothing>", "open [the"]
""",
    )

    found = "\n".join(problems(pack, requests))

    for expected in (
        "contains itself",
        "named Fly",
        "'door'",
        "'back' is not",
        "'lid'",
        "<nothing>",
        "is missing",
        "'roof' is not",
        "no sentence for Call",
    ):
        assert expected in found


def test_phrases_are_compared_key_by_key_and_slot_by_slot(tmp_path: Path) -> None:
    folders = [tmp_path / "en", tmp_path / "zh"]
    for folder in folders:
        folder.mkdir()
    one = _pack(folders[0], one='[phrases]\na = "{x} {y}"\nb = "b"\nc = "{"')
    other = _pack(folders[1], one='[phrases]\na = ["{x}", "{y}"]\nb = "{z}"\nc = "c"\nd = "d"')

    found = phrase_problems(one, other)

    assert [line.split()[1].strip(":") for line in found if line.startswith("phrase")] == ["b", "c"]
    assert sum("no phrase d" in line for line in found) == 1
