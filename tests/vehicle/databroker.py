"""A KUKSA databroker with a car behind it: KUKSA's own proto over real gRPC, its rules for batches, and faults."""

import queue
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
from kuksa.val.v2 import types_pb2, val_pb2, val_pb2_grpc

from assistant.core.vehicle import Value
from assistant.vehicle.model import Entry, Model
from assistant.vehicle.simulator import Fault

TYPES = {
    "bool": (types_pb2.DATA_TYPE_BOOLEAN, "bool"),
    "int": (types_pb2.DATA_TYPE_INT32, "int32"),
    "float": (types_pb2.DATA_TYPE_FLOAT, "float"),
    "string": (types_pb2.DATA_TYPE_STRING, "string"),
}


class Databroker(val_pb2_grpc.VALServicer):  # type: ignore[misc]
    """One car; `address` is set by `start`, and a start after a stop comes back at the same one."""

    def __init__(
        self, model: Model, *, token: str = "", tls: Any = None, without: frozenset[str] = frozenset()
    ) -> None:
        self.entries = {name: entry for name, entry in model.entries.items() if name not in without}
        self.ids = {name: number for number, name in enumerate(self.entries, start=1)}
        self.values = {name: entry.initial for name, entry in self.entries.items()}
        self.faults: dict[str, Fault] = {}
        self.asked: list[str] = []
        self.address = "127.0.0.1:0"
        self._token, self._tls = token, tls
        self._listeners: list[queue.SimpleQueue[dict[str, Value | None] | None]] = []
        self._lock = threading.Lock()
        self._server: grpc.Server | None = None
        self._stopped = threading.Event()

    def start(self) -> str:
        self._stopped = threading.Event()
        self._server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        val_pb2_grpc.add_VALServicer_to_server(self, self._server)
        port = (
            self._server.add_secure_port(self.address, self._tls)
            if self._tls
            else self._server.add_insecure_port(self.address)
        )
        self.address = f"127.0.0.1:{port}"
        self._server.start()
        threading.Thread(target=self._live, args=(self._stopped,), daemon=True).start()
        return self.address

    def stop(self) -> None:
        self._stopped.set()
        for listener in self._listeners:
            listener.put(None)
        assert self._server is not None
        self._server.stop(0).wait(5)

    def fault(self, name: str, kind: Fault | None) -> None:
        if kind is None:
            self.faults.pop(name, None)
        else:
            self.faults[name] = kind

    def say(self, values: dict[str, Value | None]) -> None:
        """Publish as a provider does."""
        with self._lock:
            self.values.update(values)
            for listener in self._listeners:
                listener.put(values)

    def ListMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802 - the proto names it
        self._admit(context)
        assert request.root == "Vehicle"
        return val_pb2.ListMetadataResponse(
            metadata=[
                types_pb2.Metadata(path=name, id=self.ids[name], data_type=TYPES[entry.type][0])
                for name, entry in self.entries.items()
            ]
        )

    def Subscribe(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        self._admit(context)
        if any(path not in self.entries for path in request.signal_paths):
            context.abort(grpc.StatusCode.NOT_FOUND, "Path not found")
        listener: queue.SimpleQueue[dict[str, Value | None] | None] = queue.SimpleQueue()
        with self._lock:
            self._listeners.append(listener)
            now = {path: self.values[path] for path in request.signal_paths}
        context.add_callback(lambda: listener.put(None))
        yield self._told(now)
        while (news := listener.get()) is not None:
            yield self._told(news)
        self._listeners.remove(listener)

    def Actuate(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._act("Actuate", [request], context)
        return val_pb2.ActuateResponse()

    def BatchActuate(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._act("BatchActuate", request.actuate_requests, context)
        return val_pb2.BatchActuateResponse()

    def _act(self, call: str, requests: Any, context: Any) -> None:
        self._admit(context)
        self.asked.append(call)
        for request in requests:
            name = request.signal_id.path
            if name not in self.entries:
                context.abort(grpc.StatusCode.NOT_FOUND, f"Could not resolve vss_id for path: {name}")
            if not self.entries[name].writable:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"Tried to set a value for a non-actuator: {name}")
            if request.value.WhichOneof("typed_value") != TYPES[self.entries[name].type][1]:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"Wrong type for vss_id {self.ids[name]}")
            if self.faults.get(name) is Fault.REFUSE:
                message = f"Provider for vss_id {self.ids[name]} does not exist"
                context.abort(grpc.StatusCode.UNAVAILABLE, message)
        for request in requests:
            name = request.signal_id.path
            value = getattr(request.value, request.value.WhichOneof("typed_value"))
            threading.Timer(0.03, self._arrive, (name, value)).start()

    def _arrive(self, name: str, value: Value) -> None:
        kind = self.faults.get(name)
        if kind is Fault.SILENT:
            return
        if kind is Fault.WRONG:
            value = self.values[name] if self.values[name] != value else float(value) + 1  # type: ignore[assignment]
        self.say({name: value})

    def _live(self, stopped: threading.Event) -> None:
        while not stopped.wait(0.2):
            self.say({name: self.values[name] for name, entry in self.entries.items() if entry.live})

    def _told(self, values: dict[str, Value | None]) -> Any:
        return val_pb2.SubscribeResponse(
            entries={name: _point(self.entries[name], value) for name, value in values.items()}
        )

    def _admit(self, context: Any) -> None:
        if self._token and ("authorization", f"Bearer {self._token}") not in context.invocation_metadata():
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Invalid authorization token")


def _point(entry: Entry, value: Value | None) -> Any:
    if value is None:
        return types_pb2.Datapoint()
    seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
    point = types_pb2.Datapoint(value=types_pb2.Value(**{TYPES[entry.type][1]: value}))
    point.timestamp.seconds, point.timestamp.nanos = seconds, nanos
    return point
