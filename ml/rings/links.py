"""Which accounts hold which value, and how surprising that value is.

The table of links is bipartite (account - value) and stays so: no value is expanded
into all pairs of its holders, and none is dropped for being frequent. Rarity is
measured among old, trusted accounts alone, so that the biggest campaign, which makes
its own values frequent, does not hide behind its size.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.rings.place import CAP
from ml.rings.rows import VIEW_CODES, common_values, joined, read_rows
from ml.rings.silence import read_silences

if TYPE_CHECKING:
    import pyarrow as pa

TRUSTED_AFTER: Final = timedelta(days=45)
# Two accounts of one operator agree on a value this often, as a rough share.
AGREEMENT: Final = 0.5


@dataclass(frozen=True)
class Links:
    """Account-value links in parallel arrays, sorted by value, then first use.

    `account` and `value` are int32 codes [links]; `first` is int64 microseconds;
    `kind_of`, `text_of`, `view_of` (place in VIEW_NAMES), `strength` (log-likelihood
    ratio), `holders` and `trusted` (holders among trusted accounts) are per value.
    """

    account_ids: NDArray[np.object_]
    created: NDArray[np.int64]
    is_trusted: NDArray[np.bool_]
    account: NDArray[np.int32]
    value: NDArray[np.int32]
    first: NDArray[np.int64]
    kind_of: NDArray[np.object_]
    text_of: NDArray[np.object_]
    view_of: NDArray[np.int8]
    strength: NDArray[np.float64]
    holders: NDArray[np.int64]
    trusted: NDArray[np.int64]

    def codes(self, wanted: Any) -> tuple[NDArray[np.int64], "pa.BooleanArray"]:
        """Return the codes of an Arrow column of ids, and which rows are known."""
        return positions(self.account_ids, wanted)

    @cached_property
    def _of_account(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        count = np.bincount(self.account, minlength=len(self.account_ids))
        order = np.argsort(self.account, kind="stable")
        return np.concatenate([[0], np.cumsum(count)]), order

    @cached_property
    def _of_value(self) -> NDArray[np.int64]:
        return np.searchsorted(self.value, np.arange(len(self.strength) + 1))

    def rows_of(self, accounts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the links of these accounts."""
        start, order = self._of_account
        return order[spans(start[accounts], start[accounts + 1])]

    def holding(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the links to these values."""
        return spans(self._of_value[values], self._of_value[values + 1])


def spans(begin: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers from each `begin` up to its `end`, one after another."""
    count = end - begin
    last = np.cumsum(count)
    total = int(last[-1]) if len(last) else 0
    return np.arange(total) + np.repeat(begin - (last - count), count)


def read_links(backend: Any, *, as_of: datetime) -> Links:
    """Read the canonical tables of an Ibis backend that holds what was known at T."""
    table = joined([read_rows(backend), read_silences(backend, as_of=as_of)])
    accounts = backend.table("accounts").to_pyarrow()
    return _encode(table, accounts, common_values(backend), as_of)


def _encode(
    table: "pa.Table",
    accounts: "pa.Table",
    commons: NDArray[np.object_],
    as_of: datetime,
) -> Links:
    ids = np.sort(accounts.column("account_id").to_numpy(zero_copy_only=False))
    order = np.argsort(accounts.column("account_id").to_numpy(zero_copy_only=False))
    created = microseconds(accounts.column("created_at"))[order]
    trusted = _trusted(accounts, created, as_of, order)
    account = np.searchsorted(
        ids, table.column("account_id").to_numpy(zero_copy_only=False)
    )
    names, value = _numbered(table.column("kind"), table.column("value"))
    first = microseconds(table.column("first"))
    account, value, first = distinct(account, value, first)
    kind_of, text_of = _split(names)
    weights = trusted[account].astype(float)
    among = np.bincount(value, weights=weights, minlength=len(names)).astype(float)
    common = common_of(kind_of, text_of, commons)
    strength = strength_of(among, int(trusted.sum()), common)
    people, rows = (ids, created, trusted), (account, value, first)
    return assembled(people, rows, (kind_of, text_of), strength, among)


def assembled(
    people: tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.bool_]],
    rows: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    values: tuple[NDArray[np.object_], NDArray[np.object_]],
    strength: NDArray[np.float64],
    among: NDArray[np.float64],
) -> Links:
    """Return links of their parts; views and holders follow from these.

    people: ids, creation, trust. rows: account, value and first, sorted as `distinct`
    does. values: kinds and texts. among: holders among trusted accounts.
    """
    account, value, first = rows
    kinds, texts = values
    return Links(
        *people,
        account.astype(np.int32),
        value.astype(np.int32),
        first,
        kinds,
        texts,
        np.fromiter((VIEW_CODES[kind] for kind in kinds), np.int8),
        strength,
        np.bincount(value, minlength=len(kinds)),
        among.astype(np.int64),
    )


