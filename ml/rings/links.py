"""Which accounts hold which value, and how surprising that value is.

The table of links is bipartite (account - value) and stays so: no value is expanded
into all pairs of its holders, and none is dropped for being frequent. Rarity is
measured among old, trusted accounts alone, so that the biggest campaign, which makes
its own values frequent, does not hide behind its size.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.rings.exits import read_exits
from ml.rings.place import CAP, VIEW_NAMES
from ml.rings.silence import read_silences

if TYPE_CHECKING:
    import pyarrow as pa

# Kinds of one view have one cause, so the strongest of them speaks for the view.
VIEWS: Final[dict[str, str]] = {
    "card": "payment",
    "bin_day": "payment",
    "payer": "payment",
    "device": "device",
    "ja4": "device",
    "client": "device",
    "ip": "network",
    "net": "network",
    "phone_block": "network",  # numbers and networks are both given out by region
    "email": "identity",
    "email_pattern": "identity",
    "phone": "identity",
    "address": "identity",
    "registration": "identity",
    "scaffold": "shape",
    "params": "shape",
    "schema": "shape",
    "exits": "network",
    "silence": "reaction",
    "joint_work": "work",
}
VIEW_CODES: Final = {kind: VIEW_NAMES.index(view) for kind, view in VIEWS.items()}
# Networks that many unrelated people share: no agreement there says anything.
COMMONS: Final = ("education", "mobile", "hosting", "vpn", "relay", "tor")
TRUSTED_AFTER: Final = timedelta(days=45)
# Two accounts of one operator agree on a value this often, as a rough share.
AGREEMENT: Final = 0.5


@dataclass(frozen=True, slots=True)
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
        return _codes(self.account_ids, wanted)


def read_links(backend: Any, *, as_of: datetime) -> Links:
    """Read the canonical tables of an Ibis backend that holds what was known at T."""
    import ibis  # a large library, loaded by the processes that find rings
    import pyarrow as pa

    values = backend.table("account_values").select(
        "account_id", "kind", "value", "seen_at"
    )
    held = [kind for kind, view in VIEWS.items() if view != "work"]
    values = values.filter(values.kind.isin(held))
    parts = [values.rename(first="seen_at").to_pyarrow()]
    usage = backend.table("usage")
    parts += [
        _from_usage(usage, kind, ibis) for kind in ("scaffold", "params", "schema")
    ]
    parts += [_networks(usage, ibis), read_exits(usage)]
    parts.append(read_silences(backend, as_of=as_of))
    schema = pa.schema(
        [
            ("account_id", pa.string()),
            ("kind", pa.string()),
            ("value", pa.string()),
            ("first", pa.timestamp("us", tz="UTC")),
        ]
    )
    table = pa.concat_tables([part.select(schema.names).cast(schema) for part in parts])
    accounts = backend.table("accounts").to_pyarrow()
    return _encode(table, accounts, _common_values(backend), as_of)


def _from_usage(usage: Any, kind: str, ibis: Any) -> "pa.Table":
    """Return an account's recurring values of one usage column, used at least twice."""
    named = usage.filter(usage[kind].notnull())
    grouped = named.group_by(["account_id", kind])
    found = grouped.agg(first=named.occurred_at.min(), uses=named.count())
    found = found.filter(found.uses >= 2).rename(value=kind)  # noqa: PLR2004 - once does not recur
    return found.mutate(kind=ibis.literal(kind)).to_pyarrow()


def _networks(usage: Any, ibis: Any) -> "pa.Table":
    """Return the networks that an account used, common ones left out."""
    named = usage.filter(usage.net.notnull())
    own = named.filter(~named.ip_class.fill_null("unknown").isin(list(COMMONS)))
    grouped = own.group_by(["account_id", "net"])
    found = grouped.agg(first=own.occurred_at.min()).rename(value="net")
    return found.mutate(kind=ibis.literal("net")).to_pyarrow()


def _common_values(backend: Any) -> NDArray[np.object_]:
    """Return the addresses and networks that belong to a shared class."""
    found: set[str] = set()
    for name in ("usage", "events"):
        table = backend.table(name)
        common = table.filter(table.ip_class.isin(list(COMMONS)))
        for column in ("ip", "net"):
            unique = common.select(column).distinct().to_pyarrow()
            found.update(text for text in unique.column(0).to_pylist() if text)
    return np.array(sorted(found), dtype=object)


def _encode(
    table: "pa.Table",
    accounts: "pa.Table",
    commons: NDArray[np.object_],
    as_of: datetime,
) -> Links:
    ids = np.sort(accounts.column("account_id").to_numpy(zero_copy_only=False))
    order = np.argsort(accounts.column("account_id").to_numpy(zero_copy_only=False))
    created = _microseconds(accounts.column("created_at"))[order]
    trusted = _trusted(accounts, created, as_of, order)
    account = np.searchsorted(
        ids, table.column("account_id").to_numpy(zero_copy_only=False)
    )
    names, value = _numbered(table.column("kind"), table.column("value"))
    first = _microseconds(table.column("first"))
    account, value, first = _distinct(account, value, first)
    kind_of, text_of = _split(names)
    holders = np.bincount(value, minlength=len(names))
    weights = trusted[account].astype(float)
    among = np.bincount(value, weights=weights, minlength=len(names)).astype(float)
    common = _common(kind_of, text_of, commons)
    strength = _strength(among, int(trusted.sum()), common)
    return Links(
        ids,
        created,
        trusted,
        account.astype(np.int32),
        value.astype(np.int32),
        first,
        kind_of,
        text_of,
        np.array([VIEW_CODES[kind] for kind in kind_of], dtype=np.int8),
        strength,
        holders,
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


def _strength(
    among: NDArray[np.float64], population: int, common: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return log(share among one operator's accounts / share among the trusted)."""
    surprise = np.log((population + 1.0) / (among + 0.5)) + np.log(AGREEMENT)
    return np.where(common, 0.0, np.clip(surprise, 0.0, CAP))


def _common(
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


def _distinct(
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


def _microseconds(column: Any) -> NDArray[np.int64]:
    import pyarrow as pa  # loaded with the tables

    moment = column.cast(pa.timestamp("us", tz="UTC"))
    return moment.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.int64)


def _codes(
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
