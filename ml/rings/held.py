"""Tables of some accounts whose usage is read once, however often it is asked for."""

from typing import Any, Final

# What a ring pass reads of exchanges, and of hours of them.
COLUMNS: Final = {
    "usage": (
        "account_id",
        "occurred_at",
        "ip",
        "net",
        "asn",
        "ip_class",
        "scaffold",
        "schema",
        "params",
        "tools_hash",
        "minhash",
        "filler",
    ),
    "usage_window": ("account_id", "window_start", "requests"),
}


class Held:
    """An Ibis backend in front of which the exchanges of few accounts are kept.

    A lake is read from end to end for any account; a dozen questions about the same
    few accounts would read it a dozen times.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._kept = {
            name: backend.table(name).select(*columns).cache()
            for name, columns in COLUMNS.items()
        }

    def table(self, name: str) -> Any:
        if name in self._kept:
            return self._kept[name]
        return self._backend.table(name)

    def to_pyarrow(self, expression: Any) -> Any:
        return self._backend.to_pyarrow(expression)
