"""How a soak's samples become figures."""

import random

import pytest

from assistant.bench.growth import Sample, growth

CALM = "% per hour, each minute's least anonymous"


def _samples(kb_an_hour: float, *, step_kb: int = 0, minutes: int = 120) -> list[Sample]:
    """Return a sample a second of a process that now and then holds up to 20 MB more for a moment."""
    chance = random.Random(7)
    samples = []
    for second in range(minutes * 60):
        grown = 200_000 + kb_an_hour * second / 3600 + (step_kb if second > 5400 else 0)
        working = chance.choice((0, 0, 0, 20_000)) * chance.random() * (1 if second < 5000 else 3)
        samples.append(Sample(float(second), round(60_000 + grown + working), round(grown + working)))
    return samples


@pytest.mark.parametrize("kb_an_hour", [0, 1_000, 10_000, -2_000])
def test_the_calm_slope_tells_what_stays(kb_an_hour: int) -> None:
    found = growth(_samples(kb_an_hour))

    assert found[CALM] == pytest.approx(kb_an_hour / 2_000, rel=0.1, abs=0.05)
    assert found["% per hour, anonymous"] > found[CALM] + 0.5
    assert 0 < found["% per hour"] != found[CALM]


def test_a_step_is_not_smoothed_away() -> None:
    assert growth(_samples(0, step_kb=7_000))[CALM] > 2


def test_first_and_last_stay_as_they_were() -> None:
    samples = [Sample(0.0, 2048, 1024), *_samples(0, minutes=5)[1:], Sample(300.0, 4096, 3072)]

    found = growth(samples)

    assert found["rss_mb"] == {"first": 2, "last": 4}
    assert found["anonymous_mb"] == {"first": 1, "last": 3}


def test_a_soak_too_short_for_a_slope_says_so() -> None:
    found = growth([Sample(0.5, 2048, 1024)])

    assert found[CALM] is found["% per hour"] is found["kb per 1000 sentences"] is None
