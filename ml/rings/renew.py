"""The links of a pass, renewed for the accounts that new facts touched.

What is usual stays as the last full pass measured it: how much a value says, who is
trusted, which kinds of exchange are divided and when accounts fell silent together.
Only of values that nobody held then is it reckoned anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ml.rings.links import (
    Links,
    assembled,
    common_of,
    distinct,
    microseconds,
    strength_of,
)
from ml.rings.pairs import useful

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Renewed:
    """New links; where the old accounts stand in them; whom it makes sense to compare.

    `place` is int64 [old accounts], `common` bool [values], `moved` bool [accounts]:
    the touched, and those with a value whose weight or use for pairs has changed.
    """

    links: Links
    place: NDArray[np.int64]
    common: NDArray[np.bool_]
    moved: NDArray[np.bool_]


def renew(
    last: Links,
    common: NDArray[np.bool_],
    measured: int,
    rows: "pa.Table",
    accounts: "pa.Table",
    commons: NDArray[np.object_],
) -> Renewed:
    """Put all rows of the touched `accounts` in the place of what `last` had of them.

    The first `measured` values keep their weight.
    """
    ids, place, at, created, trusted = _people(last, accounts)
    touched = np.isin(np.arange(len(ids)), at)
    kinds, texts, value = _coded(last, rows)
    names = rows.column("account_id").to_numpy(zero_copy_only=False)
    account = np.searchsorted(ids, names)
    fresh = distinct(account, value, microseconds(rows.column("first")))
    merged = _merged(last, place, touched, fresh)
    common = np.append(common, np.zeros(len(kinds) - len(common), dtype=bool))
    common[measured:] |= common_of(kinds[measured:], texts[measured:], commons)
    account, value, _ = merged
    among = np.bincount(value, trusted[account], len(kinds)).astype(float)
    among[:measured] = last.trusted[:measured]
    strength = strength_of(among, int(trusted.sum()), common)
    strength[:measured] = last.strength[:measured]
    people = (ids, created, trusted)
    links = assembled(people, merged, (kinds, texts), strength, among)
    return Renewed(links, place, common, _moved(last, links, touched))


def _people(
    last: Links, accounts: "pa.Table"
) -> tuple[
    NDArray[np.object_],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.bool_],
]:
    """Return all ids, where old and touched ones stand, creation, and who is trusted.

    Nobody is trusted who was not when the full pass was made.
    """
    named = accounts.column("account_id").to_numpy(zero_copy_only=False)
    ids = np.union1d(last.account_ids, named)
    place, at = np.searchsorted(ids, last.account_ids), np.searchsorted(ids, named)
    created = np.zeros(len(ids), dtype=np.int64)
    created[place] = last.created
    created[at] = microseconds(accounts.column("created_at"))
    trusted = np.zeros(len(ids), dtype=bool)
    trusted[place] = last.is_trusted
    return ids, place, at, created, trusted


def _coded(
    last: Links, rows: "pa.Table"
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int64]]:
    """Return kinds and texts of all values, old ones first, and each row's code."""
    import pyarrow as pa  # loaded with the tables
    import pyarrow.compute as pc

    old = pc.binary_join_element_wise(
        pa.array(last.kind_of, pa.string()), pa.array(last.text_of, pa.string()), "\x1f"
    )
    names = pc.binary_join_element_wise(
        rows.column("kind"), rows.column("value"), "\x1f"
    ).combine_chunks()
    known = pc.index_in(names, value_set=old)
    unknown = pc.unique(names.filter(pc.is_null(known))).sort()
    later = pc.fill_null(pc.index_in(names, value_set=unknown), 0).to_numpy()
    code = pc.fill_null(known, -1).to_numpy().astype(np.int64)
    code = np.where(code < 0, later + len(last.strength), code)
    new = [name.split("\x1f", 1) for name in unknown.to_pylist()]
    kinds = np.append(last.kind_of, np.array([one for one, _ in new], dtype=object))
    texts = np.append(last.text_of, np.array([one for _, one in new], dtype=object))
    return kinds, texts, code


def _merged(
    last: Links,
    place: NDArray[np.int64],
    touched: NDArray[np.bool_],
    fresh: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return account, value and first, sorted by value, first use and account.

    Only the values in which something is new are sorted again.
    """
    kept = ~touched[place[last.account]]
    account = place[last.account[kept]]
    value, first = last.value[kept].astype(np.int64), last.first[kept]
    size = max(int(fresh[1].max(initial=0)) + 1, len(last.strength))
    stirred = np.zeros(size, dtype=bool)
    stirred[fresh[1]] = True
    again = stirred[value]
    parts = [
        np.concatenate([one[again], other])
        for one, other in zip((account, value, first), fresh, strict=True)
    ]
    order = np.lexsort((parts[0], parts[2], parts[1]))
    whole = [
        np.concatenate([one[~again], part[order]])
        for one, part in zip((account, value, first), parts, strict=True)
    ]
    order = np.argsort(whole[1], kind="stable")  # two sorted runs
    return whole[0][order], whole[1][order], whole[2][order]


def _moved(last: Links, links: Links, touched: NDArray[np.bool_]) -> NDArray[np.bool_]:
    before = len(last.strength)
    other = np.ones(len(links.strength), dtype=bool)
    same = last.strength == links.strength[:before]
    other[:before] = ~same | (useful(last) != useful(links)[:before])
    moved = touched.copy()
    moved[links.account[links.holding(np.flatnonzero(other))]] = True
    return moved


def only(
    accounts: "pa.Table", rows: "pa.Table", wanted: Sequence[str]
) -> tuple["pa.Table", "pa.Table"]:
    """Return those accounts that are `wanted`, and their rows."""
    import pyarrow as pa  # loaded with the tables
    import pyarrow.compute as pc

    asked = pc.is_in(accounts.column("account_id"), pa.array(wanted, pa.string()))
    chosen = accounts.filter(asked)
    inside = pc.is_in(rows.column("account_id"), chosen.column("account_id"))
    return chosen, rows.filter(inside)
