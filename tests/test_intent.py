from pathlib import Path

import pytest

from assistant.config import Config, Model, Paths
from assistant.errors import ModelError
from assistant.intent import IntentModel
from assistant.shelf import Shelf
from assistant.weights import manifest
from assistant.weights.store import sha256
from assistant.worker import Token
from tests.understand import qwen_file

pytest.importorskip("llama_cpp")


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a manifest with one model beside it, and return the model's file."""
    path = qwen_file.make(tmp_path / "tiny.gguf", "qwen3")
    told = f'path = "{path.name}"\nsize = {path.stat().st_size}\nsha256 = "{sha256(path)}"'
    entry = 'name = "tiny"\nrole = "understand"\nengine = "qwen"\nform = "short"\nshipped = true'
    (tmp_path / "models.toml").write_text(f"[[model]]\n{entry}\n[[model.file]]\n{told}\n")
    known = manifest.load(tmp_path / "models.toml")
    monkeypatch.setattr("assistant.shelf.manifest.load", lambda _: known)
    return path


def _model(tmp_path: Path, name: str = "auto") -> IntentModel:
    config = Config(model=Model(name=name, limit_ms=20_000), paths=Paths(cache=str(tmp_path / "cache")))
    return IntentModel(config, Shelf(str(tmp_path / "nothing")))


def test_the_shipped_model_is_the_default_and_tells_why(shipped: Path, tmp_path: Path) -> None:
    model = _model(tmp_path)

    assert model.story() == "tiny (short), because it comes with Cabin; verified"
    assert model("turn it up a little", "en", Token()).text
    model.close()


def test_a_model_that_is_not_what_the_manifest_says_is_never_loaded(
    shipped: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shipped.write_bytes(shipped.read_bytes()[:-1] + b"\x00")
    model = _model(tmp_path)

    assert model.story().startswith("none, the rules alone: tiny: tiny.gguf is not what it should be")
    for _ in range(2):
        with pytest.raises(ModelError, match="sha256 differs"):
            model("turn it up a little", "en", Token())
    assert caplog.text.count("the rules go on alone") == 1
    with pytest.raises(ModelError, match="sha256 differs"):
        _model(tmp_path, "tiny").story()


def test_without_llama_cpp_the_rules_are_alone_and_the_check_says_so(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.intent.importlib.util.find_spec", lambda _: None)
    model = _model(tmp_path)

    assert "llama-cpp-python is not installed" in model.story()
    assert "scripts/setup run" in model.story()
    assert model.chosen() is None


def test_none_is_none_as_configured(shipped: Path, tmp_path: Path) -> None:
    assert _model(tmp_path, "none").story() == "none, as configured: the rules alone"
    assert _model(tmp_path, "none").chosen() is None


def test_a_path_is_a_general_model_and_one_that_is_not_there_is_told(shipped: Path, tmp_path: Path) -> None:
    assert _model(tmp_path, str(shipped)).story() == f"{shipped} (chat), because it is configured"
    with pytest.raises(ModelError, match="no such model"):
        _model(tmp_path, str(tmp_path / "nowhere.gguf")).story()