def _trusted(
    accounts: "pa.Table",
    created: NDArray[np.int64],
    as_of: datetime,
    order: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return which accounts are old, and verified or under contract where known."""
    limit = int((as_of - TRUSTED_AFTER).timestamp() * 1_000_000)
    proofs = [
        accounts.column(name).to_numpy(zero_copy_only=False)[order] == True  # noqa: E712 - element-wise
        for name in ("email_verified", "phone_verified", "contract")
    ]
    return (created <= limit) & (proofs[0] | proofs[1] | proofs[2])


def strength_of(
    among: NDArray[np.float64], population: int, common: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return log(share among one operator's accounts / share among the trusted)."""
    surprise = np.log((population + 1.0) / (among + 0.5)) + np.log(AGREEMENT)
    return np.where(common, 0.0, np.clip(surprise, 0.0, CAP))


def common_of(
    kinds: NDArray[np.object_], texts: NDArray[np.object_], commons: NDArray[np.object_]
) -> NDArray[np.bool_]:
    """Return which values are addresses or networks of a shared class."""
    import pyarrow as pa  # NumPy compares objects pair by pair; Arrow hashes them
    import pyarrow.compute as pc

    placed = (kinds == "ip") | (kinds == "net")
    shared = pc.is_in(pa.array(texts, pa.string()), pa.array(commons, pa.string()))
    return placed & shared.to_numpy(zero_copy_only=False)


def _numbered(kinds: Any, texts: Any) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the sorted names `kind, unit separator, value`, and each row's place."""
    import pyarrow.compute as pc  # loaded with the tables

    joined = pc.binary_join_element_wise(kinds, texts, "\x1f").combine_chunks()
    coded = joined.dictionary_encode()
    order = pc.sort_indices(coded.dictionary).to_numpy()
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    names = coded.dictionary.to_numpy(zero_copy_only=False)[order]
    return names, place[coded.indices.to_numpy()]


def distinct(
    account: NDArray[np.int64], value: NDArray[np.int64], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Keep the earliest link of each pair, sorted by value, then first use."""
    order = np.lexsort((first, account, value))
    account, value, first = account[order], value[order], first[order]
    keep = np.ones(len(account), dtype=bool)
    keep[1:] = (account[1:] != account[:-1]) | (value[1:] != value[:-1])
    account, value, first = account[keep], value[keep], first[keep]
    order = np.lexsort((account, first, value))
    return account[order], value[order], first[order]


def _split(names: NDArray[Any]) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    pairs = [str(name).split("\x1f", 1) for name in names]
    kinds = np.array([kind for kind, _ in pairs], dtype=object)
    return kinds, np.array([text for _, text in pairs], dtype=object)


def microseconds(column: Any) -> NDArray[np.int64]:
    import pyarrow as pa  # loaded with the tables

    moment = column.cast(pa.timestamp("us", tz="UTC"))
    return moment.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.int64)


def positions(
    ids: NDArray[np.object_], wanted: Any
) -> tuple[NDArray[np.int64], "pa.BooleanArray"]:
    """Return the position of every known id, and a mask over all that were asked."""
    import pyarrow as pa  # loaded with the tables

    asked = wanted.to_numpy(zero_copy_only=False)
    if not len(ids):
        return np.empty(0, dtype=np.int64), pa.array(np.zeros(len(asked), dtype=bool))
    at = np.minimum(np.searchsorted(ids, asked), len(ids) - 1)
    known = ids[at] == asked
    return at[known], pa.array(known)
