"""`cabin models`: what models there are, which are here; fetch some; read every byte of those that are here again."""

import argparse
import sys

from assistant.config import load
from assistant.errors import UsageError
from assistant.places import shipped
from assistant.weights import manifest
from assistant.weights.fetch import Progress, fetch
from assistant.weights.manifest import Model
from assistant.weights.store import State, Store, folders

BAR = 30
"""Characters of a progress bar."""


def add(parser: argparse.ArgumentParser) -> None:
    """Take what to do and with which models."""
    parser.add_argument(
        "what", choices=("list", "fetch", "verify"), help="list all; fetch by name; verify size and sha256"
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="models as `list` calls them (verify: all that are here)"
    )


def run(options: argparse.Namespace) -> int:
    """Return 0 if all went well, 1 if a file is not what it should be."""
    store = Store(manifest.load(shipped("models/models.toml")), folders(load(options.config).paths.models))
    chosen = tuple(map(store.manifest.model, options.names)) or store.manifest.models
    if options.what == "fetch":
        if not options.names:
            raise UsageError("fetch which model?", "`cabin models list` shows the names")
        _fetch(store, chosen)
        return 0
    if options.what == "verify":
        return _verify(store, chosen, named=bool(options.names))
    for model in chosen:
        size, languages = f"{model.about_mb} MB" if model.about_mb else "", " ".join(model.languages)
        print(f"{model.name:20} {model.role:10} {languages:6} {size:>7}  {store.state(model):16} {model.licence}")
    print(f"fetched to {store.folders[0]}")
    return 0


def _fetch(store: Store, models: tuple[Model, ...]) -> None:
    for model in models:
        print(f"{model.name}  {model.licence}  {model.source}", file=sys.stderr)
        for line in fetch(store, model, _show):
            print(line)


def _show(progress: Progress) -> None:
    """Draw a bar on a terminal; nothing where nobody looks."""
    if not sys.stderr.isatty():
        return
    share = progress.done_bytes / max(1, progress.total_bytes)
    bar = "█" * int(share * BAR)
    ending = "\n" if progress.done_bytes == progress.total_bytes else ""
    print(
        f"\r{bar:░<{BAR}} {share:4.0%} {progress.total_bytes / 1e6:.0f} MB {progress.path}", end=ending, file=sys.stderr
    )


def _verify(store: Store, models: tuple[Model, ...], *, named: bool) -> int:
    """Print a line a model; models that are not here count only if they were named."""
    bad = 0
    for model in models:
        if store.state(model) is State.MISSING and not named:
            continue
        faults = store.verify(model)
        bad += bool(faults)
        print(f"{'✗' if faults else '✓'} {model.name:20} {'; '.join(faults) or 'size and sha256 match'}")
    return 1 if bad else 0
