"""The command `cabin-bridge`: run a bridge, press yes or no on the sandbox's phone, or tell a sandbox company to fail."""

import argparse
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from random import Random
from types import FrameType
from typing import TYPE_CHECKING, Final

from assistant.bridge import logs
from assistant.bridge.database import Database, connect, parse
from assistant.bridge.providers import faults
from assistant.bridge.providers.desk import Desk
from assistant.bridge.providers.faults import ANY, FOR_EVER, Fault, Switch
from assistant.bridge.providers.phone import SandboxPhone
from assistant.core.uuid7 import is_uuid7
from assistant.errors import CabinError, UsageError
from assistant.link import topics

if TYPE_CHECKING:
    from assistant.bridge.local import Bridge
    from assistant.bridge.mqtt import Broker

_log = logging.getLogger("assistant.bridge.app")  # also where it runs as __main__

DEFAULT_DB: Final = "sqlite:bridge.db"
FIRST_CONTACT_S: Final = 10.0
DRAIN_S: Final = 10.0
YOUNG: Final = (10_000, 20, 20)
"""After how many new objects the garbage collector looks at them; they mostly die by themselves."""
CHILD_DRAIN_S: Final = 1.5
"""A car gives its child two seconds."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 good, 1 failed, 2 bad usage."""
    args = _parser().parse_args(argv)
    logs.set_up(logging.WARNING if args.loopback else logging.INFO)  # a car's child shares its terminal
    try:
        return int(args.run(args))
    except CabinError as error:
        sys.stderr.write(f"cabin-bridge: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 0


def _serve(args: argparse.Namespace) -> int:
    """Run a bridge until SIGTERM, or until its input ends."""
    _check(args)
    from assistant.bridge.local import Bridge, Options  # noqa: PLC0415  SQLAlchemy takes a while to load

    companies = tuple(_company(text) for text in args.company)
    lease_s, renew_s = args.lease, args.lease / 3
    bridge = Bridge(Options(args.db, args.name, args.pace, None, 0.2, companies, lease_s, renew_s, args.linger))
    _reach(bridge.database)
    if args.metrics_port:
        _metrics(bridge.meter.serve, args.metrics_port)
    return _pipe(bridge, args.vehicle) if args.loopback else _consume(bridge, args)


def _company(text: str) -> tuple[str, str, str]:
    """Read SERVICE=URL; its token comes from the environment, where no process list shows it."""
    service, equals, url = text.partition("=")
    if not equals:
        raise UsageError(f"not SERVICE=URL: {text!r}", "ride=https://host/path")
    return service, url, os.environ.get(f"CABIN_TOKEN_{service.upper()}", "")


def _check(args: argparse.Namespace) -> None:
    """Refuse bad usage before anything is loaded or opened."""
    if bool(args.broker) == bool(args.loopback):
        raise UsageError(
            "one of --broker and --loopback is needed", "cabin-bridge --loopback, or --broker mqtts://host"
        )
    if not topics.is_vehicle(args.vehicle):
        raise UsageError(f"not a vehicle id: {args.vehicle!r}", "letters, digits and dashes")
    if min(args.pace, args.lease, args.linger) <= 0 or not 0 <= args.metrics_port < 65_536:
        raise UsageError("--pace, --lease and --linger are above 0, --metrics-port a port, or 0 for none")
    parse(args.db)
    if args.broker:
        from assistant.bridge.mqtt import check  # noqa: PLC0415  only where there is a broker

        check(_broker(args))


def _broker(args: argparse.Namespace) -> "Broker":
    """Return the broker that is meant."""
    from assistant.bridge.mqtt import Broker  # noqa: PLC0415  only where there is a broker

    return Broker(args.broker, f"bridge-{args.name}", args.cert, args.key, args.ca)


def _consume(bridge: "Bridge", args: argparse.Namespace) -> int:
    """Serve a broker's cars; leave gracefully on SIGTERM."""
    from assistant.bridge.mqtt import Consumer  # noqa: PLC0415  only where there is a broker

    consumer = Consumer(_broker(args), bridge.handle, bridge.reads.handle)
    leave = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        leave.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with _said():
        bridge.open(consumer.deliver)
    _settle()
    if not consumer.open(FIRST_CONTACT_S):
        _log.warning("no broker yet", extra={"fields": {"broker": args.broker}})
    _log.info("ready", extra={"fields": {"name": args.name}})
    leave.wait()
    consumer.close()
    bridge.close(DRAIN_S)
    _log.info("left")
    return 0


def _settle() -> None:
    """Let the garbage collector leave alone what is here for good, and come less often: it took a fiftieth of each order."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*YOUNG)


def _pipe(bridge: "Bridge", vehicle: str) -> int:
    """Serve the process that started this one, until it closes the pipe or ends this one."""
    from assistant.bridge.pipe import Pipe  # noqa: PLC0415  only where there is no broker

    pipe = Pipe(vehicle, bridge.handle)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    with _said():
        bridge.open(pipe.deliver)
    _log.info("ready")
    try:
        pipe.run()
    except KeyboardInterrupt:
        _log.info("asked to leave")
    bridge.close(CHILD_DRAIN_S)
    sys.stdout.flush()
    os._exit(0)  # a thread may still stand in a read of the pipe


def _approve(args: argparse.Namespace) -> int:
    """Press yes or no on the sandbox's phone."""
    if not is_uuid7(args.order):
        raise UsageError(f"not an order id: {args.order!r}")
    found = SandboxPhone(_desk(args.db)).answer(args.order, args.answer == "yes")
    sys.stdout.write(f"{found} answered {args.answer}\n")
    return 0 if found else 1


def _fault(args: argparse.Namespace) -> int:
    """Tell a sandbox company to fail, or all of them to stop failing."""
    database = _desk(args.db).database
    if args.fault == "none":
        faults.clear_faults(database)
    else:
        faults.set_fault(
            database, Switch(Fault(args.fault), args.service, args.method, args.order, args.value, args.times)
        )
    return 0


def _desk(db: str) -> Desk:
    """Return the sandbox's desk in a database that can be reached."""
    database = Database(connect(parse(db)))
    _reach(database)
    desk = Desk(database, time.time, time.sleep, Random())  # noqa: S311  a world, not a secret
    with _said():
        desk.open()
    return desk


def _reach(database: Database) -> None:
    """Refuse to start without a database that can be written, in words."""
    with _said():
        database.check()


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """Say what a database refuses."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415  beside its only use

    try:
        yield
    except DBAPIError as error:
        text = str(error.orig).splitlines()[0]
        raise CabinError(f"the database cannot be used: {text}", "check --db and who may write there") from error


def _metrics(serve: Callable[[int], None], port: int) -> None:
    """Show the counters on loopback."""
    try:
        serve(port)
    except OSError as error:
        raise UsageError(f"port {port} is taken", "another --metrics-port, or 0 for none") from error


def _parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line; without a verb it serves."""
    parser = argparse.ArgumentParser("cabin-bridge", description=__doc__)
    parser.set_defaults(run=_serve)
    options: dict[str, tuple[type, object, str]] = {
        "--db": (str, DEFAULT_DB, "sqlite:FILE or postgresql://user@host/name"),
        "--broker": (str, "", "mqtts://host:port, or mqtt:// on this machine"),
        "--cert": (str, "", "our certificate (PEM)"),
        "--key": (str, "", "its key (PEM)"),
        "--ca": (str, "", "who signs for brokers (PEM)"),
        "--vehicle": (str, "car", "whose requests come in by --loopback"),
        "--name": (str, socket.gethostname(), "stable, and its own among the bridges of one database"),
        "--metrics-port": (int, 0, "Prometheus on 127.0.0.1; 0 for none"),
        "--lease": (float, 15.0, "seconds after which a silent bridge's orders are taken over"),
        "--linger": (float, 3.0, "seconds after which an order that waits leaves memory"),
        "--pace": (float, 1.0, "how much faster than the real trade the sandbox goes"),
    }
    for option, (kind, default, text) in options.items():
        parser.add_argument(option, type=kind, default=default, help=text)
    parser.add_argument(
        "--company",
        action="append",
        default=[],
        metavar="SERVICE=URL",
        help="a company over HTTP instead of the sandbox's; its token in CABIN_TOKEN_<SERVICE>",
    )
    parser.add_argument(
        "--loopback", action="store_true", help="no broker: one envelope a line, on standard input and output"
    )
    _add_verbs(parser)
    return parser


def _add_verbs(parser: argparse.ArgumentParser) -> None:
    """Add what is done instead of serving."""
    verbs = parser.add_subparsers(title="instead of serving")
    approve = verbs.add_parser("approve", help="press yes or no on the sandbox's phone")
    approve.add_argument("order")
    approve.add_argument("answer", choices=["yes", "no"])
    approve.set_defaults(run=_approve)
    fault = verbs.add_parser("fault", help="tell a sandbox company to fail")
    fault.add_argument("fault", choices=["none", *Fault])
    for name in ("--service", "--method", "--order"):
        fault.add_argument(name, default=ANY)
    fault.add_argument("--value", type=float, default=0.0, help="seconds for slow, minor units for price_changed")
    fault.add_argument("--times", type=int, default=FOR_EVER, help="how often; -1 for ever")
    fault.set_defaults(run=_fault)


if __name__ == "__main__":
    sys.exit(main())
