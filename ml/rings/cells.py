"""Exchange cells: the accounts that send one kind of exchange, and how they share it.

Cover traffic dilutes the averages of an account, so a campaign is looked for in its
exchanges: those with one scaffold or one structured-output schema or, where a provider
names neither, with one band of MinHash minima. Cells are counted by grouping alone;
no pair of accounts or of exchanges is ever built.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from ml.rings.rows import joined, schema

if TYPE_CHECKING:
    import pyarrow as pa

SMALLEST: Final = 3  # accounts; two may be one person
RECURS: Final = 2  # exchanges, before an account counts as a user of a cell
BANDS: Final = 8  # of two minima each
NAMES: Final = ("scaffold", "schema")
# The key of a filler is a sum of minima times large primes below 2**27, so that eight
# products of 32-bit numbers stay below 2**63: unequal fillers share a key by no chance
# that matters.
_PRIMES: Final = (
    134217689,
    134217649,
    134217617,
    134217613,
    134217593,
    134217541,
    134217529,
    134217509,
)


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells, and a row for each account in each of them.

    Per cell: `value` (`kind:value`, sorted), `chances` (pairs of distinct fillers over
    two accounts) and `meetings` (those of them that are equal), 0 without fillers.
    Per row: `cell` (place in `value`), `account_id` (Arrow strings), `uses`
    (exchanges), `first` and `last` (days since 1970).
    """

    value: NDArray[np.object_]
    chances: NDArray[np.float64]
    meetings: NDArray[np.float64]
    cell: NDArray[np.int64]
    account_id: Any
    uses: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]

    def only(self, rows: NDArray[np.bool_]) -> Self:
        """Return the same cells with these of their users."""
        return replace(
            self,
            cell=self.cell[rows],
            account_id=self.account_id.filter(rows),
            uses=self.uses[rows],
            first=self.first[rows],
            last=self.last[rows],
        )


def read_cells(backend: Any) -> Cells:
    """Count the cells of `usage` in an Ibis backend that holds what was known at T."""
    import pyarrow as pa  # loaded with the tables

    usage = backend.table("usage")
    sources = {kind: _named(usage, kind) for kind in NAMES}
    sources["band"] = _bands(usage)
    users, meetings = [], []
    for kind, rows in sources.items():
        used = _users(rows)
        users.append(_labelled(used, kind))
        meetings.append(_labelled(_meetings(backend, rows, used), kind))
    return _cells(pa.concat_tables(users), pa.concat_tables(meetings))


def users_of(backend: Any, names: Sequence[str]) -> "pa.Table":
    """Return who uses these cells (`kind:value`) at least twice, as rows of links."""
    import ibis  # a large library, loaded by the processes that find rings
    import pyarrow as pa  # loaded with the tables

    usage = backend.table("usage")
    parts = [schema().empty_table()]
    for kind in (*NAMES, "band"):
        wanted = [one.split(":", 1)[1] for one in names if one.startswith(f"{kind}:")]
        if not wanted:
            continue
        listed = ibis.memtable(pa.table({"value": pa.array(wanted, pa.string())}))
        rows = _bands(usage) if kind == "band" else _named(usage, kind)
        rows = rows.mutate(value=rows.value.cast("string")).semi_join(listed, "value")
        used = rows.group_by(["account_id", "value"]).agg(
            uses=rows.count(), first=rows.occurred_at.min()
        )
        found = backend.to_pyarrow(used.filter(used.uses >= RECURS))
        found = _labelled(found, kind)
        label = pa.array(["joint_work"] * found.num_rows, pa.string())
        parts.append(found.append_column("kind", label))
    return joined(parts)


def _named(usage: Any, kind: str) -> Any:
    """Return the exchanges that name a value of this kind."""
    named = usage.filter(usage[kind].notnull())
    return named.select(
        "account_id", "occurred_at", value=named[kind], filler=filler_key(named.filler)
    )


def _bands(usage: Any) -> Any:
    """Return bands of minima of the exchanges without scaffold, one row a band."""
    import ibis  # a large library, loaded by the processes that find rings

    bare = usage.filter(usage.scaffold.isnull() & usage.minhash.notnull())
    bare = bare.select(
        "account_id", "occurred_at", "minhash", filler=filler_key(bare.filler)
    )
    every = bare.mutate(band=ibis.array(list(range(BANDS))).unnest())
    pair = [every.minhash[2 * every.band + at].cast("int64") for at in (0, 1)]
    value = pair[0] * _PRIMES[0] + pair[1] * _PRIMES[1] + every.band
    return every.select("account_id", "occurred_at", "filler", value=value)


def filler_key(filler: Any) -> Any:
    """Return one int64 for a filler of 16 minima; null where there is none."""
    terms = [filler[at].cast("int64") * prime for at, prime in enumerate(_PRIMES)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _users(rows: Any) -> "pa.Table":
    """Return the accounts of every cell that enough accounts use."""
    each = rows.group_by(["value", "account_id"]).agg(
        uses=rows.count(),
        fillers=rows.filler.nunique(),
        first=rows.occurred_at.min(),
        last=rows.occurred_at.max(),
    )
    each = each.filter(each.uses >= RECURS)
    each = each.group_by("value").mutate(users=each.count())
    return each.filter(each.users >= SMALLEST).drop("users").to_pyarrow()


def _meetings(backend: Any, rows: Any, users: "pa.Table") -> "pa.Table":
    """Return, per cell, the pairs of accounts that sent the same filler."""
    import ibis  # a large library, loaded by the processes that find rings

    kept = ibis.memtable(users.group_by("value").aggregate([]))
    inside = rows.filter(rows.filler.notnull()).semi_join(kept, "value")
    seen = inside.group_by(["value", "filler"])
    seen = seen.agg(users=inside.account_id.nunique())
    pairs = seen.users.cast("float64") * (seen.users - 1) / 2
    return backend.to_pyarrow(seen.group_by("value").agg(meetings=pairs.sum()))


def _labelled(table: "pa.Table", kind: str) -> "pa.Table":
    """Return the table with every value as `kind:value`."""
    import pyarrow as pa  # loaded with the tables
    import pyarrow.compute as pc  # loaded with the tables

    text = table.column("value").cast(pa.string())
    named = pc.binary_join_element_wise(kind, text, ":")
    return table.set_column(table.schema.get_field_index("value"), "value", named)


def _cells(users: "pa.Table", meetings: "pa.Table") -> Cells:
    users = users.sort_by([("value", "ascending"), ("account_id", "ascending")])
    value, cell = np.unique(
        users.column("value").to_numpy(zero_copy_only=False), return_inverse=True
    )
    fillers = users.column("fillers").to_numpy().astype(float)
    together = np.bincount(cell, fillers, len(value)) ** 2
    chances = (together - np.bincount(cell, fillers**2, len(value))) / 2
    met = np.zeros(len(value))
    names = meetings.column("value").to_numpy(zero_copy_only=False)
    met[np.searchsorted(value, names)] = meetings.column("meetings").to_numpy()
    return Cells(
        value,
        chances,
        met,
        cell.astype(np.int64),
        users.column("account_id"),
        users.column("uses").to_numpy().astype(float),
        _days(users.column("first")),
        _days(users.column("last")),
    )


def _days(column: Any) -> NDArray[np.float64]:
    import pyarrow as pa  # loaded with the tables

    moment = column.cast(pa.timestamp("us")).cast(pa.int64())
    return moment.to_numpy() / 86_400e6
