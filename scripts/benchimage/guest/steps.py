"""The steps of the bench; which, in what order, and what counts as good is the host's affair."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from scripts.benchimage.guest import shop, units
from scripts.benchimage.guest.person import Person

SHARE: Final = Path("/run/bench")
PATIENCE_S: Final = 120.0
"""Of the guest's clock."""


class Steps:
    """Does one step at a time."""

    def __init__(self) -> None:
        """Prepare nothing that takes long."""
        self._person: Person | None = None
        self._steps: dict[str, Callable[..., dict[str, Any]]] = {
            "boot": lambda: units.boot(PATIENCE_S),
            "idle": lambda seconds: units.idle(seconds, PATIENCE_S),
            "memory": units.memory,
            "strike": lambda signal: units.strike(signal, PATIENCE_S),
            "speak": self._speak,
            "ask": lambda text: self.person.ask(text, PATIENCE_S),
            "bus": self._bus,
            "order_without_link": self._order_without_link,
            "order_begun": self._order_begun,
            "order_recovered": self._order_recovered,
            "journal": self._journal,
            "off": self._off,
        }

    def do(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Do a step; raise whatever goes wrong."""
        if name not in self._steps:
            raise LookupError(f"no step {name}")
        return self._steps[name](**arguments)

    @property
    def person(self) -> Person:
        """Return the person in the car, who gets in when first needed."""
        if self._person is None:
            self._person = Person()
        return self._person

    def _speak(self, clip: str) -> dict[str, Any]:
        return self.person.speak(clip, SHARE / f"{clip}.wav", PATIENCE_S)

    def _bus(self, times: int) -> dict[str, Any]:
        took = sorted(self.person.bus_ms(times))
        return {"calls": times, "p50_ms": round(took[times // 2], 2), "p95_ms": round(took[int(times * 0.95)], 2)}

    def _order_without_link(self, text: str, tunnel_s: float) -> dict[str, Any]:
        """Agree to a price in a tunnel; come out of it later."""
        person = self.person
        person.until(person.online, PATIENCE_S, "the bridge does not answer")
        turn, read_back = person.wish(text, PATIENCE_S)
        person.until(lambda: person.state() == "confirming", PATIENCE_S, "the read-back does not end")
        person.said()
        shop.cut()
        try:
            person.agree(turn)
            time.sleep(tunnel_s)
            inside = {"state": str(shop.orders()[-1].state), "said": person.said(), "online": person.online()}
            inside |= {"story": shop.story(shop.orders()[-1])}
        finally:
            shop.mend()
        seconds = person.until(lambda: shop.settled(shop.orders()[-1]), PATIENCE_S, "the order is not settled")
        story = {"read_back": read_back, "in_the_tunnel": inside, "settled_after_s": round(seconds, 1)}
        time.sleep(5)
        return story | {"said_after": person.said(), "story": shop.story(shop.orders()[-1])}

    def _order_begun(self, text: str, slow_s: float, linger_s: float) -> dict[str, Any]:
        """Agree to a price and return while the order is under way: the host then cuts the power."""
        person = self.person
        person.until(person.online, PATIENCE_S, "the bridge does not answer")
        turn, read_back = person.wish(text, PATIENCE_S)
        shop.slow_down(slow_s)
        person.agree(turn)
        under_way = {"sent", "accepted"}
        person.until(lambda: str(shop.orders()[-1].state) in under_way, PATIENCE_S, "the order does not leave the car")
        time.sleep(linger_s)
        order = shop.orders()[-1]
        return {"read_back": read_back, "order": order.id, "state": str(order.state), "settled": shop.settled(order)}

    def _order_recovered(self, order: str) -> dict[str, Any]:
        """After the power came back: wait for the order to be settled."""

        def known() -> bool:
            return any(each.id == order and shop.settled(each) for each in shop.orders())

        shop.slow_down(0)
        seconds = self.person.until(known, PATIENCE_S, f"order {order} is not settled")
        book = shop.orders()
        found = next(each for each in book if each.id == order)
        told = {"settled_after_s": round(seconds, 1), "orders": len(book), "story": shop.story(found)}
        return told | {"audit": shop.audit(), "said": self.person.said()}

    @staticmethod
    def _journal(file: str) -> dict[str, Any]:
        """Keep the journal of this boot for the host."""
        (SHARE / file).write_text(units.run("journalctl", "-b", "--no-pager", "-o", "short-monotonic"))
        return {"file": file}

    @staticmethod
    def _off() -> dict[str, Any]:
        """Switch off in order, after this was answered."""
        units.run("systemctl", "--no-block", "poweroff")
        return {}
