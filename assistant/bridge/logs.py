"""One JSON object a line on stderr: what happened to which order, never what anybody said."""

import json
import logging
import sys
from typing import Any


class JsonLines(logging.Formatter):
    """Time, level, module, event, and the fields that were named."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line; of an exception only its type and where it was raised."""
        line: dict[str, Any] = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "from": record.name.rpartition(".")[2],
            "event": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            trace = record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            where = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
            line |= {"error": record.exc_info[0].__name__, "where": where}
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up(level: int = logging.INFO) -> None:
    """Send the bridge's log lines to stderr, and of libraries only what is serious."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR)
    logging.getLogger("assistant").setLevel(level)
