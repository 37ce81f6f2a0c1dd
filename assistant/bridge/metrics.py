"""What the operator sees: counters for Prometheus on loopback, without a word of what people said."""

import logging
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

_log = logging.getLogger(__name__)

SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Meter:
    """The counters of one bridge."""

    def __init__(self) -> None:
        """Begin at zero, in a registry of its own."""
        self.registry = CollectorRegistry()
        names = {
            "requests": ("cabin_bridge_requests", "requests taken", ["op"]),
            "problems": ("cabin_bridge_problems", "messages refused", ["reason"]),
            "duplicates": ("cabin_bridge_duplicates", "requests that came again", ["op"]),
            "orders": ("cabin_bridge_orders", "orders by what became of them", ["service", "end"]),
            "reversals": ("cabin_bridge_reversals", "bought and then taken back", ["service", "end"]),
            "unknowns": ("cabin_bridge_unknowns", "calls whose outcome nobody knew for a while", ["service"]),
            "requotes": ("cabin_bridge_requotes", "prices that moved after the yes", ["service"]),
            "alarms": ("cabin_bridge_alarms", "things that a person must look at", ["what"]),
            "takeovers": ("cabin_bridge_takeovers", "orders taken over from a dead bridge", []),
        }
        self._counters = {
            key: Counter(name, text, labels, registry=self.registry) for key, (name, text, labels) in names.items()
        }
        self._done = Histogram(
            "cabin_bridge_done_seconds",
            "from the yes to the receipt",
            ["service"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._unsent = Gauge("cabin_bridge_unsent", "news that the broker does not have yet", registry=self.registry)

    def serve(self, port: int) -> None:
        """Answer on loopback."""
        start_http_server(port, addr="127.0.0.1", registry=self.registry)

    def request(self, op: str) -> None:
        """Count a request."""
        self._counters["requests"].labels(op).inc()

    def problem(self, reason: str) -> None:
        """Count a message that was refused."""
        self._counters["problems"].labels(reason).inc()
        _log.warning("refused", extra={"fields": {"reason": reason}})

    def duplicate(self, op: str) -> None:
        """Count a request that came again."""
        self._counters["duplicates"].labels(op).inc()

    def bought(self, service: str, committed_at: float | None, now: float) -> None:
        """Count a receipt and the time it took."""
        self._counters["orders"].labels(service, "bought").inc()
        if committed_at is not None:
            self._done.labels(service).observe(max(0.0, now - committed_at))

    def ended(self, service: str, end: str, *, reversed_: bool) -> None:
        """Count an order that ended otherwise than by being fulfilled."""
        self._counters["orders"].labels(service, end).inc()
        if reversed_:
            self._counters["reversals"].labels(service, end).inc()

    def unknown(self, service: str) -> None:
        """Count a call whose outcome nobody knows yet."""
        self._counters["unknowns"].labels(service).inc()

    def requoted(self, service: str) -> None:
        """Count a price that moved after the yes."""
        self._counters["requotes"].labels(service).inc()

    def alarm(self, what: str, order: str, reason: str) -> None:
        """Call a person."""
        self._counters["alarms"].labels(what).inc()
        _log.error("alarm", extra={"fields": {"what": what, "order": order, "reason": reason}})

    def took_over(self, orders: int) -> None:
        """Count orders of a dead bridge."""
        self._counters["takeovers"].inc(orders)

    def unsent(self, messages: int) -> None:
        """Show how much news waits."""
        self._unsent.set(messages)
