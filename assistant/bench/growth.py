"""How the memory of a process grows over a soak."""

import statistics
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

MINUTE_S: Final = 60.0


class Sample(NamedTuple):
    """What a process has at one moment."""

    at: float
    """Seconds since the beginning."""
    rss_kb: int
    anonymous_kb: int
    """Without the pages of files."""


def growth(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return first and last of all samples, and the slopes of the last two thirds of the time: the first third fills caches.

    A sample while a sentence is recognised holds up to 20 MB more than one after it, so there is a slope of all samples and
    one of each minute's least: what is still in use when nothing is under way and freed memory went back. None: too short.
    """
    first, last = samples[0], samples[-1]
    late = [sample for sample in samples if sample.at > last.at / 3]
    least: dict[int, tuple[float, int]] = {}
    for sample in late:
        minute, now = int(sample.at // MINUTE_S), (sample.at, sample.anonymous_kb)
        least[minute] = min(least.get(minute, now), now, key=lambda one: one[1])
    resident = [(sample.at, sample.rss_kb) for sample in late]
    anonymous = [(sample.at, sample.anonymous_kb) for sample in late]
    slope = _slope(resident)
    spacing = (late[-1].at - late[0].at) / max(1, len(late) - 1)
    return {
        "rss_mb": {"first": first.rss_kb // 1024, "last": last.rss_kb // 1024},
        "anonymous_mb": {"first": first.anonymous_kb // 1024, "last": last.anonymous_kb // 1024},
        "kb per 1000 sentences": None if slope is None else round(slope * spacing * 1000, 1),
        "% per hour": _hourly(resident),
        "% per hour, anonymous": _hourly(anonymous),
        "% per hour, each minute's least anonymous": _hourly(list(least.values())),
    }


def _slope(points: Sequence[tuple[float, int]]) -> float | None:
    """Return kilobytes a second by least squares."""
    return statistics.linear_regression(*zip(*points, strict=True)).slope if len(points) > 1 else None


def _hourly(points: Sequence[tuple[float, int]]) -> float | None:
    """Return the slope in percent of the mean."""
    slope = _slope(points)
    return None if slope is None else round(100 * slope * 3600 / statistics.mean(kb for _, kb in points), 2)
