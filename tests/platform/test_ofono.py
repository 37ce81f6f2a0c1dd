"""The telephone on the oFono of python-dbusmock, a program of its own on a private bus."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")
pytest.importorskip("dbusmock")

from assistant.core.headunit import CallPhase
from assistant.core.plan import LocalCall, Status
from assistant.core.vehicle import Value
from assistant.errors import BusError
from assistant.platform.bus import Bus, wait_until
from assistant.platform.ofono import OFono

MODEM = ("org.ofono", "/ril_0")
MOCK = "org.freedesktop.DBus.Mock"
CONTACTS = {"Ann Lee": "+44 20 7946 0991", "Mum": "0161 496 0000"}


class PrivateBus(Protocol):
    address: str


@pytest.fixture
def bus(private_bus: PrivateBus) -> Iterator[Bus]:
    made = Bus(private_bus.address)
    yield made
    made.close()


@pytest.fixture
def phone(bus: Bus) -> OFono:
    return OFono(bus, CONTACTS)


@pytest.fixture
def ofono(private_bus: PrivateBus, phone: OFono) -> Iterator["subprocess.Popen[bytes]"]:
    """Start oFono after the assistant."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dbusmock", "--system", "--template", "ofono"],
        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": private_bus.address},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(lambda: phone._modem == MODEM[1], 15.0)
    yield process
    process.kill()
    process.wait(5)


def do(phone: OFono, call: str, /, **args: Value) -> tuple[Status, str]:
    outcome = phone.call(LocalCall(call, args))
    return outcome.status, outcome.reason


def tells(bus: Bus, path: str, state: str) -> None:
    """Let a call go on as the network would."""
    bus.call(
        ("org.ofono", path),
        f"{MOCK}.UpdateProperties",
        "sa{sv}",
        "org.ofono.VoiceCall",
        bus.packed({"State": ("s", state)}),
    )
    changed = bus.packed({"v": ("s", state)})["v"]
    bus.call(
        ("org.ofono", path),
        f"{MOCK}.EmitSignal",
        "sssav",
        "org.ofono.VoiceCall",
        "PropertyChanged",
        "sv",
        [bus.packed({"v": ("s", "State")})["v"], changed],
    )


def rings(bus: Bus, number: str) -> str:
    """Let somebody call: a dialled call whose state becomes incoming and that can be answered."""
    path = str(bus.call(MODEM, "org.ofono.VoiceCallManager.Dial", "ss", number, "")[0])
    code = 'self.UpdateProperties("org.ofono.VoiceCall", {"State": "active"})'
    bus.call(("org.ofono", path), f"{MOCK}.AddMethod", "sssss", "org.ofono.VoiceCall", "Answer", "", "", code)
    tells(bus, path, "incoming")
    return path


@pytest.mark.usefixtures("ofono")
def test_a_contact_is_dialled_answered_and_hung_up(bus: Bus, phone: OFono) -> None:
    assert do(phone, "phone.dial", name="ann lee", number="") == (Status.DONE, "")
    state = phone.state()
    assert (state.phase, state.name, state.number) == (CallPhase.DIALLING, "Ann Lee", "+442079460991")
    assert do(phone, "phone.dial", name="Mum", number="") == (Status.REFUSED, "busy")

    tells(bus, "/ril_0/voicecall01", "active")
    assert wait_until(lambda: phone.state().phase is CallPhase.ACTIVE, 3.0)
    assert do(phone, "phone.hang_up") == (Status.DONE, "")
    assert phone.state().phase is CallPhase.NONE
    assert (phone.state().last_name, phone.state().name) == ("ann lee", "")


@pytest.mark.usefixtures("ofono")
def test_a_number_is_dialled_as_it_was_said(bus: Bus, phone: OFono) -> None:
    assert do(phone, "phone.dial", name="", number="0161 496 0000") == (Status.DONE, "")
    assert (phone.state().number, phone.state().name) == ("01614960000", "Mum")


@pytest.mark.usefixtures("ofono")
def test_who_rings_is_known_and_is_answered(bus: Bus, phone: OFono) -> None:
    rings(bus, "+442079460991")
    assert wait_until(lambda: phone.state().phase is CallPhase.RINGING, 3.0)
    assert phone.state().name == phone.state().last_caller == "Ann Lee"

    assert do(phone, "phone.answer") == (Status.DONE, "")
    assert phone.state().phase is CallPhase.ACTIVE


