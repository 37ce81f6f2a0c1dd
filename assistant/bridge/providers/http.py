"""A company over HTTP, as `company.openapi.json` describes it: a real one is an adapter to that description, or a file beside this one."""

import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from importlib import resources
from typing import Any, Final, TypeVar
from urllib.parse import quote as escape
from urllib.parse import urlencode, urlsplit

from assistant.bridge import shape
from assistant.bridge.providers.trade import Booking, Callback, Declined, Entry, Json, Offer, Unreachable, Unsure
from assistant.core.order import Fact
from assistant.core.quote import Quote, canonical
from assistant.errors import UsageError

T = TypeVar("T")

CONNECT_S: Final = 3.0
ANSWER_S: Final = 10.0
MAX_BYTES: Final = 1_000_000


class HttpTrade:
    """The Trade of a company that answers over HTTP."""

    def __init__(
        self, service: str, methods: tuple[str, ...], url: str, token: str = "", answer_s: float = ANSWER_S
    ) -> None:
        """Speak to `url`; UsageError if it is no HTTPS address (or HTTP on this machine)."""
        self.service = service
        self.methods = methods
        self._token = token
        self._answer_s = answer_s
        parts = urlsplit(url)
        here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if not parts.hostname or parts.scheme not in {"http", "https"} or (parts.scheme == "http" and not here):
            raise UsageError(f"not a company's address: {url!r}", "https://host/path")
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None

    def offer(self, key: str, order: str, method: str, args: Json) -> Offer:
        """Price a wish."""
        return _offer(self._call("offer", {"order": order, "method": method, "args": dict(args)}, key=key))

    def place(self, key: str, order: str, customer: str, offer: Offer) -> Booking:
        """Buy it."""
        return _booking(self._call("place", _purchase(order, customer, offer), key=key))

    def find(self, key: str) -> Booking | None:
        """Tell what became of a call; silence is no answer."""
        try:
            found = self._call("find", path={"key": key})
        except Unsure as error:
            raise Unreachable("no answer") from error
        return None if found is None else _booking(found)

    def look(self, reference: str) -> Booking:
        """Tell where a booking stands."""
        return _booking(self._call("look", path={"reference": reference}))

    def reoffer(self, key: str, order: str, reference: str, args: Json) -> Offer:
        """Price the whole as it would be after a change."""
        body = {"order": order, "args": dict(args)}
        return _offer(self._call("reoffer", body, key=key, path={"reference": reference}))

    def alter(self, key: str, order: str, reference: str, offer: Offer) -> Booking:
        """Change it as offered."""
        return _booking(self._call("alter", _purchase(order, "", offer), key=key, path={"reference": reference}))

    def cancel(self, key: str, order: str, reference: str) -> Booking:
        """Take it back."""
        return _booking(self._call("cancel", {"order": order}, key=key, path={"reference": reference}))

    def release(self, order: str) -> None:
        """Let go of what an offer held."""
        self._call("release", path={"order": order})

    def callbacks(self, limit: int) -> Sequence[Callback]:
        """Return news."""
        found = self._call("callbacks", query={"limit": limit})
        return [_checked(Callback, news) for news in found if isinstance(news, dict)]

    def acknowledge(self, callbacks: Sequence[Callback]) -> None:
        """Do not tell these again."""
        self._call("acknowledge", {"ids": [news.id for news in callbacks]})

    def statement(self, since: float) -> tuple[Entry, ...]:
        """Return every booking since Unix seconds."""
        return tuple(_checked(Entry, line) for line in self._call("statement", query={"since": since}))

    def forget(self, order: str) -> int:
        """Erase what was personal."""
        return int(self._call("forget", path={"order": order})["rows"])

    def ask(self, customer: str, method: str, args: Json) -> Any:
        """Ask what costs nothing."""
        return self._call("ask", {"customer": customer, "args": dict(args)}, path={"method": method})["result"]

    def _call(
        self,
        operation: str,
        body: Json | None = None,
        *,
        key: str = "",
        path: Mapping[str, str] | None = None,
        query: Mapping[str, float] | None = None,
    ) -> Any:
        """Do one operation of the description; None for 404. Raises ProviderError."""
        verb, template = operations()[operation]
        target = self._path + template.format(**{name: escape(value, safe="") for name, value in (path or {}).items()})
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self._token}"} if self._token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        raw = None if body is None else canonical(body)
        status, answer = self._send(verb, f"{target}?{urlencode(query)}" if query else target, raw, headers)
        return _judged(status, answer)

    def _send(self, verb: str, target: str, raw: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a request; Unreachable if it cannot have arrived, Unsure if it may have."""
        connection = self._connection()
        try:
            connection.connect()
        except (OSError, HTTPException) as error:
            connection.close()
            raise Unreachable(f"{self.service} is not there") from error
        try:
            if isinstance(connection.sock, socket.socket):
                connection.sock.settimeout(self._answer_s)
            connection.request(verb, target, raw, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read(MAX_BYTES)
        except (OSError, HTTPException) as error:
            raise Unsure(f"{self.service} kept silent") from error
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        """Return a connection that is not open yet."""
        if self._tls is None:
            return HTTPConnection(self._host, self._port, timeout=CONNECT_S)
        return HTTPSConnection(self._host, self._port, timeout=CONNECT_S, context=self._tls)


@cache
def operations() -> Mapping[str, tuple[str, str]]:
    """Return verb and path of every operation in the description."""
    text = resources.files(__package__).joinpath("company.openapi.json").read_text("utf-8")
    return {
        operation["operationId"]: (verb.upper(), path)
        for path, verbs in json.loads(text)["paths"].items()
        for verb, operation in verbs.items()
    }


def _judged(status: int, raw: bytes) -> Any:
    """Return an answer's content; raise what its status means."""
    if status == 404:
        return None
    if status == 503:
        raise Unreachable("not taken")
    try:
        content = json.loads(raw) if raw else {}
    except ValueError as error:
        raise Unsure("an answer that is no JSON") from error
    if status in {400, 401, 403, 409, 422}:
        reason = content.get("reason") if isinstance(content, dict) else None
        quoted = content.get("quote") if isinstance(content, dict) else None
        raise Declined(str(reason or "declined")[:40], _quote(quoted) if isinstance(quoted, dict) else None)
    if not 200 <= status < 300:
        raise Unsure(f"status {status}")
    return content


def _purchase(order: str, customer: str, offer: Offer) -> Json:
    """Return what is bought, as JSON values."""
    terms = {"quote": offer.quote.to_json(), "terms": dict(offer.terms), "facts": dict(offer.facts)}
    return {"order": order, "customer": customer, "offer": terms}


def _offer(content: Any) -> Offer:
    """Read an offer; Unsure if it is none."""
    if not isinstance(content, dict) or not isinstance(content.get("terms"), dict):
        raise Unsure("an offer of another shape")
    return Offer(_quote(content.get("quote")), content["terms"], _facts(content.get("facts")))


def _quote(content: Any) -> Quote:
    """Read a quote; Unsure if a field or the digest is wrong."""
    try:
        return Quote.from_json(content if isinstance(content, dict) else {})
    except ValueError as error:
        raise Unsure("a quote of another shape") from error


def _booking(content: Any) -> Booking:
    """Read a booking; Declined `not_found` for none."""
    if content is None:
        raise Declined("not_found")
    return _checked(Booking, content)


def _facts(content: Any) -> Mapping[str, Fact]:
    """Return only plain facts."""
    pairs = content.items() if isinstance(content, dict) else ()
    return {str(name)[:40]: value for name, value in pairs if isinstance(value, str | int | float | bool)}


def _checked(kind: type[T], content: Any) -> T:
    """Read one row of an answer; Unsure if it has another shape."""
    try:
        return shape.read(kind, content)
    except shape.ShapeError as error:
        raise Unsure("an answer of another shape") from error
