"""How likely each group is one operator, on everything known of its accounts."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.rings.cells import filler_key
from ml.rings.conduct import Conduct
from ml.rings.evidence import (
    Term,
    divided_work,
    held_views,
    shared_values,
    weigh,
)
from ml.rings.links import Links

ENOUGH_FILLERS = 20


@dataclass(frozen=True, slots=True)
class Judged:
    """A group (sorted account codes) with the terms of its log-odds."""

    members: NDArray[np.int64]
    terms: tuple[Term, ...]

    @property
    def log_odds(self) -> float:
        return sum(term.log_odds for term in self.terms)

    @property
    def probability(self) -> float:
        return 1.0 / (1.0 + math.exp(-self.log_odds))


def judge(
    backend: Any, groups: list[NDArray[np.int64]], conduct: Conduct, links: Links
) -> list[Judged]:
    """Weigh every group; the order is kept."""
    shares = repeated_fillers(backend, groups, links)
    judged = []
    for members, repeats in zip(groups, shares, strict=True):
        values = shared_values(members, links)
        held = held_views(members, values, links)
        work = divided_work(members, values, links)
        terms = weigh(members, held, conduct, links, repeats, work)
        judged.append(Judged(members, tuple(terms)))
    return judged


def repeated_fillers(
    backend: Any, groups: list[NDArray[np.int64]], links: Links
) -> list[float]:
    """Return, per group, the share of fillers that two of its accounts both used."""
    import ibis  # a large library, loaded by the processes that find rings
    import pyarrow as pa

    if not groups:
        return []
    codes = np.concatenate(groups)
    label = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    ids = [str(links.account_ids[code]) for code in codes]
    table = ibis.memtable(pa.table({"account_id": ids, "ring": label}))
    usage = backend.table("usage").filter(lambda row: row.filler.notnull())
    rows = usage.select("account_id", filler=filler_key(usage.filler))
    rows = rows.inner_join(table, "account_id")
    fillers = rows.group_by(["ring", "filler"]).agg(users=rows.account_id.nunique())
    shares = fillers.group_by("ring").agg(
        repeated=(fillers.users > 1).cast("int64").sum(), seen=fillers.count()
    )
    found = {
        row["ring"]: row["repeated"] / row["seen"]
        for row in backend.to_pyarrow(shares).to_pylist()
        if row["seen"] >= ENOUGH_FILLERS
    }
    return [found.get(at, math.nan) for at in range(len(groups))]
