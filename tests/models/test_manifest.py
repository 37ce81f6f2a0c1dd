from pathlib import Path

import pytest

from assistant.errors import ConfigError, ModelError, UsageError
from assistant.weights.manifest import load
from assistant.weights.store import State, Store, folders

SHIPPED = Path(__file__).parents[2] / "models" / "models.toml"
ENTRY = '[[model]]\nname = "a"\nrole = "hear"\nengine = "whisper"\n[[model.file]]\npath = "a/b"\nurl = "https://example.org/b"\n'


def test_the_shipped_manifest_covers_every_role_in_both_languages() -> None:
    models = load(SHIPPED).models
    for role in ("hear", "speak", "understand"):
        assert {language for model in models if model.role == role for language in model.languages} == {"en", "zh"}
    assert {"wake", "vad"} <= {model.role for model in models}
    assert all(model.licence for model in models)


def test_what_the_wheels_carry_is_what_the_manifest_says() -> None:
    store = Store(load(SHIPPED), ())
    built_in = [model for model in store.manifest.models if model.built_in]
    assert len(built_in) >= 6
    for model in built_in:
        if store.state(model) is State.BUILT_IN:
            assert store.verify(model) == ()
            assert store.trusted(model).exists()


def test_no_hash_is_invented() -> None:
    for model in load(SHIPPED).models:
        for file in model.files:
            assert bool(file.size) == bool(file.sha256)
            assert bool(file.sha256) == model.built_in


def test_every_fetched_address_is_https_and_every_name_is_in_the_readme() -> None:
    for model in load(SHIPPED).models:
        assert all(file.url.startswith("https://") for file in model.files if not model.built_in)
    assert "pins.json" in SHIPPED.with_name("README.md").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.replace("engine", "engin"), "did you mean 'engine'"),
        (ENTRY.replace('"a/b"', '"../b"'), "leaves the models folder"),
        (ENTRY.replace('"a/b"', '"/etc/passwd"'), "leaves the models folder"),
        (ENTRY.replace("https", "http"), "https"),
        (ENTRY.replace("https://example.org/b", "file:///etc/passwd"), "https"),
        (ENTRY + 'sha256 = "abc"\n', "64 hexadecimal"),
        (ENTRY + "size = -true\n", ""),
        (ENTRY + ENTRY, "two models"),
        (ENTRY.replace("role", "#role"), "'role' is missing"),
        ("[other]\n", "unknown key"),
        ("not toml", ""),
        (ENTRY.replace('"hear"', "3"), "role"),
    ],
)
def test_a_broken_manifest_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="whisper-base"):
        load(SHIPPED).model("wisper-base")


def test_a_model_that_is_not_there_is_said_with_the_command_that_brings_it(tmp_path: Path) -> None:
    store = Store(load(SHIPPED), (tmp_path,))
    with pytest.raises(ModelError, match="cabin models fetch whisper-base"):
        store.trusted(store.manifest.model("whisper-base"))


def test_a_model_of_several_files_is_loaded_from_its_folder(tmp_path: Path) -> None:
    store = Store(load(SHIPPED), (tmp_path / "first", tmp_path / "second"))
    whisper = store.manifest.model("whisper-base")
    for file in whisper.files:
        path = tmp_path / "second" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert store.state(whisper) is State.UNPINNED
    (tmp_path / "second" / whisper.files[1].path).unlink()
    assert store.state(whisper) is State.PARTLY


def test_a_broken_record_of_pins_counts_as_none(tmp_path: Path) -> None:
    store = Store(load(SHIPPED), (tmp_path,))
    for broken in ("", "[]", '{"a": 1}', '{"a": {"size": "x"}}', "\x00"):
        (tmp_path / "pins.json").write_text(broken)
        assert store.expected(store.manifest.model("whisper-base").files[0]) is None


def test_the_folder_is_the_configured_one_the_environments_or_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CABIN_MODELS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/anna/data")
    assert set(folders()) == {Path("/home/anna/data/cabin/models"), Path("/var/lib/cabin/models")}
    monkeypatch.setenv("CABIN_MODELS", "/models")
    assert folders() == (Path("/models"),)
    assert folders("/configured") == (Path("/configured"),)