@pytest.mark.usefixtures("ofono")
def test_who_rings_is_turned_down(bus: Bus, phone: OFono) -> None:
    rings(bus, "+15550100")
    assert wait_until(lambda: phone.state().phase is CallPhase.RINGING, 3.0)

    assert do(phone, "phone.reject") == (Status.DONE, "")
    assert phone.state().phase is CallPhase.NONE
    assert phone.state().last_caller == "+15550100"


@pytest.mark.usefixtures("ofono")
@pytest.mark.parametrize("call", ["phone.answer", "phone.hang_up", "phone.reject"])
def test_without_a_call_there_is_none_to_end_or_take(phone: OFono, call: str) -> None:
    assert do(phone, call) == (Status.REFUSED, "no_call")


@pytest.mark.usefixtures("ofono")
def test_nobody_of_that_name_is_not_dialled(phone: OFono) -> None:
    assert do(phone, "phone.dial", name="Nobody", number="") == (Status.REFUSED, "not_found")


CARDS = """BEGIN:VCARD
VERSION:3.0
FN:Zoe Zander
TEL;TYPE=CELL:+49 151 5550100
END:VCARD
"""


def gives_its_book(bus: Bus, code: str) -> None:
    """Let the modem have a phonebook whose import runs this code, as one does a moment after it connected."""
    bus.call(MODEM, f"{MOCK}.AddMethod", "sssss", "org.ofono.Phonebook", "Import", "", "s", code)
    interfaces = ["org.ofono.VoiceCallManager", "org.ofono.Phonebook"]
    changed = bus.packed({"Interfaces": ("as", interfaces)})
    bus.call(MODEM, f"{MOCK}.UpdateProperties", "sa{sv}", "org.ofono.Modem", changed)
    told = [bus.packed({"v": ("s", "Interfaces")})["v"], changed["Interfaces"]]
    bus.call(MODEM, f"{MOCK}.EmitSignal", "sssav", "org.ofono.Modem", "PropertyChanged", "sv", told)


def test_the_contacts_of_a_telephone_are_called_by_name_and_go_with_it(
    bus: Bus, phone: OFono, ofono: "subprocess.Popen[bytes]", caplog: pytest.LogCaptureFixture
) -> None:
    changes: list[tuple[str, ...]] = []
    phone.watch(lambda: changes.append(phone.names()["contact"]))
    assert phone.names()["contact"] == tuple(CONTACTS)

    with caplog.at_level(logging.DEBUG):
        gives_its_book(bus, f"ret = {CARDS!r}")
        assert wait_until(lambda: phone.names()["contact"] == ("Zoe Zander",), 5.0)
        assert do(phone, "phone.dial", name="zoe zander", number="") == (Status.DONE, "")

    assert ("Zoe Zander",) in changes
    assert phone.names()["given_name"] == ("Zoe",)
    assert phone.state().number == "+491515550100"
    assert "Zander" not in caplog.text
    ofono.kill()
    assert wait_until(lambda: phone.names()["contact"] == tuple(CONTACTS), 5.0)


@pytest.mark.usefixtures("ofono")
def test_a_phonebook_that_cannot_be_had_now_is_asked_for_again(
    bus: Bus, phone: OFono, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.platform.ofono.IMPORT_TRIES_S", (0.0, 0.2))
    once = 'if len(self.call_log) < 1000 and not hasattr(self, "asked"):\n    self.asked = True\n'
    gives_its_book(
        bus,
        once + f'    raise dbus.exceptions.DBusException("busy", name="org.ofono.Error.InProgress")\nret = {CARDS!r}',
    )

    assert wait_until(lambda: phone.names()["contact"] == ("Zoe Zander",), 5.0)


def test_a_telephone_that_does_not_answer_is_unknown_and_one_that_left_is_not_there(
    phone: OFono, ofono: "subprocess.Popen[bytes]"
) -> None:
    ofono.send_signal(19)
    assert do(phone, "phone.dial", name="Mum", number="") == (Status.UNKNOWN, "timeout")
    ofono.send_signal(18)

    ofono.kill()

    assert wait_until(lambda: do(phone, "phone.dial", name="Mum", number="") == (Status.REFUSED, "not_available"), 3.0)
    assert phone.state().phase is CallPhase.NONE


def test_without_ofono_there_is_no_telephone(phone: OFono, bus: Bus) -> None:
    assert do(phone, "phone.dial", name="Mum", number="") == (Status.REFUSED, "not_available")
    with pytest.raises(BusError):
        bus.call(("org.ofono", "/"), "org.ofono.Manager.GetModems")
