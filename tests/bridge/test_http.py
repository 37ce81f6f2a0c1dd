"""A company over HTTP: a real server on loopback, made of a sandbox company, speaks the description; the bridge buys from it."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

pytest.importorskip("sqlalchemy")

from assistant.bridge import shape
from assistant.bridge.local import Bridge, Options
from assistant.bridge.providers.asks import RideEstimate
from assistant.bridge.providers.desk import Desk
from assistant.bridge.providers.http import HttpTrade, operations
from assistant.bridge.providers.ride import SandboxRide
from assistant.bridge.providers.trade import Declined, Offer, Stage, Unreachable, Unsure
from assistant.bridge.providers.world import world
from assistant.core.order import State
from assistant.core.quote import Quote
from assistant.errors import UsageError
from assistant.link.wire import Op
from tests.bridge.car import TRIP, Car, paid


class Company:
    """The server; `mood` makes it answer badly."""

    def __init__(self, ride: SandboxRide) -> None:
        self.ride = ride
        self.mood = ""
        self.tokens: set[str] = set()
        company = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, content = company.answer(self.command, self.path, raw, dict(self.headers))
                if status:
                    data = content if isinstance(content, bytes) else json.dumps(content).encode()
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            do_GET = do_POST = do_DELETE = do  # noqa: N815  the library's names

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, verb: str, target: str, raw: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        self.tokens.add(headers.get("Authorization", ""))
        parts = urlsplit(target)
        name, names = self._operation(verb, parts.path.removeprefix("/v1"))
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        body = json.loads(raw) if raw else {}
        if self.mood in {"503", "500"} and name not in {"callbacks", "find"}:
            return int(self.mood), {}
        if self.mood == "before" and name == "place":
            return 0, b""
        try:
            result = getattr(self, f"_{name}")(headers.get("Idempotency-Key", ""), {**body, **names, **query})
        except Declined as no:
            return 409, {"reason": no.reason, **({"quote": no.quote.to_json()} if no.quote else {})}
        if self.mood == "after" and name == "place":
            return 0, b""
        if self.mood == "noise" and name == "offer":
            return 200, b"<html>"
        return (
            (404, {}) if result is None and name == "find" else (200, shape.write(result) if result is not None else {})
        )

    @staticmethod
    def _operation(verb: str, path: str) -> tuple[str, dict[str, str]]:
        for name, (known, template) in operations().items():
            match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
            if known == verb and match:
                return name, {key: unquote(value) for key, value in match.groupdict().items()}
        raise AssertionError(path)

    @staticmethod
    def _bought(body: dict[str, Any]) -> Offer:
        offer = body["offer"]
        return Offer(Quote.from_json(offer["quote"]), offer["terms"], offer["facts"])

    @staticmethod
    def _told(offer: Offer) -> dict[str, Any]:
        return {"quote": offer.quote.to_json(), "terms": offer.terms, "facts": dict(offer.facts)}

    def _offer(self, key: str, b: dict[str, Any]) -> Any:
        return self._told(self.ride.offer(key, b["order"], b["method"], b["args"]))

    def _place(self, key: str, b: dict[str, Any]) -> Any:
        return self.ride.place(key, b["order"], b["customer"], self._bought(b))

    def _find(self, _: str, b: dict[str, Any]) -> Any:
        return self.ride.find(b["key"])

    def _look(self, _: str, b: dict[str, Any]) -> Any:
        return self.ride.look(b["reference"])

    def _reoffer(self, key: str, b: dict[str, Any]) -> Any:
        return self._told(self.ride.reoffer(key, b["order"], b["reference"], b["args"]))

    def _alter(self, key: str, b: dict[str, Any]) -> Any:
        return self.ride.alter(key, b["order"], b["reference"], self._bought(b))

    def _cancel(self, key: str, b: dict[str, Any]) -> Any:
        return self.ride.cancel(key, b["order"], b["reference"])

    def _release(self, _: str, b: dict[str, Any]) -> Any:
        self.ride.release(b["order"])

    def _callbacks(self, _: str, b: dict[str, Any]) -> Any:
        return self.ride.callbacks(int(b["limit"]))

    def _acknowledge(self, _: str, b: dict[str, Any]) -> Any:
        self.ride.acknowledge([news for news in self.ride.callbacks(999) if news.id in b["ids"]])

    def _statement(self, _: str, b: dict[str, Any]) -> Any:
        return self.ride.statement(float(b["since"]))

    def _forget(self, _: str, b: dict[str, Any]) -> Any:
        return {"rows": self.ride.forget(b["order"])}

    def _ask(self, _: str, b: dict[str, Any]) -> Any:
        return {"result": self.ride.products(shape.read(RideEstimate, b["args"]))}


@pytest.fixture
def company(desk: Desk) -> Iterator[Company]:
    company = Company(SandboxRide(desk, world()))
    yield company
    company.server.shutdown()
    company.server.server_close()


@pytest.fixture
def ride(company: Company) -> HttpTrade:
    return HttpTrade("ride", ("book",), company.url, "secret", answer_s=1.0)


def test_a_ride_is_priced_bought_changed_and_cancelled_over_http(
    ride: HttpTrade, company: Company, clock: Any, order_ids: Callable[[], str]
) -> None:
    order = order_ids()
    offer = ride.offer(f"{order}:q", order, "book", TRIP)
    booking = ride.place(f"{order}:p", order, "car1", offer)
    more = ride.reoffer(f"{order}:q2", order, booking.reference, {"add_stop": {"name": "West Lake"}})
    ride.alter(f"{order}:a", order, booking.reference, more)
    clock.now += 30

    assert ride.place(f"{order}:p", order, "car1", offer) == booking
    assert ride.find(f"{order}:p") == ride.look(booking.reference)
    assert ride.find("never") is None
    assert [entry.amount for entry in ride.statement(0)] == [more.quote.amount]
    news = ride.callbacks(10)
    assert [callback.booking.state for callback in news] == ["accepted"]
    ride.acknowledge(news)
    assert ride.callbacks(10) == []
    assert ride.ask("car1", "products", {"pickup": {"name": "Wulin"}, "destination": {"name": "East Station"}})
    assert ride.cancel(f"{order}:c", order, booking.reference).stage is Stage.CANCELLED
    ride.release(order)
    assert ride.forget(order) == 1
    assert company.tokens == {"Bearer secret"}


def test_a_no_carries_its_reason_and_price(ride: HttpTrade, order_ids: Callable[[], str]) -> None:
    with pytest.raises(Declined, match="over_ceiling") as caught:
        ride.offer("q", order_ids(), "book", {**TRIP, "ceiling": {"minor": 1, "currency": "CNY"}})
    assert caught.value.quote is not None
    with pytest.raises(Declined, match="not_found"):
        ride.look("nothing")


@pytest.mark.parametrize(
    ("mood", "error", "taken"),
    [("503", Unreachable, False), ("500", Unsure, False), ("before", Unsure, False), ("after", Unsure, True)],
)
def test_silence_is_told_apart_from_not_being_there(
    ride: HttpTrade, company: Company, order_ids: Callable[[], str], mood: str, error: type[Exception], taken: bool
) -> None:
    order = order_ids()
    offer = ride.offer(f"{order}:q", order, "book", TRIP)
    company.mood = mood

    with pytest.raises(error):
        ride.place(f"{order}:p", order, "car1", offer)

    assert (ride.find(f"{order}:p") is not None) == taken


def test_noise_and_a_dead_server_are_no_offers(ride: HttpTrade, company: Company, order_ids: Callable[[], str]) -> None:
    company.mood = "noise"
    with pytest.raises(Unsure):
        ride.offer("q", order_ids(), "book", TRIP)
    with pytest.raises(Unreachable):
        HttpTrade("ride", ("book",), "http://127.0.0.1:9").look("x")


@pytest.mark.parametrize("url", ["http://example.org", "ftp://localhost", "nonsense"])
def test_a_company_elsewhere_needs_tls(url: str) -> None:
    with pytest.raises(UsageError):
        HttpTrade("ride", (), url)


def test_the_bridge_buys_from_a_company_over_http_even_when_it_keeps_silent(
    company: Company, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = time.time()
    bridge = Bridge(Options(f"sqlite:{tmp_path}/b.db", look_s=0.3, companies=(("ride", company.url, "t"),)))
    car = Car(bridge.handle)

    def deliver(_vehicle: str, raw: bytes, sent: Callable[[], None]) -> None:
        car.hear(raw)
        sent()

    bridge.open(deliver)
    order, _ = car.quote("ride", "book", TRIP)
    company.mood = "after"
    car.agree(order)
    bought = car.wait(order, State.IN_PROGRESS)
    company.mood = ""
    clock.now += 3 * 3600
    done = car.wait(order, State.DONE)

    assert paid(done) == paid(bought)
    assert len(company.ride.statement(0)) == 1
    assert car.ask(Op.ASK, {"service": "ride", "method": "products", "args": {**TRIP}}).body["result"]
    bridge.close(2)
