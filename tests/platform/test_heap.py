"""Freed memory goes back to the kernel, in a process of its own."""

import subprocess
import sys
from typing import Final

import pytest

from assistant.platform.heap import ARENAS, BEATS

KEEPS_LITTLE: Final = f"""
from assistant.platform.heap import Heap
def rss_kb():
    return int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")))
def fill_and_free():
    blocks = [bytes(3000) if number % 8 else bytes(600) for number in range(60_000)]
    return blocks[::8]
heap = Heap()
kept = fill_and_free()
told = [rss_kb()]
for _ in range({BEATS} - 1):
    heap.beat(busy=False)
told.append(rss_kb())
heap.beat(busy=True)
told.append(rss_kb())
kept += fill_and_free()
heap.freed()
heap.beat(busy=True)
told.append(rss_kb())
heap.beat(busy=False)
print(*told, rss_kb())
"""

MANY_THREADS: Final = """
import ctypes, re, sys, threading
from assistant.platform.heap import Heap
if sys.argv[1] == "bound":
    Heap()
go, done = threading.Barrier(9), threading.Barrier(9)
def fill():
    go.wait()
    blocks = [bytearray(700) for _ in range(2000)]
    done.wait()
threads = [threading.Thread(target=fill) for _ in range(8)]
for thread in threads:
    thread.start()
go.wait(); done.wait()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, stream)
libc.fflush(stream)
"""


@pytest.fixture(autouse=True)
def _glibc() -> None:
    if (
        "glibc"
        not in subprocess.run(["getconf", "GNU_LIBC_VERSION"], capture_output=True, text=True, check=False).stdout
    ):
        pytest.skip("only glibc keeps what is freed")


def _said(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def test_freed_pages_go_back_at_the_sixtieth_beat_and_after_each_sentence_when_nobody_is_busy() -> None:
    before, between, after, again, rested = map(int, _said(KEEPS_LITTLE).split())

    assert between > before - 10_000
    assert after < before - 100_000
    assert again > after + 100_000
    assert rested < again - 100_000


def test_threads_share_few_heaps() -> None:
    assert _said(MANY_THREADS, "bound").count("<heap nr=") <= ARENAS < _said(MANY_THREADS, "free").count("<heap nr=")
