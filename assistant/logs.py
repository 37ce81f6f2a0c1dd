"""Log lines on stderr, as journald likes them; never with what people said unless the owner switched that on."""

import logging
import os
import sys

LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class _Journal(logging.Formatter):
    """Prefix with the sd-daemon level number where journald reads stderr."""

    _levels = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7))

    def format(self, record: logging.LogRecord) -> str:
        """Return `<n>message`."""
        number = next((number for level, number in self._levels if record.levelno >= level), 7)
        return f"<{number}>{super().format(record)}"


def configure(verbosity: int) -> None:
    """Send logs to stderr: 0 warnings, 1 information, 2 and more everything."""
    handler = logging.StreamHandler(sys.stderr)
    journal = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(
        _Journal("%(name)s: %(message)s")
        if journal
        else logging.Formatter("%(asctime)s %(levelname).1s %(threadName)s %(name)s: %(message)s", "%H:%M:%S")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[min(verbosity, len(LEVELS) - 1)])
