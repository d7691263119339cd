"""A pass over all facts, and one that goes on from it where facts are new.

The later pass measures by the last full one (ml.rings.renew). It reads the touched
accounts alone, and compares again only them and those with whom they make or lose a
reason to be compared; pairs of all others stand. With the usual held fixed, the answer
is that of comparing everybody, but for one thing: between two untouched accounts that
stood in one value's list as each other's tenth neighbor, a newcomer moves nobody out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.rings.association import Associations, Floats, associate
from ml.rings.candidates import compared
from ml.rings.cells import users_of
from ml.rings.conduct import Conduct, conduct_of
from ml.rings.fingerprint import merge, newcomers
from ml.rings.groups import find_groups
from ml.rings.held import Held
from ml.rings.judge import Judged, judge
from ml.rings.links import Links
from ml.rings.pairs import Pairs, find_pairs
from ml.rings.renew import Renewed, only, renew
from ml.rings.rows import common_values, joined, read_rows
from ml.rings.shards import united
from ml.rings.silence import active_since

PROVEN: Final = 0.9  # of a group, before its fingerprint gathers others

Members = NDArray[np.int64]
Judge = Callable[[list[Members]], list[Judged]]


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass knows; account and value codes are places in `links`.

    The first `measured` values keep the weight that the full pass at `full_as_of` gave
    them; of later ones `common` [values] says which are networks that many share.
    `own` [accounts] is what the conduct of each said at the full pass, 0 of later ones.
    `judged` holds every group weighed, `groups` those that stand, and `joined` who came
    to each by its fingerprint.
    """

    as_of: datetime
    full_as_of: datetime
    measured: int
    links: Links
    common: NDArray[np.bool_]
    pairs: Pairs
    conduct: Conduct
    own: Floats
    judged: tuple[Judged, ...]
    groups: tuple[Judged, ...]
    joined: tuple[Members, ...]


def full_pass(
    backend: Any, *, as_of: datetime, own: Mapping[str, float] | None = None
) -> Pass:
    """Compare everybody known at T; `backend` is an Ibis backend that holds it all.

    `own` is what the conduct of each account says of it (ml.starter.own); what is not
    there says nothing.
    """
    links, pairs = compared(backend, as_of=as_of)
    conduct = conduct_of(backend, links.account_ids)
    values = len(links.strength)
    begun = Pass(
        as_of,
        as_of,
        values,
        links,
        np.zeros(values, dtype=bool),
        pairs,
        conduct,
        np.array([(own or {}).get(str(name), 0.0) for name in links.account_ids]),
        (),
        (),
        (),
    )
    return _grouped(begun, lambda groups: judge(backend, groups, conduct, links))


def step(
    last: Pass,
    backend: Any,
    *,
    as_of: datetime,
    touched: Sequence[str],
    usage_of: Callable[[list[str]], Any],
) -> Pass:
    """Go on from `last` with all facts of the touched accounts.

    `backend` holds at least those accounts as known at T; `usage_of` gives one that
    holds the usage of the accounts it is asked for.
    """
    held = Held(backend)
    new = _renewed(last, held, touched)
    pairs = _renewed_pairs(last.pairs, new)
    conduct = _renewed_conduct(last.conduct, held, new, touched)
    told = [Judged(new.place[one.members], one.terms) for one in last.judged]
    stands = [one for one in told if not new.moved[one.members].any()]
    known = {one.members.tobytes(): one for one in stands}

    def weighed(groups: list[Members]) -> list[Judged]:
        unknown = [group for group in groups if group.tobytes() not in known]
        ids = new.links.account_ids[np.concatenate([*unknown, np.empty(0, np.int64)])]
        fillers = usage_of(sorted(set(ids))) if unknown else None
        for one in judge(fillers, unknown, conduct, new.links):
            known[one.members.tobytes()] = one
        return [known[group.tobytes()] for group in groups]

    begun = replace(
        last,
        as_of=as_of,
        links=new.links,
        common=new.common,
        pairs=pairs,
        conduct=conduct,
        own=_placed(last.own, new),
    )
    return _grouped(begun, weighed)


