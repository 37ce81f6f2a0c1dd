"""What it costs that orders wait: memory and processor of each, a bridge that dies with them, and all their cars coming back at once."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from assistant.bench.crowd import Crowd
from assistant.bench.fleet import Errand, Fleet, figures
from assistant.bench.servers import BridgeProcess, Mosquitto
from assistant.bench.unit import cpu_s, most_rss_kb, rss_kb
from assistant.core.order import State
from assistant.errors import CabinError

Progress = Callable[[str], None]

OPEN: Final = 96
"""Orders that are being bought at once."""
QUIET_S: Final = 13.0
"""After so long a kitchen has told that it cooks, and tells nothing more for minutes."""
IDLE_S: Final = 10.0
PATIENCE_S: Final = 120.0


def measure(
    broker: Mosquitto, db: str, bridges: Sequence[BridgeProcess], count: int, progress: Progress
) -> dict[str, Any]:
    """Let `count` orders wait at running bridges, kill the first bridge, then the broker with all; return what it cost."""
    bare = [rss_kb(bridge.pid) / 1024 for bridge in bridges]
    fleet = Fleet(broker.port)
    try:
        errands = _fill(fleet, count, progress)
        progress(f"{count} orders wait")
        time.sleep(QUIET_S)
        used = [rss_kb(bridge.pid) / 1024 for bridge in bridges]
        began = [cpu_s(bridge.pid) for bridge in bridges]
        time.sleep(IDLE_S)
        idle_s = sum(cpu_s(bridge.pid) for bridge in bridges) - sum(began)
        progress("kill -9")
        gone_s = _die(db, bridges, fleet, errands)
    finally:
        fleet.close()
    reconnected = _return(broker, bridges, errands, progress)
    return {
        "orders": count,
        "mb": [round(mb) for mb in used],
        "kb_per_order": round(1024 * (sum(used) - sum(bare)) / count, 1),
        "idle_cpu_ms_per_order_hour": round(1000 * idle_s / IDLE_S * 3600 / count, 1),
        "taken_over_s" if len(bridges) > 1 else "restarted_s": round(gone_s, 1),
        "reconnect": reconnected,
    }


def _fill(fleet: Fleet, count: int, progress: Progress) -> list[Errand]:
    """Buy until so many orders are on their way. Raises CabinError if they do not get there."""
    for n in range(count):
        fleet.wish()
        if n % 8 == 0 and not fleet.hold(OPEN, PATIENCE_S):
            raise CabinError("the bridge does not go on", "the machine may be too busy: try again")
        if n % 500 == 0:
            progress(f"{n} of {count} orders wait")
    if not fleet.hold(0, PATIENCE_S):
        raise CabinError("some orders are not bought", "the machine may be too busy: try again")
    return list(fleet.errands.values())


def _die(db: str, bridges: Sequence[BridgeProcess], fleet: Fleet, errands: Sequence[Errand]) -> float:
    """Kill a bridge and start it again if it was alone; return how long it took until each of its orders was carried on.

    Carried on is what is cancelled: one order, the last it held, must come to that end.
    """
    from assistant.bridge.effects import carried  # noqa: PLC0415  SQLAlchemy is the bridge's alone

    held = carried(db).get(bridges[0].name, [])
    named = {errand.order: errand for errand in errands}
    last = next((named[order] for order in reversed(held) if order in named), errands[-1])
    bridges[0].kill()
    began = time.monotonic()
    if len(bridges) == 1:
        bridges[0].begin()
    fleet.cancel(last)
    while time.monotonic() - began < PATIENCE_S:
        left = len(bridges) > 1 and bool(carried(db).get(bridges[0].name))
        if not left and last.last is not None and last.last.state is State.CANCELLED:
            break
        fleet.again(last)
        fleet.hold(-1, 0.3)
    taken = time.monotonic() - began
    if not bridges[0].running():
        bridges[0].begin()
    return taken


def _return(
    broker: Mosquitto, bridges: Sequence[BridgeProcess], errands: Sequence[Errand], progress: Progress
) -> dict[str, Any]:
    """Give every car a connection, kill broker and bridges, and let all come back at once."""
    progress(f"{len(errands)} cars connect")
    began = time.monotonic()
    crowd = Crowd(broker.port, [(errand.vehicle, errand.order) for errand in errands])
    try:
        before = crowd.heard_since(began, PATIENCE_S)
        progress("broker and bridges: kill -9; all cars come back")
        broker.kill()
        for bridge in bridges:
            bridge.kill()
        struck, cars_s = time.monotonic(), -time.process_time()
        crowd.connects.clear()
        for bridge in bridges:
            bridge.start()
        broker.start()
        for bridge in bridges:
            bridge.ready()
        dropped = crowd.heard_since(struck, PATIENCE_S)
        heard = [seat.heard for seat in crowd.seats if seat.heard > struck]
        return {
            "cars": len(errands),
            "never_connected": before,
            "dropped": dropped,
            "all_heard_s": round(max(heard, default=struck) - struck, 1),
            "answer_ms": figures([seat.heard - seat.up for seat in crowd.seats if seat.heard > seat.up > struck]),
            "most_connects_a_second": max(crowd.connects.values(), default=0),
            "peak_mb": [round(most_rss_kb(bridge.pid) / 1024) for bridge in bridges],
            "cpu_s": {
                "bridges": round(sum(cpu_s(bridge.pid) for bridge in bridges), 1),
                "broker": round(cpu_s(broker.pid), 1),
                "cars": round(cars_s + time.process_time(), 1),
            },
        }
    finally:
        crowd.close()
