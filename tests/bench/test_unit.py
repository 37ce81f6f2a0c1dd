"""What is told of a process."""

import os
import subprocess

import pytest

from assistant.bench.unit import anonymous_kb, most_rss_kb, rss_kb
from assistant.errors import EngineError


def test_a_process_that_has_ended_and_one_that_is_gone_are_said_so() -> None:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(EngineError, match="has ended"):
        rss_kb(process.pid)
    process.wait()

    with pytest.raises(EngineError, match="has ended"):
        anonymous_kb(process.pid)


def test_the_kinds_of_memory_are_told_apart() -> None:
    assert 0 < anonymous_kb(os.getpid()) < rss_kb(os.getpid()) <= most_rss_kb(os.getpid())
