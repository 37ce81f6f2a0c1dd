"""Statements on the driver itself: SQLAlchemy makes their text once for each database, and is not asked again.

Running a statement through SQLAlchemy takes 110 µs of Python more; an order takes some thirty.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import starmap
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from assistant.bridge import postgres
from assistant.core.quote import canonical

Values = Mapping[str, Any]
_NUMBERED: Final = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
"""PostgreSQL as its own protocol has it: `$1`."""


MANY: Final = 32
"""How many texts one statement asks about."""


class _Text:
    """One statement as one database takes it, for values of certain names."""

    __slots__ = ("_fixed", "_names", "_row", "lite", "text")

    def __init__(self, statement: sa.ClauseElement, dialect: sa.Dialect, keys: Sequence[str]) -> None:
        self.lite = dialect.name == "sqlite"
        compiled: Any = statement.compile(dialect=dialect if self.lite else _NUMBERED, column_keys=list(keys))
        self.text = str(compiled)
        self._names = compiled.positiontup
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._row: Any = None

    def bind(self, values: Values) -> list[Any]:
        """Return the values in the statement's order."""
        every = {**self._fixed, **values} if self._fixed else values
        return [every[name] for name in self._names]

    def run(self, connection: sa.Connection, values: Values) -> tuple[list[Any], int]:
        """Return the rows that it gives, by names, and how many it changed. Raises the driver's error."""
        driver, bound = _driver(connection), self.bind(values)
        if not self.lite:
            found, changed, result = postgres.execute(driver, connection.info, self.text, bound)
            return self._named(found, lambda: postgres.columns(result)), changed
        cursor = driver.execute(self.text, bound)
        return self._named(cursor.fetchall(), lambda: [column[0] for column in cursor.description]), cursor.rowcount

    def _named(self, found: list[Any], columns: Callable[[], list[str]]) -> list[Any]:
        """Return rows by names."""
        if found and self._row is None:
            row: Any = namedtuple("Row", columns(), rename=True)  # type: ignore[misc]  # noqa: PYI024
            self._row = row._make
        return [self._row(one) for one in found]


_TEXTS: Final[dict[tuple[sa.ClauseElement, str, tuple[str, ...]], _Text]] = {}


def begin(connection: sa.Connection) -> None:
    """Begin a transaction that may write from its first statement on. Raises what SQLAlchemy would."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        _command(connection, "BEGIN")


def finish(connection: sa.Connection, puts: Mapping[sa.Insert, Sequence[Values]]) -> None:
    """Insert rows, each statement's naming the same columns, and commit what `begin` began, on PostgreSQL all in one go.

    Raises what SQLAlchemy would, after which nothing is committed.
    """
    if connection.dialect.name == "sqlite":
        for statement, given in puts.items():
            insert(connection, statement, given)
        connection.commit()
    elif puts:
        texts = [(_text(connection, *one), one) for one in starmap(_inserting, puts.items())]
        bound = [(text.text, text.bind(values)) for text, (_, values) in texts]
        try:
            postgres.finish(_driver(connection), connection.info, bound)
        except Exception as error:
            raise _told(connection, "COMMIT", error) from error
    else:
        _command(connection, "COMMIT")


def rows(connection: sa.Connection, statement: sa.ClauseElement, values: Values) -> list[Any]:
    """Return what a statement with these bound values selects or returns; truth values of SQLite come as 0 and 1.

    `statement` is a module's constant. Raises what SQLAlchemy would.
    """
    return _run(connection, statement, values)[0]


def one(connection: sa.Connection, statement: sa.ClauseElement, values: Values) -> Any:
    """Return the only row, or None. Raises as `rows`."""
    found = rows(connection, statement, values)
    return found[0] if found else None


def change(connection: sa.Connection, statement: sa.ClauseElement, values: Values) -> int:
    """Run a statement that gives no rows; return how many it changed. Raises as `rows`."""
    return _run(connection, statement, values)[1]


def among(column: sa.Column[str]) -> sa.ColumnElement[bool]:
    """Return the condition that `many` fills: a column is one of some texts."""
    return column.in_([sa.bindparam(f"b_{i}", type_=sa.String) for i in range(MANY)])


def many(
    connection: sa.Connection, statement: sa.ClauseElement, texts: Sequence[str], values: Values | None = None
) -> list[Any]:
    """Return what a statement with `among` gives for any number of texts, besides its other values. Raises as `rows`."""
    found = list[Any]()
    for start in range(0, len(texts), MANY):
        some = texts[start : start + MANY]
        padded = {f"b_{i}": some[min(i, len(some) - 1)] for i in range(MANY)}
        found += rows(connection, statement, {**padded, **(values or {})})
    return found


def insert(connection: sa.Connection, statement: sa.Insert, given: Sequence[Values]) -> None:
    """Insert rows that name the same columns, on PostgreSQL all by one statement. Raises as `rows`."""
    if connection.dialect.name == "sqlite":
        for values in given:
            _run(connection, statement, values)
    else:
        _run(connection, *_inserting(statement, given))


def _inserting(statement: sa.Insert, given: Sequence[Values]) -> tuple[sa.Insert, Values]:
    """Return a statement that inserts all rows, and its values."""
    if len(given) == 1:
        return statement, given[0]
    return _together(statement, tuple(given[0])), {"b_rows": canonical(given).decode()}


@cache
def _together(statement: sa.Insert, names: tuple[str, ...]) -> sa.Insert:
    """Return the same insert for any number of rows, which come as one JSON array."""
    columns = [statement.table.c[name] for name in names]
    taken = sa.func.json_to_recordset(sa.cast(sa.bindparam("b_rows", type_=sa.Text), sa.JSON))
    given = taken.table_valued(*(sa.column(column.name, column.type) for column in columns))
    return sa.insert(statement.table).from_select(list(names), sa.select(*given.render_derived(with_types=True).c))


def _run(connection: sa.Connection, statement: sa.ClauseElement, values: Values) -> tuple[list[Any], int]:
    """Run a statement. Raises what SQLAlchemy would."""
    text = _text(connection, statement, values)
    try:
        return text.run(connection, values)
    except Exception as error:
        raise _told(connection, text.text, error) from error


def _text(connection: sa.Connection, statement: sa.ClauseElement, values: Values) -> _Text:
    """Return a statement's text for a connection's database."""
    key = statement, connection.dialect.name, tuple(values)
    text = _TEXTS.get(key)
    if text is None:
        text = _TEXTS[key] = _Text(statement, connection.dialect, key[2])
    return text


def _command(connection: sa.Connection, text: str) -> None:
    """Run a statement without values on PostgreSQL. Raises what SQLAlchemy would."""
    try:
        postgres.command(_driver(connection), text.encode())
    except Exception as error:
        raise _told(connection, text, error) from error


def _driver(connection: sa.Connection) -> Any:
    """Return the driver's connection."""
    return connection.connection.driver_connection


def _told(connection: sa.Connection, text: str, error: Exception) -> Exception:
    """Return a driver's error as SQLAlchemy's; a connection that is lost is given up."""
    base = connection.dialect.loaded_dbapi.Error
    if not isinstance(error, base):
        return error
    lost = connection.dialect.is_disconnect(error, connection.connection, None)
    if lost:
        connection.invalidate(error)
    return sa.exc.DBAPIError.instance(
        text, None, error, base, hide_parameters=True, connection_invalidated=lost, dialect=connection.dialect
    )
