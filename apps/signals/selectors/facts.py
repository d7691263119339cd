"""Events, outcomes and the provider's calendar as Arrow, as known at a moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from apps.signals.selectors.duck import ARROW_TYPES, copy_arrow
from ml.schema import EVENTS, OUTCOMES, PROVIDER, Column

_ACCOUNT_ID: Final = "a.account_id"


def events_table(
    *, as_of: datetime, account_ids: Sequence[str] | None = None
) -> pa.Table:
    """Return events in the columns of `ml.schema.EVENTS`."""
    return _table(
        EVENTS,
        "signals_event",
        "f.occurred_at <= %s AND f.recorded_at <= %s",
        [as_of, as_of],
        account_ids,
    )


def outcomes_table(
    *, as_of: datetime, account_ids: Sequence[str] | None = None
) -> pa.Table:
    """Return outcomes by the time they became known, superseded ones included."""
    return _table(OUTCOMES, "signals_outcome", "f.known_at <= %s", [as_of], account_ids)


def provider_table(*, as_of: datetime) -> pa.Table:
    """Return the provider's calendar; an entry may lie ahead of `as_of`."""
    columns = ", ".join(column.name for column in PROVIDER)
    return copy_arrow(
        f"SELECT {columns} FROM signals_providerevent WHERE recorded_at <= %s"
        " ORDER BY at, id",
        [as_of],
        _schema(PROVIDER),
    )


def _table(
    columns: Sequence[Column],
    source: str,
    known: str,
    params: list[Any],
    account_ids: Sequence[str] | None,
) -> pa.Table:
    names = ", ".join(
        _ACCOUNT_ID if column.name == "account_id" else f"f.{column.name}"
        for column in columns
    )
    if account_ids is not None:
        known += " AND a.account_id = ANY(%s)"
        params = [*params, list(account_ids)]
    return copy_arrow(
        f"SELECT {names} FROM {source} f JOIN customers_account a"
        f" ON a.id = f.account_id WHERE {known} ORDER BY f.account_id, f.id",
        params,
        _schema(columns),
    )


def _schema(columns: Sequence[Column]) -> Mapping[str, pa.DataType]:
    return {column.name: ARROW_TYPES[column.type] for column in columns}
