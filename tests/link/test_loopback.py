import sys
import threading
import time
from collections.abc import Sequence

from assistant.core.context import Connectivity
from assistant.core.ports import Link
from assistant.link.loopback import Child, Loopback
from tests.link.broker import until

UP, DOWN = Connectivity.LINK, Connectivity.OFFLINE
ECHO = "import sys\nfor line in sys.stdin.buffer:\n    sys.stdout.buffer.write(line.upper()); sys.stdout.buffer.flush()"


class Ear:
    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.states: list[Connectivity] = []


def test_a_bridge_in_this_process_answers_in_order_in_a_thread_of_its_own() -> None:
    ear, threads = Ear(), set()

    def handle(raw: bytes) -> Sequence[bytes]:
        threads.add(threading.current_thread())
        return [raw + b"1", raw + b"2"]

    link: Link = Loopback(handle, ear.heard.append, ear.states.append)
    assert not link.send(b"early", "id", 60)
    link.open()
    assert link.send(b"a", "id", 60)
    assert link.send(b"b", "id", 60)
    assert until(lambda: ear.heard == [b"a1", b"a2", b"b1", b"b2"])
    assert ear.states == [UP]
    assert threads
    assert threading.current_thread() not in threads
    link.close()
    assert not link.send(b"late", "id", 60)


def test_a_bridge_that_fails_on_a_message_still_answers_the_next() -> None:
    ear = Ear()

    def handle(raw: bytes) -> Sequence[bytes]:
        if raw == b"bad":
            raise ZeroDivisionError
        return [raw]

    link = Loopback(handle, ear.heard.append, ear.states.append)
    link.open()
    link.send(b"bad", "id", 60)
    link.send(b"good", "id", 60)
    assert until(lambda: ear.heard == [b"good"])
    link.close()


def test_a_child_bridge_answers_a_line_with_lines() -> None:
    ear = Ear()
    link: Link = Child([sys.executable, "-c", ECHO], ear.heard.append, ear.states.append)
    link.open()
    assert until(lambda: ear.states == [UP])
    assert link.send(b'{"a":"b"}', "id", 60)
    assert until(lambda: ear.heard == [b'{"A":"B"}'])
    link.close()
    assert not link.send(b"x", "id", 60)
    assert ear.states == [UP]


def test_a_child_that_dies_is_a_lost_link_and_is_started_again() -> None:
    ear = Ear()
    link = Child([sys.executable, "-c", ECHO], ear.heard.append, ear.states.append, again_s=0.05)
    link.open()
    for _ in range(3):
        assert until(lambda: ear.states[-1:] == [UP])
        child = link._child
        assert child is not None
        child.kill()
        assert until(lambda: ear.states[-1] is DOWN)
    assert until(lambda: ear.states[-1:] == [UP])
    assert link.send(b"again", "id", 60)
    assert until(lambda: ear.heard == [b"AGAIN"])
    link.close()


def test_a_child_that_cannot_run_is_no_link_and_no_traceback() -> None:
    missing, ending = Ear(), Ear()
    links = [
        Child(["/no/such/program"], missing.heard.append, missing.states.append, again_s=0.05),
        Child([sys.executable, "-c", "raise SystemExit(3)"], ending.heard.append, ending.states.append, again_s=0.05),
    ]
    for link in links:
        link.open()
    assert until(lambda: ending.states.count(DOWN) >= 2)
    for link in links:
        link.close()
    assert missing.states == []
    assert missing.heard == ending.heard == []


def test_a_child_that_does_not_read_blocks_nobody() -> None:
    ear = Ear()
    link = Child([sys.executable, "-c", "import time; time.sleep(60)"], ear.heard.append, ear.states.append)
    link.open()
    assert until(lambda: ear.states == [UP])
    began = time.monotonic()
    for _ in range(100):
        assert link.send(b"x" * 10_000, "id", 60)
    assert time.monotonic() - began < 0.5
    link.close()
    assert time.monotonic() - began < 5


def test_a_child_that_writes_without_end_is_cut_into_lines_of_a_bound() -> None:
    ear = Ear()
    endless = "import sys\nsys.stdout.write('x' * 300000); sys.stdout.flush()\nsys.stdin.read()"
    link = Child([sys.executable, "-c", endless], ear.heard.append, ear.states.append)
    link.open()
    assert until(lambda: len(ear.heard) >= 2)
    assert max(len(line) for line in ear.heard) <= 128 * 1024 + 2
    link.close()
