import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.bench.wake import run
from assistant.errors import UsageError

SPEECH = (
    Path(os.environ.get("CABIN_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "speech" / "manifest.jsonl"
)


def few(folder: Path, *wanted: dict[str, object]) -> Path:
    """Write a manifest of a few rows: of each choice at most `most`."""
    if not SPEECH.is_file():
        pytest.skip("no recordings in ../shared")
    rows = [json.loads(line) for line in SPEECH.read_text("utf-8").splitlines()]
    chosen = []
    for choice in wanted:
        fields = {name: value for name, value in choice.items() if name != "most"}
        chosen += [row for row in rows if fields.items() <= row.items()][: int(str(choice["most"]))]
    for row in chosen:
        row["file"] = str(SPEECH.parent / row["file"])
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, chosen)), "utf-8")
    return path


@pytest.mark.shared
def test_figures_of_each_word_next_to_a_baseline(tmp_path: Path) -> None:
    manifest = few(
        tmp_path,
        {"kind": "wakeword", "text": "alexa", "most": 4},
        {"kind": "wakeword", "text": "computer", "most": 2},
        {"kind": "noise", "noise_type": "car interior 60 mph", "most": 1},
        {"kind": "other", "source": "ibm_callcenter", "most": 1},
    )
    told: list[str] = []

    figures = run(manifest, told.append)

    assert set(figures) == {"alexa", "cpu_share", "cpu_share_of_four_words", "baseline"}
    alexa = figures["alexa"]
    assert alexa["clips"] == 4
    assert alexa["miss"] <= 0.25
    assert {"miss_20db", "miss_10db", "miss_5db"} <= set(alexa)
    assert (alexa["false_per_hour"], alexa["false_on_other_wake_words"], alexa["self_wakes"]) == (0.0, 0, 0)
    assert set(figures["baseline"]["alexa"]) <= set(alexa)
    assert figures["cpu_share"] > 0
    assert figures["cpu_share_of_four_words"] > 0
    assert told


def test_a_manifest_without_wake_words_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(1600), 16000)
    (tmp_path / "manifest.jsonl").write_text('{"file": "a.wav", "kind": "noise", "source": "n"}', "utf-8")

    with pytest.raises(UsageError, match="wake word"):
        run(tmp_path / "manifest.jsonl", lambda _: None)
