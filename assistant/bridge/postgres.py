"""Prepared statements on libpq itself, as psycopg hands it on: 14 µs of Python each, a cursor of psycopg's takes 100."""

import select
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

FLOAT: Final = 701
"""PostgreSQL's number for `double precision`; all other types it finds out by itself."""
_PREPARED: Final = "prepared"
_LOADS: Final = "loads"
"""Where a connection keeps how the columns of what is prepared are read."""
_GOOD: Final = frozenset({1, 2})
"""libpq's PGRES_COMMAND_OK and PGRES_TUPLES_OK."""
_SYNC: Final = 10
"""libpq's PGRES_PIPELINE_SYNC."""
_CONNECTED: Final = 0
_LOAD: Final[Mapping[int, Callable[[bytes], Any]]] = {
    16: b"t".__eq__,
    20: int,
    21: int,
    23: int,
    700: float,
    FLOAT: float,
    1700: lambda raw: Decimal(raw.decode()),
}
"""From PostgreSQL's number of a type; the rest is text."""

Found = tuple[list[list[Any]], int, Any]
"""Rows, how many the statement gave or changed, and libpq's result."""


def command(driver: Any, text: bytes) -> None:
    """Run a statement without values, as BEGIN. Raises the driver's error."""
    _good(driver, driver.pgconn.exec_(text))


def execute(driver: Any, info: MutableMapping[Any, Any], text: str, values: Sequence[Any]) -> Found:
    """Run a statement with `$1`, `$2` for its values; `info` lives and dies with the connection. Raises the driver's error."""
    name, given = _ready(driver, info, text, values)
    result = _good(driver, driver.pgconn.exec_prepared(name, given))
    loads: dict[bytes, Sequence[tuple[int, Callable[[bytes], Any]]]] = info.setdefault(_LOADS, {})
    columns = loads.get(name)
    if columns is None:
        columns = loads[name] = [(n, _LOAD.get(result.ftype(n), bytes.decode)) for n in range(result.nfields)]
    get = result.get_value
    rows = [
        [None if (raw := get(row, n)) is None else load(raw) for n, load in columns] for row in range(result.ntuples)
    ]
    return rows, int(result.command_tuples or 0), result


def finish(driver: Any, info: MutableMapping[Any, Any], statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Run statements that give no rows, and COMMIT, all sent at once. Raises the first error, after which nothing is committed."""
    ready = [_ready(driver, info, text, values) for text, values in statements]
    connection = driver.pgconn
    connection.enter_pipeline_mode()
    try:
        for name, given in ready:
            connection.send_query_prepared(name, given)
        connection.send_query_params(b"COMMIT", None)
        connection.pipeline_sync()
        results = _answers(connection)
    finally:
        with suppress(Exception):  # where the connection is lost that is raised already
            connection.exit_pipeline_mode()
    for result in results:
        _good(driver, result)


def _answers(connection: Any) -> list[Any]:
    """Return the results of all that was sent; libpq would keep the interpreter to itself while it waits."""
    waiter, found = select.poll(), list[Any]()
    waiter.register(connection.socket, select.POLLIN)
    while connection.flush():
        select.select([connection.socket], [connection.socket], [])
        connection.consume_input()
    while True:
        while connection.is_busy():
            waiter.poll()
            connection.consume_input()
        result = connection.get_result()
        if result is not None and result.status == _SYNC:
            return found
        if result is not None:
            found.append(result)


def _ready(
    driver: Any, info: MutableMapping[Any, Any], text: str, values: Sequence[Any]
) -> tuple[bytes, list[bytes | None]]:
    """Return a statement's name, under which it is prepared, and its values as PostgreSQL reads them."""
    given = [_dumped(value) for value in values]
    names: dict[str, bytes] = info.setdefault(_PREPARED, {})
    name = names.get(text)
    if name is None:
        name = b"cabin%d" % len(names)
        types = [FLOAT if isinstance(value, float) else 0 for value in values]
        _good(driver, driver.pgconn.prepare(name, text.encode(), types))
        names[text] = name
    return name, given


def columns(result: Any) -> list[str]:
    """Return the names of a result's columns."""
    return [result.fname(n).decode() for n in range(result.nfields)]


def _dumped(value: Any) -> bytes | None:
    """Return a value as PostgreSQL reads it."""
    if isinstance(value, str):
        raw = value.encode()
        if b"\0" in raw:
            from psycopg import DataError  # noqa: PLC0415  loaded with the first connection

            raise DataError("PostgreSQL text cannot hold NUL")
        return raw
    if value is None:
        return None
    if isinstance(value, bool):
        return b"t" if value else b"f"
    return repr(value).encode()


def _good(driver: Any, result: Any) -> Any:
    """Return a result that is none of an error. Raises the driver's error."""
    if result.status in _GOOD:
        return result
    from psycopg import OperationalError  # noqa: PLC0415  loaded with the first connection
    from psycopg.errors import error_from_result  # noqa: PLC0415

    if driver.pgconn.status != _CONNECTED:
        raise OperationalError("the connection is lost")
    raise error_from_result(result)