def _grouped(begun: Pass, weighed: Judge) -> Pass:
    """Judge the groups, and let proven ones merge and gather who belongs to them."""
    links = begun.links
    judged = weighed(find_groups(begun.pairs, len(links.account_ids)))
    sure = [one for one in judged if one.probability >= PROVEN]
    single = {one.members.tobytes(): one for one in sure}
    whole = united(merge([one.members for one in sure], links), links)
    merged = weighed([group for group in whole if group.tobytes() not in single])
    single |= {one.members.tobytes(): one for one in merged}
    proven = [single[group.tobytes()] for group in whole]
    joined = newcomers(whole, links)
    taken = np.concatenate([*whole, *joined, np.empty(0, np.int64)])
    apart = [
        one
        for one in judged
        if one.probability < PROVEN and not np.isin(one.members, taken).all()
    ]
    return replace(
        begun,
        judged=(*judged, *merged),
        groups=(*proven, *apart),
        joined=(*joined, *(one.members[:0] for one in apart)),
    )


def company(one: Pass) -> Associations:
    """Return in what company everybody's values put them."""
    return associate(one.links, one.conduct, one.own)


def _placed(old: Floats, new: Renewed) -> Floats:
    """Return what was said of old accounts at their new places; of new ones nothing."""
    said = np.zeros(len(new.links.account_ids))
    said[new.place] = old
    return said


def _renewed(last: Pass, backend: Any, touched: Sequence[str]) -> Renewed:
    links = last.links
    cells = links.text_of[links.kind_of == "joint_work"]
    parts = [read_rows(backend), users_of(backend, cells.tolist())]
    parts.append(_silences(last, backend, touched))
    accounts = backend.table("accounts").to_pyarrow()
    accounts, rows = only(accounts, joined(parts), touched)
    commons = common_values(backend)
    return renew(links, last.common, last.measured, rows, accounts, commons)


def _silences(last: Pass, backend: Any, touched: Sequence[str]) -> Any:
    """Return the silences of the touched who have not been at work again since."""
    import pyarrow as pa  # loaded with the tables

    links = last.links
    rows = links.holding(np.flatnonzero(links.kind_of == "silence"))
    names = links.account_ids[links.account[rows]]
    still = sorted(set(touched) - active_since(backend, last.full_as_of))
    rows = rows[np.isin(names, np.array(still, dtype=object))]
    return pa.table(
        {
            "account_id": pa.array(links.account_ids[links.account[rows]], pa.string()),
            "kind": pa.array(["silence"] * len(rows), pa.string()),
            "value": pa.array(links.text_of[links.value[rows]], pa.string()),
            "first": pa.array(links.first[rows], pa.timestamp("us", tz="UTC")),
        }
    )


def _renewed_pairs(last: Pairs, new: Renewed) -> Pairs:
    left, right = new.place[last.left], new.place[last.right]
    kept = ~(new.moved[left] | new.moved[right])
    fresh = find_pairs(new.links, of=new.moved)
    left = np.concatenate([left[kept], fresh.left])
    right = np.concatenate([right[kept], fresh.right])
    key = left * len(new.links.account_ids) + right
    order = np.argsort(key, kind="stable")  # two sorted runs
    parts = np.concatenate([last.parts[kept], fresh.parts])
    return Pairs(left[order], right[order], parts[order])


def _renewed_conduct(
    last: Conduct, backend: Any, new: Renewed, touched: Sequence[str]
) -> Conduct:
    ids = new.links.account_ids
    named = np.unique(np.array([*touched], dtype=object))
    named = named[np.isin(named, ids)]
    fresh = conduct_of(backend, named)
    at = np.searchsorted(ids, named)

    def put(old: NDArray[Any], now: NDArray[Any]) -> NDArray[Any]:
        every = np.empty(len(ids), dtype=now.dtype)
        every[new.place] = old
        every[at] = now
        return every

    return Conduct(
        put(last.requests, fresh.requests),
        put(last.confirmed, fresh.confirmed),
        put(last.declared, fresh.declared),
        put(last.permitted, fresh.permitted),
        put(last.region, fresh.region),
    )
