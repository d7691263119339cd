"""What accounts did and are, for weighing a group as a whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.rings.links import positions


@dataclass(frozen=True, slots=True)
class Conduct:
    """What each account did and is, [accounts]; float64 NaN where unknown.

    requests: exchanges in all; confirmed: 1 abuse, 0 legitimate; declared: name of the
    declared organization or None; permitted: 0 or 1; region: the country of sign-up,
    to compare neighbors with neighbors only.
    """

    requests: NDArray[np.float64]
    confirmed: NDArray[np.float64]
    declared: NDArray[np.object_]
    permitted: NDArray[np.float64]
    region: NDArray[np.object_]


def conduct_of(backend: Any, account_ids: NDArray[np.object_]) -> Conduct:
    """Read volume, labels and declarations of these accounts (sorted) from the tables.

    Every one of them stands in the table of accounts.
    """
    accounts = backend.table("accounts").to_pyarrow()
    at, known = positions(account_ids, accounts.column("account_id"))
    wanted = accounts.filter(known).take(np.argsort(at, kind="stable"))
    owner, parent, scope, country = (
        wanted.column(name).to_numpy(zero_copy_only=False)
        for name in (
            "customer_id",
            "parent_account_id",
            "permitted_scope",
            "signup_ip_country",
        )
    )
    declared = np.where(owner == None, parent, owner)  # noqa: E711 - element-wise
    permitted = np.array([float(one is not None) for one in scope])
    region = np.where(country == None, "", country)  # noqa: E711 - element-wise
    requests = _requests(backend, account_ids)
    return Conduct(requests, _labels(backend, account_ids), declared, permitted, region)


def _requests(backend: Any, account_ids: NDArray[np.object_]) -> NDArray[np.float64]:
    usage, window = backend.table("usage"), backend.table("usage_window")
    counted = usage.group_by("account_id").agg(n=usage.count())
    summed = window.group_by("account_id").agg(n=window.requests.sum())
    total = np.zeros(len(account_ids))
    for table in (counted.to_pyarrow(), summed.to_pyarrow()):
        at, known = positions(account_ids, table.column("account_id"))
        counts = table.column("n").to_numpy(zero_copy_only=False).astype(float)
        total[at] = np.maximum(total[at], counts[known.to_numpy(zero_copy_only=False)])
    return total


def _labels(backend: Any, account_ids: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return 1 for confirmed abuse, 0 for confirmed legitimate, NaN without label."""
    outcomes = backend.table("outcomes").to_pyarrow().sort_by("known_at")
    meaning = {
        "confirmed_abuse": 1.0,
        "confirmed_legitimate": 0.0,
        "appeal_upheld": 0.0,
    }
    labels = np.full(len(account_ids), np.nan)
    at, known = positions(account_ids, outcomes.column("account_id"))
    rows = outcomes.select(["label", "source"]).filter(known).to_pylist()
    for code, row in zip(at, rows, strict=True):
        if row["label"] in meaning and row["source"] != "own_decision":
            labels[code] = meaning[row["label"]]
    return labels
