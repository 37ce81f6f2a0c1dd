"""`cabin config`: the configuration in force."""

import argparse
import sys

from assistant.config import load, show


def add(parser: argparse.ArgumentParser) -> None:
    """Take no options of its own."""
    parser.epilog = "config/cabin.toml shows every key with its meaning"


def run(options: argparse.Namespace) -> int:
    """Print the configuration as TOML."""
    sys.stdout.write(show(load(options.config)))
    return 0
