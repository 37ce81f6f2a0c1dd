"""`cabin bench`: the figures, each next to a plain baseline of the same run."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from assistant.config import Config, load
from assistant.errors import UsageError
from assistant.places import ROOTS

DATA = {
    "wake": "data/speech/manifest.jsonl",
    "hear": "data/speech/manifest.jsonl",
    "turn": "data/speech/manifest.jsonl",
    "understand": "data/nlu/dev.jsonl.gz",
}
ROWS = 2000
"""Sentences that are understood in a few minutes."""


def add(parser: argparse.ArgumentParser) -> None:
    """Take what to measure."""
    parser.add_argument("what", choices=(*DATA, "orders", "daemon"))
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="recordings' manifest or labelled sentences (default: ../shared)"
    )
    parser.add_argument("--full", action="store_true", help="orders: ten thousand that wait, everywhere (long)")
    parser.add_argument("--rounds", type=int, default=12, help="daemon: how often something is struck")
    parser.add_argument(
        "--soak", type=float, default=0.0, metavar="MINUTES", help="daemon: watch its memory for so long"
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=ROWS,
        metavar="N",
        help=f"bench understand: a fixed draw of N sentences, 0 for all ({ROWS})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object last on stdout")


def run(options: argparse.Namespace) -> int:
    """Print the figures; UsageError where the data is missing."""
    if options.what == "orders":
        return _orders(options)
    if options.full:
        raise UsageError("--full is for bench orders", "leave --full away")
    if options.what == "daemon":
        return _daemon(options)
    config = load(options.config)
    data = options.data or _shared(DATA[options.what])
    if not data.exists():
        raise UsageError(f"{data}: no such file", "name the recordings or sentences with --data FILE")
    figures = _measure(options.what, config, data, options.rows)
    print(json.dumps(figures, ensure_ascii=False, indent=None if options.json else 2))
    return 0


def _orders(options: argparse.Namespace) -> int:
    """Print what becomes of orders; UsageError for --data, or where the bridge or a broker is not installed."""
    if options.data:
        raise UsageError("bench orders makes its own orders", "leave --data away")
    try:
        from assistant.bench import orders
    except ImportError as error:
        raise UsageError(f"the bridge is not installed: {error.name}", "pip install cabin-assistant[bridge]") from error
    figures = orders.run(_progress(), full=options.full)
    print(json.dumps(figures, ensure_ascii=False, indent=None if options.json else 2))
    return 0


def _daemon(options: argparse.Namespace) -> int:
    """Print what becomes of the daemon; UsageError for --data, or where a program is not installed."""
    if options.data:
        raise UsageError("bench daemon makes its own sound", "leave --data away")
    try:
        from assistant.bench import daemon
    except ImportError as error:
        raise UsageError(f"D-Bus is not installed: {error.name}", "pip install cabin-assistant[dbus]") from error
    figures = daemon.run(_progress(), options.rounds, options.soak)
    print(json.dumps(figures, ensure_ascii=False, indent=None if options.json else 2))
    return 0


def _measure(what: str, config: Config, data: Path, most: int) -> dict[str, Any]:
    progress = _progress()
    match what:
        case "wake":
            from assistant.bench import wake

            return wake.run(data, progress)
        case "hear":
            from assistant.bench import hear

            return hear.run(data, progress)
        case "turn":
            from assistant.bench import turn

            return turn.run(config, data, progress)
        case _:
            return _understand(config, data, most)


def _understand(config: Config, data: Path, most: int) -> dict[str, Any]:
    from assistant.bench import model, rows, understand
    from assistant.core.context import Context
    from assistant.core.text import LANGUAGES
    from assistant.engines import Engines
    from assistant.skills import by_request
    from assistant.understand.evidence import Evidence
    from assistant.understand.layers import Layers

    engines = Engines(config)
    devices = engines.devices()
    names = devices.names()
    devices.close()
    contexts = {language: Context(0.0, datetime.now().astimezone(), language, names=names) for language in LANGUAGES}
    train = data.with_name("train.jsonl.gz")
    rules = engines.sentences
    apart: dict[str, understand.Understand] = {"rules": Layers(rules)}
    chosen = engines.model.chosen()
    if chosen:
        apart["model"] = Layers(rules, engines.model).by_model
    try:
        progress = _progress()
        figures = understand.run(
            understand.Data(data, train if train.exists() else None, most),
            engines.understand(names),
            by_request(),
            contexts,
            apart=apart,
            evidence=Evidence(rules),
            progress=progress,
        )
        few = rows.sample(list(rows.rows(data)), model.ASKED)
        for found in engines.shelf.intent_models() if chosen else ():
            progress(f"{found.name} starts anew")
            costs = model.cost(partial(engines.model.started, found), rules, few, contexts)
            figures.setdefault("models", {})[found.name] = costs
    finally:
        engines.close()
    return figures


def _shared(name: str) -> Path:
    """Return a file of the shared data: $CABIN_SHARED, or the folder `shared` beside the checkout."""
    return Path(os.environ.get("CABIN_SHARED") or ROOTS[0].parent / "shared") / name


def _progress() -> Callable[[str], None]:
    """Return what shows one live line on a terminal and a line every ten seconds elsewhere."""
    told = [0.0]
    live = sys.stderr.isatty()

    def show(text: str) -> None:
        if live or time.monotonic() - told[0] > 10:
            told[0] = time.monotonic()
            print(f"\r\033[K{text}" if live else text, end="" if live else "\n", file=sys.stderr, flush=True)

    return show
