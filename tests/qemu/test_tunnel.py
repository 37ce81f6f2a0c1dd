"""The tunnel of the bench, by the guest's own functions in a network of their own: nothing gets through, then all of it."""

import shutil
import subprocess
import sys

import pytest

from scripts.benchimage.cache import ROOT

ALONE = ("unshare", "--map-root-user", "--net")
THROUGH_IT = """
import socket, subprocess
from scripts.benchimage.guest import shop

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
broker = socket.create_server(("127.0.0.1", shop.CARS_PORT))
car = socket.create_connection(broker.getsockname(), 5)
there, _ = broker.accept()
for end in (car, there):
    end.settimeout(1)

def arrives(word):
    there.sendall(word)
    try:
        return car.recv(100)
    except TimeoutError:
        return b""

print(arrives(b"before"))
shop.cut()
print(arrives(b"within"))
shop.mend()
print(car.recv(100) + arrives(b", after"))
"""


@pytest.mark.skipif(shutil.which("nft") is None, reason="nftables is not installed")
@pytest.mark.skipif(
    shutil.which(ALONE[0]) is None or subprocess.run([*ALONE, "true"], check=False, capture_output=True).returncode > 0,
    reason="this kernel lends no network of one's own",
)
def test_in_the_tunnel_nothing_arrives_and_what_was_sent_there_arrives_after_it() -> None:
    command = [*ALONE, sys.executable, "-c", THROUGH_IT]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)

    assert done.stdout.split("\n")[:3] == ["b'before'", "b''", "b'within, after'"], done.stderr
