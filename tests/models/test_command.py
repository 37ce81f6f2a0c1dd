from pathlib import Path

import pytest

from assistant.cli import main


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CABIN_MODELS", str(tmp_path))
    monkeypatch.delenv("CABIN_CONFIG", raising=False)


def test_the_list_tells_what_is_here_and_what_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    out = capsys.readouterr().out
    assert "built in" in out
    assert "not installed" in out


def test_what_is_here_is_verified_and_a_damaged_model_is_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "verify", "wake-alexa"]) == 0
    (tmp_path / "qwen3-0.6b").mkdir()
    (tmp_path / "qwen3-0.6b" / "Qwen3-0.6B-Q8_0.gguf").write_bytes(b"not a model")
    assert main(["models", "verify"]) == 1
    assert "never verified" in capsys.readouterr().out


def test_a_name_nobody_knows_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "fetch", "qwen2.5-0.5"]) == 2
    assert main(["models", "fetch"]) == 2
    assert "did you mean 'qwen2.5-0.5b'" in capsys.readouterr().err
