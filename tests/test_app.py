"""What the App does with Python's collector, in a process of its own."""

import subprocess
import sys
from typing import Final

RINGS: Final = 120_000
HELD: Final = 10_000
PROGRAM: Final = f"""
import gc
from collections import deque
from assistant.app import keep_what_is_made
from assistant.worker import Token
class Ring:
    alive = 0
    def __init__(self):
        self.itself = self
        Ring.alive += 1
    def __del__(self):
        Ring.alive -= 1
sentences = [[] for _ in range(600_000)]
gc.collect()
keep_what_is_made(Token())
lately = deque((Ring() for _ in range({RINGS})), maxlen={HELD})
print(Ring.alive)
"""


def test_a_large_beginning_does_not_let_garbage_pile_up_afterwards() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)

    assert HELD <= int(done.stdout) < RINGS // 2
