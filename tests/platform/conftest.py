"""Services of python-dbusmock, as programs of their own on a private bus."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Protocol

import pytest


class PrivateBus(Protocol):
    address: str


@pytest.fixture
def mock(private_bus: PrivateBus) -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    """Start a template of python-dbusmock on the private bus."""
    running: list[subprocess.Popen[bytes]] = []

    def start(template: str) -> "subprocess.Popen[bytes]":
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "dbusmock", "--system", "--template", template],
                env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": private_bus.address},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait(5)
