"""The bus policy on a real dbus-daemon that denies by default, as the system bus does: who may own, call and hear."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")

from assistant.errors import BusError, Trouble
from assistant.platform.bus import Bus

POLICY = Path(__file__).parents[2] / "systemd" / "org.cabin.Assistant1.conf"
CABIN = ("org.cabin.Assistant1", "/org/cabin/Assistant1")
STRICT = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><deny own="*"/><deny send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
<allow send_destination="org.freedesktop.DBus"/></policy>
<include>{policy}</include></busconfig>"""
STRANGER, SCREEN = 65534, 100

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="takes other users' parts, which only root can")


class PrivateBus(Protocol):
    address: str
    socket: Path


class Answers:
    """An object with the method that matters."""

    # ruff: noqa: ARG002 - it takes what a real object takes

    def call(self, sender: str, method: str, arguments: tuple[object, ...]) -> tuple[object, ...]:
        return ()

    def get(self, name: str) -> object:
        return ""

    def set(self, name: str, value: object) -> None:
        return


@pytest.fixture
def served(make_bus: Callable[..., PrivateBus], tmp_path: Path) -> Iterator[tuple[PrivateBus, Bus]]:
    """Serve on a strict bus with our policy; root plays the user cabin, the group users (100) plays cabin-hmi."""
    rules = POLICY.read_text().replace('user="cabin"', 'user="root"').replace('group="cabin-hmi"', 'group="users"')
    policy = tmp_path / "policy.conf"
    policy.write_text(rules)
    private = make_bus(STRICT.replace("{policy}", str(policy)))
    for folder in (private.socket, *private.socket.parents):
        if folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011 if folder.is_dir() else 0o666)
    bus = Bus(private.address)
    bus.publish(
        *CABIN, '<node><interface name="org.cabin.Assistant1"><method name="Listen"/></interface></node>', Answers()
    )
    yield private, bus
    bus.close()


def user(group: int) -> list[str]:
    """Return what makes a command another user's, who is in one group."""
    return ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", f"--groups={group}"]


def busctl(private: PrivateBus, group: int, *words: str) -> str:
    """Be another user with one group; return what is said."""
    done = subprocess.run(
        [*user(group), "busctl", f"--address={private.address}", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    return done.stdout + done.stderr


def test_a_stranger_may_look_but_not_ask(served: tuple[PrivateBus, Bus]) -> None:
    private, _ = served

    assert "Listen" in busctl(private, STRANGER, "introspect", *CABIN)
    assert "denied" in busctl(private, STRANGER, "call", *CABIN, CABIN[0], "Listen").lower()


def test_the_group_of_the_screen_may_ask(served: tuple[PrivateBus, Bus]) -> None:
    private, _ = served

    assert busctl(private, SCREEN, "call", *CABIN, CABIN[0], "Listen") == ""


@pytest.mark.parametrize(("group", "hears"), [(STRANGER, False), (SCREEN, True)])
def test_only_the_screen_hears_what_is_said(served: tuple[PrivateBus, Bus], group: int, hears: bool) -> None:
    private, bus = served
    listener = subprocess.Popen(
        [*user(group), "gdbus", "monitor", "--address", private.address, "--dest", CABIN[0]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert listener.stdout
    assert "Monitoring" in listener.stdout.readline()
    assert "owned by" in listener.stdout.readline()
    time.sleep(0.2)

    bus.emit(CABIN[1], f"{CABIN[0]}.Reply", "uss", 1, "calling Ann", "en")
    time.sleep(0.3)
    listener.terminate()

    assert ("calling Ann" in listener.communicate(timeout=5)[0]) is hears


def test_nobody_else_may_take_the_name(served: tuple[PrivateBus, Bus]) -> None:
    private, _ = served
    request = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName", "su")

    assert "denied" in busctl(private, STRANGER, "call", *request, CABIN[0], "4").lower()


def test_our_own_error_says_that_a_policy_is_missing(make_bus: Callable[..., PrivateBus], tmp_path: Path) -> None:
    empty = tmp_path / "none.conf"
    empty.write_text("<busconfig/>")
    bus = Bus(make_bus(STRICT.replace("{policy}", str(empty))).address)

    with pytest.raises(BusError) as caught:
        bus.call(
            ("org.freedesktop.DBus", "/org/freedesktop/DBus"), "org.freedesktop.DBus.RequestName", "su", CABIN[0], 4
        )

    assert caught.value.trouble is Trouble.DENIED
    assert "/etc/dbus-1/system.d" in caught.value.mend
    bus.close()
