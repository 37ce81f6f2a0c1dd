"""A car behind a KUKSA databroker: its second gRPC interface, `kuksa.val.v2`."""

import ipaddress
import logging
import math
import re
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import grpc
from kuksa.val.v2 import types_pb2, val_pb2, val_pb2_grpc

from assistant.core.plan import Outcome, VehicleCommand
from assistant.core.vehicle import Car, Signal, Value
from assistant.errors import ConfigError, VehicleError
from assistant.vehicle.verify import Readings, RefusedError

FIELDS: Mapping[int, str] = MappingProxyType(
    {
        types_pb2.DATA_TYPE_STRING: "string",
        types_pb2.DATA_TYPE_BOOLEAN: "bool",
        types_pb2.DATA_TYPE_INT8: "int32",
        types_pb2.DATA_TYPE_INT16: "int32",
        types_pb2.DATA_TYPE_INT32: "int32",
        types_pb2.DATA_TYPE_INT64: "int64",
        types_pb2.DATA_TYPE_UINT8: "uint32",
        types_pb2.DATA_TYPE_UINT16: "uint32",
        types_pb2.DATA_TYPE_UINT32: "uint32",
        types_pb2.DATA_TYPE_UINT64: "uint64",
        types_pb2.DATA_TYPE_FLOAT: "float",
        types_pb2.DATA_TYPE_DOUBLE: "double",
    }
)
"""The field of a KUKSA value that holds a VSS data type."""
REFUSALS = frozenset(
    {
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)
"""Answers after which no value was forwarded to the car."""
VSS_ID = re.compile(r"vss_id:? (\d+)")
BUFFERED_MESSAGES = 100
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
LONGEST_TOKEN_BYTES = 16_384

log = logging.getLogger(__name__)


class Kuksa:
    """A KUKSA databroker; `core.ports.Vehicle`. It connects by itself and comes back by itself."""

    def __init__(
        self,
        signals: Mapping[str, Signal],
        address: str,
        *,
        ca_file: Path | None = None,
        token_file: Path | None = None,
        timeout_s: float = 2.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to connect to `host:port` and return at once; ConfigError for a bad address, CA or token.

        With `ca_file` (PEM) the way is TLS. The token is read again for every call, so that it may be renewed.
        """
        self._signals = MappingProxyType(dict(signals))
        self._readings = Readings(signals, clock)
        self._timeout_s = timeout_s
        self._token_file = token_file
        self._clock = clock
        self._closed = threading.Event()
        self._known: Mapping[str, types_pb2.Metadata] = MappingProxyType({})
        _check(address, ca_file, token_file)
        self._authorisation()
        self._channel = _channel(address, ca_file)
        self._broker = val_pb2_grpc.VALStub(self._channel)
        self._thread = threading.Thread(target=self._run, name="kuksa", daemon=True)
        self._thread.start()

    def car(self) -> Car:
        """Return the last known state, at once."""
        return self._readings.car()

    def write(self, commands: Sequence[VehicleCommand]) -> tuple[Outcome, ...]:
        """Set all signals or none, wait for the read-back, tell what became of each."""
        return self._readings.write(commands, self._send, self._timeout_s)

    def close(self) -> None:
        """Leave the broker."""
        self._closed.set()
        self._channel.close()
        self._thread.join(timeout=2)

    def _send(self, values: Mapping[str, Value]) -> None:
        known = self._known
        if not known:
            raise VehicleError("the databroker is not connected", "is it running at [vehicle] address?")
        requests = [
            val_pb2.ActuateRequest(signal_id=types_pb2.SignalID(path=name), value=_packed(name, value, known))
            for name, value in values.items()
        ]
        try:
            metadata = self._authorisation()
            if len(requests) == 1:
                self._broker.Actuate(requests[0], timeout=self._timeout_s, metadata=metadata)
            else:
                batch = val_pb2.BatchActuateRequest(actuate_requests=requests)
                self._broker.BatchActuate(batch, timeout=self._timeout_s, metadata=metadata)
        except grpc.RpcError as error:
            raise _refusal(error, values, known) from error
        except ConfigError as error:  # the token went away; nothing was sent
            log.warning("databroker: %s", error)
            raise RefusedError(next(iter(values))) from error
        except ValueError as error:  # the channel was closed meanwhile
            raise VehicleError("the databroker was left") from error

    def _authorisation(self) -> tuple[tuple[str, str], ...]:
        if self._token_file is None:
            return ()
        try:
            with self._token_file.open("rb") as file:
                token = file.read(LONGEST_TOKEN_BYTES).decode("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"cannot read the databroker's token {self._token_file}", "give [vehicle] token_file"
            ) from error
        if not token.isprintable() or not token or " " in token:
            raise ConfigError(f"{self._token_file} holds no token", "write one line with the JWT into it")
        return (("authorization", f"Bearer {token}"),)

    def _run(self) -> None:
        wait_s, told = FIRST_WAIT_S, ""
        while not self._closed.is_set():
            began = self._clock()
            story = self._listen()
            self._known = MappingProxyType({})
            if self._closed.is_set():
                return
            if self._clock() - began > LONGEST_WAIT_S:
                wait_s, told = FIRST_WAIT_S, ""
            if story != told:
                log.warning("databroker: %s; trying again", story)
                told = story
            self._closed.wait(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _listen(self) -> str:
        """Follow every signal until the way breaks; return why it broke."""
        try:
            metadata = self._authorisation()
            request = val_pb2.ListMetadataRequest(root="Vehicle")
            listed = self._broker.ListMetadata(request, timeout=self._timeout_s, metadata=metadata).metadata
            known = {entry.path: entry for entry in listed if entry.path in self._signals}
            if not known:
                return "it knows none of the car model's signals"
            if missing := sorted(set(self._signals) - set(known)):
                log.warning("databroker: %d signals of the car model are not there: %s", len(missing), missing[0])
            following = val_pb2.SubscribeRequest(signal_paths=sorted(known), buffer_size=BUFFERED_MESSAGES)
            self._follow(self._broker.Subscribe(following, metadata=metadata), known)
        except grpc.RpcError as error:
            return f"{_code(error).name.lower()}: {_details(error)}"
        except ConfigError as error:
            return str(error)
        except ValueError:
            return "left"
        return "it ended the subscription"

    def _follow(self, stream: Iterable[Any], known: Mapping[str, types_pb2.Metadata]) -> None:
        for number, response in enumerate(stream):
            values = {
                name: value
                for name, point in response.entries.items()
                if name in self._signals and (value := _unpacked(point.value, self._signals[name])) is not None
            }
            if number == 0:
                # What the broker remembers from before may be old: it is known, but neither fresh nor a read-back.
                self._readings.put(values, at=-math.inf)
                self._known = MappingProxyType(dict(known))
                log.info("databroker: following %d signals", len(known))
            else:
                self._readings.put(values)


def _check(address: str, ca_file: Path | None, token_file: Path | None) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"[vehicle] address is {address!r}", "write host:port, for example 127.0.0.1:55555")
    if token_file is not None and ca_file is None and not _near(host):
        raise ConfigError(
            f"the token for {address} would travel in the clear", "give [vehicle] ca_file, or use a broker on this unit"
        )


def _near(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _channel(address: str, ca_file: Path | None) -> Any:
    options = [
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.min_reconnect_backoff_ms", 1000),
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.keepalive_time_ms", 10_000),
        ("grpc.keepalive_timeout_ms", 2_000),
        ("grpc.enable_http_proxy", 0),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if ca_file is None:
        return grpc.insecure_channel(address, options)
    try:
        roots = ca_file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"cannot read the databroker's CA {ca_file}: {error.strerror}", "give [vehicle] ca_file"
        ) from error
    if b"BEGIN CERTIFICATE" not in roots:
        raise ConfigError(f"{ca_file} holds no certificate", "give the CA as PEM")
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(roots), options)


def _packed(name: str, value: Value, known: Mapping[str, types_pb2.Metadata]) -> types_pb2.Value:
    """Return a value as the broker's type of the signal; RefusedError where that type cannot hold it."""
    field = FIELDS.get(known[name].data_type) if name in known else None
    if isinstance(value, float) and value.is_integer() and field not in {"float", "double"}:
        value = int(value)
    if field is None or isinstance(value, bool) is not (field == "bool"):
        raise RefusedError(name)
    try:
        return types_pb2.Value(**{field: value})
    except (TypeError, ValueError) as error:
        raise RefusedError(name) from error


def _unpacked(value: types_pb2.Value, signal: Signal) -> Value | None:
    """Return a value in the kind of the car model; None where there is none or it is of another kind."""
    field = value.WhichOneof("typed_value")
    if field is None or field.endswith("_array"):
        return None
    raw: Value = getattr(value, field)
    if signal.kind == "float" and isinstance(raw, int | float) and not isinstance(raw, bool):
        return _shortest(raw) if field == "float" else float(raw)
    if signal.kind == "int" and isinstance(raw, float) and raw.is_integer():
        return int(raw)
    fits = {"bool": bool, "int": int, "string": str}.get(signal.kind)
    return raw if type(raw) is fits else None


def _shortest(single: float) -> float:
    """Return 22.1 for the single-precision 22.100000381."""
    short = float(f"{single:.7g}")
    return short if struct.pack("<f", short) == struct.pack("<f", single) else single


def _refusal(
    error: grpc.RpcError, values: Mapping[str, Value], known: Mapping[str, types_pb2.Metadata]
) -> VehicleError:
    """Return RefusedError where nothing moved, VehicleError where nobody knows."""
    details = _details(error)
    named = VSS_ID.search(details)
    if _code(error) not in REFUSALS and not (_code(error) is grpc.StatusCode.UNAVAILABLE and named):
        return VehicleError(f"the databroker did not answer: {details}")
    log.warning("databroker: refused, %s: %s", _code(error).name.lower(), details)
    numbered = {known[name].id: name for name in values if name in known}
    if named and int(named[1]) in numbered:
        return RefusedError(numbered[int(named[1])])
    return RefusedError(next((name for name in values if name in details), next(iter(values))))


def _code(error: grpc.RpcError) -> grpc.StatusCode:
    return error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN


def _details(error: grpc.RpcError) -> str:
    return (error.details() or "" if isinstance(error, grpc.Call) else str(error))[:200]
