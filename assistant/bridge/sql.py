"""Statements on the driver's own cursor: SQLAlchemy makes their text once for each database, and is not asked again.

Running a statement through SQLAlchemy takes 110 of its 150 µs of Python; an order takes some thirty.
"""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

Values = Mapping[str, Any]


class _Text:
    """One statement as one database takes it, for values of certain names."""

    __slots__ = ("_fixed", "_names", "_row", "text")

    def __init__(self, statement: sa.ClauseElement, dialect: sa.Dialect, keys: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(keys))
        self.text = str(compiled)
        self._names = compiled.positiontup if compiled.positional else None
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._row: Any = None

    def bind(self, values: Values) -> Any:
        """Return the values as the driver takes them."""
        every = {**self._fixed, **values} if self._fixed else values
        return every if self._names is None else [every[name] for name in self._names]

    def read(self, cursor: Any) -> list[Any]:
        """Return the rows that a statement gave, by names."""
        found = cursor.fetchall()
        if found and self._row is None:
            names = [column[0] for column in cursor.description]
            row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024
            self._row = row._make
        return [self._row(one) for one in found]


_TEXTS: Final[dict[tuple[sa.ClauseElement, str, tuple[str, ...]], _Text]] = {}


def rows(connection: sa.Connection, statement: sa.ClauseElement, values: Values) -> list[Any]:
    """Return what a statement with these bound values selects or returns; truth values of SQLite come as 0 and 1.

    `statement` is a module's constant. Raises what SQLAlchemy would.
    """
    text = _text(connection, statement, values)
    return text.read(_execute(connection, text, values))


def one(connection: sa.Connection, statement: sa.ClauseElement, values: Values) -> Any:
    """Return the only row, or None. Raises as `rows`."""
    found = rows(connection, statement, values)
    return found[0] if found else None


def change(connection: sa.Connection, statement: sa.ClauseElement, values: Values) -> int:
    """Run a statement that gives no rows; return how many it changed. Raises as `rows`."""
    return int(_execute(connection, _text(connection, statement, values), values).rowcount)


def insert(connection: sa.Connection, statement: sa.Insert, many: Sequence[Values]) -> None:
    """Insert rows that name the same columns. Raises as `rows`."""
    text = _text(connection, statement, many[0])
    if len(many) == 1:
        _execute(connection, text, many[0])
        return
    cursor = _driver(connection).cursor()
    try:
        cursor.executemany(text.text, [text.bind(values) for values in many])
    except Exception as error:
        raise _told(connection, text, error) from error


def _text(connection: sa.Connection, statement: sa.ClauseElement, values: Values) -> _Text:
    """Return a statement's text for these names."""
    key = statement, connection.dialect.name, tuple(values)
    found = _TEXTS.get(key)
    if found is None:
        found = _TEXTS[key] = _Text(statement, connection.dialect, key[2])
    return found


def _execute(connection: sa.Connection, text: _Text, values: Values) -> Any:
    """Run a statement and return its cursor."""
    try:
        return _driver(connection).execute(text.text, text.bind(values))
    except Exception as error:
        raise _told(connection, text, error) from error


def _driver(connection: sa.Connection) -> Any:
    """Return the driver's connection, in the transaction that SQLAlchemy began."""
    return connection.connection.driver_connection


def _told(connection: sa.Connection, text: _Text, error: Exception) -> Exception:
    """Return a driver's error as SQLAlchemy's; a connection that is lost is given up."""
    base = connection.dialect.loaded_dbapi.Error
    if not isinstance(error, base):
        return error
    lost = connection.dialect.is_disconnect(error, connection.connection, None)
    if lost:
        connection.invalidate(error)
    return sa.exc.DBAPIError.instance(
        text.text, None, error, base, hide_parameters=True, connection_invalidated=lost, dialect=connection.dialect
    )
