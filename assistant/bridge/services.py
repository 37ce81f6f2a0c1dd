"""Which companies stand behind this bridge, and the questions that may be asked of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from assistant.bridge import shape
from assistant.bridge.providers.http import HttpTrade
from assistant.bridge.providers.ports import Pay, Phone, Trade
from assistant.bridge.providers.trade import Declined
from assistant.errors import UsageError


@dataclass(frozen=True, slots=True)
class Ask:
    """One question that costs nothing."""

    shape: type
    answer: Callable[[str, Any], object]
    """Takes the customer and an instance of `shape`."""


@dataclass(frozen=True, slots=True)
class Services:
    """All companies by the name that cars use."""

    trades: Mapping[str, Trade]
    pay: Pay
    phone: Phone
    asks: Mapping[str, Ask]
    """By `service.method`."""

    def with_company(self, url: str, service: str, token: str) -> "Services":
        """Return the same but for one service, which is a company's over HTTP. Raises UsageError."""
        known = self.trades.get(service)
        if known is None:
            raise UsageError(f"no such service: {service!r}", ", ".join(self.trades))
        company = HttpTrade(service, known.methods, url, token)
        asks = {
            name: _forwarded(company, name.partition(".")[2], ask) if name.startswith(f"{service}.") else ask
            for name, ask in self.asks.items()
        }
        return replace(self, trades={**self.trades, service: company}, asks=asks)

    def trade(self, service: str, method: str = "") -> Trade:
        """Return the company; Declined `not_available` if there is none, or it does not sell that."""
        trade = self.trades.get(service)
        if trade is None or (method and method not in trade.methods):
            raise Declined("not_available")
        return trade

    def ask(self, customer: str, name: str, args: object) -> Any:
        """Return the answer to `service.method` as JSON values. Raises ShapeError, ProviderError."""
        ask = self.asks.get(name)
        if ask is None:
            raise Declined("not_available")
        return shape.write(ask.answer(customer, shape.read(ask.shape, args)))


def _forwarded(company: HttpTrade, method: str, ask: Ask) -> Ask:
    """Ask the company; what it answers is passed on as it is."""
    return Ask(ask.shape, lambda customer, asked: company.ask(customer, method, shape.write(asked)))
