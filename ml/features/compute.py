"""Compute the catalogue for many accounts at once, on any Ibis backend."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.features import links
from ml.features.catalogue import COLUMNS, FEATURES, NAMES, catalogue_hash
from ml.features.entry import ENTRY_COLUMNS, EntryFacts, Numbers
from ml.features.feature import GROUPS, Evidence, Feature
from ml.features.known import Known
from ml.frames import FeatureFrame


def compute(
    backend: Any,
    as_of: datetime,
    *,
    account_ids: Sequence[str] | None = None,
    groups: Sequence[str] = GROUPS,
) -> FeatureFrame:
    """Return every feature of the accounts known at `as_of`, sorted by account id.

    `backend` is an Ibis backend with the tables of ml.schema. Facts after `as_of` are
    ignored. Only sums of whole numbers leave the tables, so that the order of rows and
    the number of threads cannot change a bit. Groups left out are NaN.
    """
    known = Known(backend, as_of, None if account_ids is None else tuple(account_ids))
    table = known.table("accounts", "created_at").select("account_id", *ENTRY_COLUMNS)
    accounts = table.order_by("account_id").to_pyarrow()
    ids = accounts["account_id"].combine_chunks()
    values = np.full((len(ids), len(NAMES)), np.nan)
    if "entry" in groups:
        facts = EntryFacts(as_of, _columns(accounts), _shared(known, ids))
        _fill_entry(values, facts)
    _fill_activity(values, known, ids, groups)
    return FeatureFrame(
        tuple(ids.to_pylist()), NAMES, values, _has_usage(known, ids), catalogue_hash()
    )


def compute_entry(facts: EntryFacts) -> Numbers:
    """Return values [accounts, NAMES]; the features of other groups are NaN."""
    values = np.full((len(facts), len(NAMES)), np.nan)
    _fill_entry(values, facts)
    return values


def missing_shared(length: int) -> dict[str, dict[str, Numbers]]:
    """Return link counts of accounts of which no value is known: NaN throughout."""
    return {
        kind: {window: np.full(length, np.nan) for window in links.WINDOWS}
        for kind in links.KINDS
    }


def _fill_entry(values: Numbers, facts: EntryFacts) -> None:
    for feature in FEATURES:
        if feature.group == "entry":
            values[:, NAMES.index(feature.name)] = feature.value(facts)


def _fill_activity(
    values: Numbers, known: Known, ids: Any, groups: Sequence[str]
) -> None:
    """Run each source once and place the numbers that are read from it."""
    by_source: dict[Callable[..., Any], list[Feature | Evidence]] = {}
    for item in COLUMNS:
        if item.source is not None and item.group in groups:
            by_source.setdefault(item.source, []).append(item)
    for source, items in by_source.items():
        totals = source(known)
        columns = {item.name: item.value(totals).cast("float64") for item in items}
        result = totals.select("account_id", **columns).to_pyarrow()
        rows, at = _places(result["account_id"], ids)
        for name in columns:
            values[at, NAMES.index(name)] = _numbers(result[name])[rows]


def _shared(known: Known, ids: Any) -> dict[str, dict[str, Numbers]]:
    """Return link counts by kind and window [ids]; NaN where a value is unknown."""
    result = links.counts(known).to_pyarrow()
    rows, at = _places(result["account_id"], ids)
    kinds = result["kind"].to_numpy()[rows]
    shared = missing_shared(len(ids))
    for kind, windows in shared.items():
        chosen = kinds == kind
        for window, column in windows.items():
            column[at[chosen]] = _numbers(result[window])[rows][chosen]
    return shared


def _has_usage(known: Known, ids: Any) -> NDArray[np.bool_]:
    exchanges = known.table("usage", "occurred_at").select("account_id")
    windows = known.windows().select("account_id")
    active = exchanges.distinct().union(windows.distinct(), distinct=True).to_pyarrow()
    flags = np.zeros(len(ids), dtype=np.bool_)
    flags[_places(active["account_id"], ids)[1]] = True
    return flags


def _places(account_ids: Any, ids: Any) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which rows belong to `ids`, and where in it each of them stands."""
    import pyarrow.compute as pc

    at = pc.index_in(account_ids, value_set=ids)
    found = at.is_valid().to_numpy(zero_copy_only=False).astype(np.bool_)
    places = at.fill_null(0).to_numpy().astype(np.intp)
    return np.flatnonzero(found), places[found]


def _columns(accounts: Any) -> dict[str, NDArray[Any]]:
    """Return Arrow columns as NumPy arrays; missing strings and flags are None."""
    columns = {name: accounts[name].to_numpy() for name in ENTRY_COLUMNS}
    columns["created_at"] = columns["created_at"].astype("datetime64[us]")
    return columns


def _numbers(column: Any) -> Numbers:
    """Return an Arrow column as float64; null becomes NaN."""
    return column.to_numpy().astype(np.float64)
