"""`cabin ask`: sentences as text; plan, outcome and reply come out."""

import argparse
import gc

from assistant.app import App
from assistant.commands._show import as_line, as_text
from assistant.config import load
from assistant.core.text import LANGUAGES
from assistant.dialogue.state import Phase
from assistant.report import Exchange
from assistant.session import converse, settle

FAILED = {"failed", "refused", "unknown"}


def add(parser: argparse.ArgumentParser) -> None:
    """Take sentences, spoken one after the other in one conversation."""
    parser.add_argument("text", nargs="+", metavar="TEXT", help="a sentence; further ones answer it or follow it")
    parser.add_argument("--lang", choices=LANGUAGES, help="language of the sentences (default: the configured one)")
    parser.add_argument("--json", action="store_true", help="one JSON line an exchange")
    parser.epilog = "exit 0: understood and done (or answered); 1: not understood, refused or failed"


def run(options: argparse.Namespace) -> int:
    """Type the sentences; return 0 if every one was understood and nothing failed."""
    gc.disable()  # a short life, and half of it makes what stays: the sentences
    config = load(options.config)
    exchanges: list[Exchange] = []

    def report(exchange: Exchange) -> None:
        exchanges.append(exchange)
        print(as_line(exchange) if options.json else as_text(exchange), flush=True)

    app = App(config, report=report)

    def script() -> None:
        for text in options.text:
            app.type(text, options.lang or app.world.language)
            settle(app, frozenset({Phase.IDLE, Phase.CONFIRMING, Phase.CHOOSING}))

    converse(app, script)
    good = all(
        exchange.reply and not FAILED & {outcome["status"] for outcome in exchange.outcome} for exchange in exchanges
    )
    return 0 if good and exchanges and _understood(exchanges) else 1


def _understood(exchanges: list[Exchange]) -> bool:
    """Tell whether the first sentence was a request; later ones may be answers."""
    return bool(exchanges[0].requests)
