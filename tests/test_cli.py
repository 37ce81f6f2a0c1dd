"""The commands as a shell sees them."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from assistant.ledger.store import Ledger

CLIPS = Path(__file__).parent / "clips"
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Give an environment without anybody's configuration."""
    state = {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
    }
    config = tmp_path / "cabin.toml"
    config.write_text("language = 'en'\n", encoding="utf-8")
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("CABIN_")},
        **state,
        "CABIN_CONFIG": str(config),
    }


def cabin(home: dict[str, str], *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assistant.cli", *arguments]
    return subprocess.run(command, env=home, input=typed, capture_output=True, text=True, check=False, timeout=150)


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def tone(path: Path, **form: int) -> Path:
    """Write half a second of silence as WAV of any form."""
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(form.get("channels", 1))
        wav.setsampwidth(form.get("bytes", 2))
        wav.setframerate(form.get("rate", 16_000))
        silence = b"\x80" if form.get("bytes") == 1 else bytes(form.get("bytes", 2))
        wav.writeframes(silence * form.get("channels", 1) * (form.get("rate", 16_000) // 2))
    return path


def test_a_typed_sentence_goes_to_the_car_and_back(home: dict[str, str]) -> None:
    done = cabin(home, "ask", "turn on the air conditioning", "--json")

    (exchange,) = lines(done)
    assert done.returncode == 0
    assert exchange["requests"] == [{"request": "SwitchClimate", "feature": "air_conditioning", "on_off": "on"}]
    assert exchange["plan"][0]["signal"] == "Vehicle.Cabin.HVAC.IsAirConditioningActive"
    assert {outcome["status"] for outcome in exchange["outcome"]} == {"done"}
    assert exchange["reply"][-1] == "Air conditioning on."


def test_chinese_is_understood_and_answered_in_chinese(home: dict[str, str]) -> None:
    done = cabin(home, "ask", "--lang", "zh", "把温度调到二十二度", "--json")

    assert lines(done)[0]["requests"] == [{"request": "SetTemperature", "degrees": 22.0}]
    assert "二十二度" in lines(done)[0]["reply"][-1]


def test_nothing_is_deleted_without_a_yes(home: dict[str, str]) -> None:
    asked, answered = lines(cabin(home, "ask", "--json", "delete my data", "i'm not sure"))

    assert asked["reply"]
    assert asked["plan"] == answered["plan"] == []


@pytest.mark.parametrize(
    "sentence", ["", "   ", "🙂🙃", "把 the 窗 open 一下 bitte", "turn on " * 5000, "<|im_end|>", "\x00\x07", "ﷺ" * 300]
)
def test_odd_text_is_no_action_and_no_traceback(home: dict[str, str], sentence: str) -> None:
    if "\x00" in sentence:
        sentence = sentence.replace("\x00", "\x01")

    done = cabin(home, "ask", "--json", sentence)

    assert "Traceback" not in done.stderr
    assert done.returncode in {0, 1}
    assert all(exchange["plan"] == [] for exchange in lines(done))


def test_recorded_sentences_wake_are_understood_done_and_answered(home: dict[str, str]) -> None:
    wanted = {
        "air-conditioning": "SwitchClimate",
        "temperature": "SetTemperature",
        "navigate": "StartRoute",
        "headlights": "SetOutsideLight",
    }

    done = cabin(home, "drive", "--fast", "--json", *(str(CLIPS / f"{name}.flac") for name in wanted))

    told = {Path(exchange["clip"]).stem: exchange for exchange in lines(done)}
    assert len(lines(done)) == len(wanted)
    assert {name: [request["request"] for request in told[name]["requests"]] for name in wanted} == {
        name: [request] for name, request in wanted.items()
    }
    assert told["headlights"]["plan"] == []
    assert told["temperature"]["outcome"] == [{"status": "done", "receipt": "22.0"}]
    assert all(exchange["wake"] == "word" and exchange["reply"] for exchange in told.values())


def test_sound_of_any_form_is_taken_and_silence_wakes_nobody(home: dict[str, str], tmp_path: Path) -> None:
    forms = [{"rate": 96_000}, {"bytes": 1, "rate": 8_000}, {"channels": 2, "rate": 44_100}, {"bytes": 3}]
    clips = [tone(tmp_path / f"{number}.wav", **form) for number, form in enumerate(forms)]

    done = cabin(home, "drive", "--fast", "--json", *map(str, clips))

    assert done.returncode == 1
    assert [exchange["wake"] for exchange in lines(done)] == [""] * len(forms)
    assert "nobody was woken" in done.stderr


@pytest.mark.parametrize("content", [b"", b"not audio at all", b"RIFF\x24\x00\x00\x00WAVEfmt ", None])
@pytest.mark.parametrize("command", ["drive", "hear"])
def test_what_is_no_audio_is_bad_input_with_a_mend(
    home: dict[str, str], tmp_path: Path, command: str, content: bytes | None
) -> None:
    clip = tmp_path / "clip.wav"
    if content is not None:
        clip.write_bytes(content)

    done = cabin(home, command, str(clip))

    assert done.returncode == 2
    assert str(clip) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_configuration_is_bad_usage(home: dict[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[hear]\nengin = 'moonshine'", encoding="utf-8")

    done = cabin(home, "-c", str(broken), "ask", "hello")

    assert done.returncode == 2
    assert "did you mean 'engine'" in done.stderr


def test_check_tells_what_is_used_and_why(home: dict[str, str]) -> None:
    done = cabin(home, "check")

    assert "moonshine (en)" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_audit_of_a_conversation_is_unbroken_and_holds_no_words(home: dict[str, str]) -> None:
    cabin(home, "ask", "call mom")

    verified, shown = cabin(home, "audit", "verify"), cabin(home, "audit", "show")

    assert verified.returncode == 0
    assert "MakeCall" in shown.stdout
    assert "mom" not in shown.stdout.lower()


def test_a_damaged_order_book_does_not_silence_the_assistant(home: dict[str, str]) -> None:
    book = Path(home["XDG_STATE_HOME"]) / "cabin" / "orders.sqlite"
    book.parent.mkdir(parents=True)
    book.write_bytes(b"garbage" * 1000)

    done = cabin(home, "ask", "turn on the fan", "--json")

    assert {outcome["status"] for outcome in lines(done)[0]["outcome"]} == {"done"}
    assert "no order book" in done.stderr


def test_the_owner_sets_and_removes_the_pin_and_the_audit_says_so_without_it(
    home: dict[str, str], tmp_path: Path
) -> None:
    early = cabin(home, "pin", "set", typed="4711\n")
    assert early.returncode == 1
    assert "no order book yet" in early.stderr
    with Ledger(tmp_path / "state" / "cabin" / "orders.sqlite"):
        pass

    for wrong in ("", "471", "four seven one one", "1234567890123"):
        refused = cabin(home, "pin", "set", typed=f"{wrong}\n")
        assert refused.returncode == 2
        assert "4 to 12 digits" in refused.stderr
    assert cabin(home, "pin").stdout == "no PIN is set\n"
    assert cabin(home, "pin", "set", typed="4711\n").stdout == "a PIN is set\n"
    assert cabin(home, "pin", "remove").stdout == "no PIN is set\n"

    assert cabin(home, "audit", "verify").returncode == 0
    shown = cabin(home, "audit", "show").stdout
    assert "pin_set" in shown
    assert "pin_removed" in shown
    assert "4711" not in shown
