"""A car as a process of its own: real order book, real courier, real MQTT, a radio that doubles, delays, reorders and loses.

`python car.py FOLDER PORT VEHICLE SEED ORDERS` wishes ORDERS orders, says yes to each price, and writes what
it would say aloud to FOLDER/spoken.jsonl. Killed and started again with the same arguments it goes on. It ends by itself
once every order is settled, and prints nothing.
"""

import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from assistant.core.consent import Consent, Heard, ReadBack, agree
from assistant.core.context import Connectivity
from assistant.core.limits import Limits
from assistant.core.money import Money
from assistant.core.order import OVER, Order, State
from assistant.core.uuid7 import uuid7
from assistant.courier import Courier, OrderChanged
from assistant.errors import CabinError
from assistant.ledger.clock import boot_id, boot_seconds
from assistant.ledger.store import Ledger
from assistant.link.mqtt import MqttLink

LIMITS: Final = Limits(Money(100_000_000, "CNY"), Money(1_000_000_000, "CNY"))
WISHES: Final = (("meal", "order", {"lines": [{"dish": "latte"}]}),)
AT_ONCE: Final = 6
WANTED_S: Final = 3_600.0


class RoughRadio:
    """A link on which each message may be doubled, late (so out of order) or lost, on the way out and on the way in."""

    def __init__(self, chance: random.Random, heard: Callable[[bytes], None]) -> None:
        self._chance, self._heard = chance, heard
        self.link: MqttLink | None = None

    def open(self) -> None:
        assert self.link is not None
        self.link.open()

    def close(self) -> None:
        assert self.link is not None
        self.link.close()

    def send(self, raw: bytes, message: str, life_s: int) -> bool:
        """Hand a message to the real link, as the weather has it; a lost one was still taken."""
        link = self.link
        assert link is not None
        sent = True
        for delay_s in self._weather():
            if delay_s:
                self._later(delay_s, lambda: link.send(raw, message, life_s))
            else:
                sent = link.send(raw, message, life_s)
        return sent

    def heard(self, raw: bytes) -> None:
        """Take a message of the real link, as the weather has it."""
        for delay_s in self._weather():
            if delay_s:
                self._later(delay_s, lambda: self._heard(raw))
            else:
                self._heard(raw)

    def _weather(self) -> list[float]:
        """Return how often a message gets through, each with its delay in seconds."""
        copies = self._chance.choices((0, 1, 2, 3), (6, 80, 10, 4))[0]
        return [self._chance.uniform(0.05, 2.5) if self._chance.random() < 0.15 else 0.0 for _ in range(copies)]

    @staticmethod
    def _later(delay_s: float, work: Callable[[], object]) -> None:
        timer = threading.Timer(delay_s, work)
        timer.daemon = True
        timer.start()


class Driver:
    """Who wishes, says yes, and hears what became of it."""

    def __init__(self, folder: Path, port: int, vehicle: str, seed: int, orders: int) -> None:
        self.mail: SimpleQueue[bytes | Connectivity] = SimpleQueue()
        self.chance, self.orders = random.Random(f"{seed}{os.getpid()}"), orders
        self.spoken = (folder / "spoken.jsonl").open("a", buffering=1)
        boot, read = _clock(folder)
        self.ledger = Ledger(folder / "orders.sqlite", boot, read)
        radio = RoughRadio(self.chance, self.mail.put)
        radio.link = MqttLink(vehicle, "127.0.0.1", port, None, radio.heard, self.mail.put)
        self.courier = Courier(self.ledger, radio, LIMITS, _name, self.chance.random)
        radio.open()

    def drive(self) -> None:
        """Go on until every order is settled."""
        while True:
            try:
                if self._settled():
                    return
                self._round()
            except CabinError as error:
                self._say({"trouble": type(error).__name__})
                time.sleep(0.2)
            time.sleep(0.02)

    def _round(self) -> None:
        while not self.mail.empty():
            mail = self.mail.get()
            notices = self.courier.linked(mail) if isinstance(mail, Connectivity) else self.courier.hear(mail)
            self._tell(notices)
        self._tell(self.courier.tick())
        orders = self.ledger.orders()
        if len(orders) < self.orders and sum(not _over(order) for order in orders) < AT_ONCE:
            self.courier.wish(*self.chance.choice(WISHES), WANTED_S)
        for order in orders:
            if order.awaits_consent:
                self._yes(order)

    def _yes(self, order: Order) -> None:
        """Say yes to a price as it stands."""
        bridge_now = self.ledger.clock.bridge_now()
        if order.quote is None or bridge_now is None:
            return
        read = ReadBack(order.id, order.quote.digest, "shall I?", 1, 1.0)
        consent = agree(order.quote, read, Heard("yes", 1, 2.0), bridge_now)
        if isinstance(consent, Consent):
            self._say({"yes": consent.digest, "order": order.id})
            self.courier.agree(consent)

    def _tell(self, notices: tuple[object, ...]) -> None:
        """Write down what a person would hear of an order."""
        for notice in notices:
            if isinstance(notice, OrderChanged):
                after = notice.after
                receipt = None if after.receipt is None else after.receipt.to_json()
                self._say({"order": after.id, "state": after.state.value, "reason": after.reason, "receipt": receipt})

    def _say(self, line: dict[str, Any]) -> None:
        try:
            self.spoken.write(json.dumps(line) + "\n")
        except OSError:
            return

    def _settled(self) -> bool:
        orders = self.ledger.orders()
        return len(orders) >= self.orders and all(_over(order) for order in orders) and not self.ledger.outbox()


def _over(order: Order) -> bool:
    """Tell whether nothing more is wanted of an order: bought, or ended."""
    return (order.receipt is not None and order.state in {State.IN_PROGRESS, State.DONE}) or order.state in OVER


def _clock(folder: Path) -> tuple[str, Callable[[], float]]:
    """Return the boot's id and clock: FOLDER/clock may name another boot and a jump of its clock, in seconds."""
    path = folder / "clock"
    if not path.exists():
        return boot_id(), boot_seconds
    boot, jump_s = path.read_text().split()
    return boot, lambda: boot_seconds() + float(jump_s)


def _name() -> str:
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


def main() -> None:
    folder, port, vehicle, seed, orders = sys.argv[1:]
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    while True:
        try:
            driver = Driver(Path(folder), int(port), vehicle, int(seed), int(orders))
        except CabinError:  # started while the disk was full: it would be started again
            time.sleep(0.3)
            continue
        driver.drive()
        return


if __name__ == "__main__":
    main()
