"""What a question knows of its moment: as numbers, or as macros of a session.

An expression with the moment inside must be compiled again for every moment, which
costs more than to run it over a small world. With macros its text stays the same.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, Protocol

_HOUR: Final = 3600


class Clock(Protocol):
    """Tells the moment of a question to expressions."""

    def moment(self, *, zoned: bool) -> Any:
        """Return the moment, with or without a zone; without one it is UTC."""
        ...

    @property
    def seconds(self) -> Any:
        """Whole seconds since the epoch."""
        ...

    @property
    def hour(self) -> Any:
        """The hour since the epoch that the moment ends or falls into."""
        ...


class Fixed:
    """The moment itself: for every backend."""

    def __init__(self, as_of: datetime) -> None:
        self.as_of = as_of.astimezone(UTC)

    def moment(self, *, zoned: bool) -> datetime:
        return self.as_of if zoned else self.as_of.replace(tzinfo=None)

    @property
    def seconds(self) -> int:
        return int(self.as_of.timestamp())

    @property
    def hour(self) -> int:
        return (self.seconds - 1) // _HOUR


class Macros:
    """Macros of a DuckDB session, which its planner reads as constants."""

    def moment(self, *, zoned: bool) -> Any:
        return _functions()["as_of_zoned" if zoned else "as_of_plain"]()

    @property
    def seconds(self) -> Any:
        return _functions()["as_of_seconds"]()

    @property
    def hour(self) -> Any:
        return _functions()["as_of_hour"]()


_TYPES: Final = {
    "as_of_plain": "timestamp",
    "as_of_zoned": "timestamp('UTC')",
    "as_of_seconds": "int64",
    "as_of_hour": "int64",
}


def set_macros(database: Any, as_of: datetime) -> None:
    """Tell a DuckDB connection the moment that `Macros` stands for."""
    fixed = Fixed(as_of)
    text = fixed.moment(zoned=False).isoformat(sep=" ")
    for name, value in {
        "as_of_plain": f"TIMESTAMP '{text}'",
        "as_of_zoned": f"TIMESTAMPTZ '{text}+00'",
        "as_of_seconds": f"{fixed.seconds}::BIGINT",
        "as_of_hour": f"{fixed.hour}::BIGINT",
    }.items():
        database.execute(f"CREATE OR REPLACE TEMP MACRO {name}() AS {value}")


@cache
def _functions() -> dict[str, Any]:
    """Declare each macro to Ibis once, with the type that it returns."""
    import ibis  # half a second, which only bulk work pays

    def declared(name: str, told: str) -> Any:
        def function():  # type: ignore[no-untyped-def]  # noqa: ANN202
            """Never run: Ibis reads the name alone."""

        function.__name__ = name
        signature = ((), ibis.dtype(told))
        return ibis.udf.scalar.builtin(function, signature=signature)

    return {name: declared(name, told) for name, told in _TYPES.items()}
