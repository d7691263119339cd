"""Compute the catalogue for many accounts at once, on any Ibis backend."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ml.features import links
from ml.features.asking import Asker, Question
from ml.features.catalogue import COLUMNS, FEATURES, NAMES, catalogue_hash
from ml.features.entry import ENTRY_COLUMNS, EntryFacts, Numbers, permits_in_force
from ml.features.feature import GROUPS, Evidence, Feature
from ml.features.known import Known
from ml.features.sums import FIRSTS
from ml.frames import FeatureFrame

Source = Callable[..., Any]
Places: TypeAlias = "pa.StringArray"  # account ids, each in its place


def compute(
    backend: Any,
    as_of: datetime,
    *,
    account_ids: Sequence[str] | None = None,
    groups: Sequence[str] = GROUPS,
    cache: Path | None = None,
) -> FeatureFrame:
    """Return every feature of the accounts known at `as_of`, sorted by account id.

    `backend` is an Ibis backend with the tables of ml.schema. Facts after `as_of` are
    ignored. Only sums of whole numbers leave the tables, so that the order of rows and
    the number of threads cannot change a bit. Groups left out are NaN. `cache` is a
    folder for compiled questions, which any process may read and write.
    """
    known = Known(backend, as_of, None if account_ids is None else tuple(account_ids))
    asker = Asker(known, cache)
    accounts = asker.ask("accounts", _accounts)
    index = accounts["account_id"].combine_chunks()
    columns = _columns(accounts)
    values = np.full((len(index), len(NAMES)), np.nan)
    if "entry" in groups:
        facts = EntryFacts(as_of, columns, _shared(asker, index))
        _fill_entry(values, facts)
    if {"usage", "network"} & set(groups):
        asker.read_once()
    _fill_activity(values, asker, index, groups)
    _exempt(values, permits_in_force(columns["permitted_scope"], as_of))
    has_usage = _has_usage(asker, index)
    asker.keep()
    ids = tuple(index.to_pylist())
    return FeatureFrame(ids, NAMES, values, has_usage, catalogue_hash())


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
    values: Numbers, asker: Asker, index: Places, groups: Sequence[str]
) -> None:
    """Run each source once and place the numbers that are read from it."""
    by_source: dict[Source, list[Feature | Evidence]] = {}
    for item in COLUMNS:
        if item.source is not None and item.group in groups:
            by_source.setdefault(item.source, []).append(item)
    for source, items in by_source.items():
        names = [item.name for item in items]
        result = asker.ask(" ".join(names), _numbers_of(source, items))
        rows, at = _places(result["account_id"], index)
        for name in names:
            values[at, NAMES.index(name)] = _numbers(result[name])[rows]


def _numbers_of(source: Source, items: Sequence[Feature | Evidence]) -> Question:
    """Return the question for all numbers that are read from one source."""

    def question(known: Known) -> Any:
        totals = source(known)
        columns = {item.name: item.value(totals).cast("float64") for item in items}
        return totals.select("account_id", **columns)

    return question


def _exempt(values: Numbers, permits: Sequence[str | None]) -> None:
    """Forget what a registered permit allows: it is missing, and raises no score."""
    held = np.array(permits, dtype=object)
    for feature in FEATURES:
        if feature.exempt:
            values[np.isin(held, feature.exempt), NAMES.index(feature.name)] = np.nan


def _accounts(known: Known) -> Any:
    table = known.table("accounts", "created_at").select("account_id", *ENTRY_COLUMNS)
    return table.order_by("account_id")


def _shared(asker: Asker, index: Places) -> dict[str, dict[str, Numbers]]:
    """Return link counts by kind and window [index]; NaN where a value is unknown."""
    result = asker.ask("links", links.counts)
    rows, at = _places(result["account_id"], index)
    kinds = pc.index_in(result["kind"], value_set=pa.array(links.KINDS))
    cells = kinds.to_numpy()[rows].astype(np.intp) * len(index) + at
    shared: dict[str, dict[str, Numbers]] = {kind: {} for kind in links.KINDS}
    for window in links.WINDOWS:
        counts = np.full(len(links.KINDS) * len(index), np.nan)
        counts[cells] = _numbers(result[window])[rows]
        by_kind = counts.reshape(len(links.KINDS), len(index))
        for kind, column in zip(links.KINDS, by_kind, strict=True):
            shared[kind][window] = column
    return shared


def _has_usage(asker: Asker, index: Places) -> NDArray[np.bool_]:
    active = asker.ask("used", _used)
    flags = np.zeros(len(index), dtype=np.bool_)
    flags[_places(active["account_id"], index)[1]] = True
    return flags


def _used(known: Known) -> Any:
    return known.sums(FIRSTS, None).select("account_id").distinct()


def _places(
    account_ids: Any, index: Places
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which rows belong to `index`, and where in it each of them stands."""
    found = pc.index_in(account_ids, value_set=index)
    places = found.fill_null(-1).to_numpy().astype(np.intp)
    rows = np.flatnonzero(places >= 0)
    return rows, places[rows]


def _columns(accounts: Any) -> dict[str, NDArray[Any]]:
    """Return Arrow columns as NumPy arrays; missing strings and flags are None."""
    columns = {name: accounts[name].to_numpy() for name in ENTRY_COLUMNS}
    columns["created_at"] = columns["created_at"].astype("datetime64[us]")
    return columns


def _numbers(column: Any) -> Numbers:
    """Return an Arrow column as float64; null becomes NaN."""
    return np.asarray(column.to_numpy(), dtype=np.float64)
