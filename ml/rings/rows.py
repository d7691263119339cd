"""What accounts have and do, read as rows: account, kind, value and first use."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.rings.exits import read_exits
from ml.rings.place import VIEW_NAMES

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
    "tools_hash": "shape",
    "exits": "network",
    "silence": "reaction",
    "joint_work": "work",
}
VIEW_CODES: Final = {kind: VIEW_NAMES.index(view) for kind, view in VIEWS.items()}
# Networks that many unrelated people share: no agreement there says anything.
COMMONS: Final = ("education", "mobile", "hosting", "vpn", "relay", "tor")


def schema() -> "pa.Schema":
    """Return the columns of rows: account_id, kind, value and first."""
    import pyarrow as pa  # a large library, loaded by the processes that find rings

    text, moment = pa.string(), pa.timestamp("us", tz="UTC")
    return pa.schema(
        [("account_id", text), ("kind", text), ("value", text), ("first", moment)]
    )


def joined(parts: list["pa.Table"]) -> "pa.Table":
    """Return parts of rows as one table."""
    import pyarrow as pa  # as above

    wanted = schema()
    return pa.concat_tables([part.select(wanted.names).cast(wanted) for part in parts])


def read_rows(backend: Any) -> "pa.Table":
    """Read what each account has and does by itself, in an Ibis backend."""
    import ibis  # a large library, loaded by the processes that find rings

    values = backend.table("account_values").select(
        "account_id", "kind", "value", "seen_at"
    )
    apart = ("work", "reaction")  # what accounts do together is read elsewhere
    held = [kind for kind, view in VIEWS.items() if view not in apart]
    values = values.filter(values.kind.isin(held))
    usage = backend.table("usage")
    parts = [values.rename(first="seen_at").to_pyarrow()]
    parts += [
        _from_usage(usage, kind, ibis)
        for kind in ("scaffold", "params", "schema", "tools_hash")
    ]
    return joined([*parts, _networks(usage, ibis), read_exits(usage)])


def _from_usage(usage: Any, kind: str, ibis: Any) -> "pa.Table":
    """Return an account's values of one usage column.

    Used once counts too: a quiet account hardly ever says the same thing twice.
    """
    named = usage.filter(usage[kind].notnull())
    grouped = named.group_by(["account_id", kind])
    found = grouped.agg(first=named.occurred_at.min()).rename(value=kind)
    return found.mutate(kind=ibis.literal(kind)).to_pyarrow()


def _networks(usage: Any, ibis: Any) -> "pa.Table":
    """Return the networks that an account used, common ones left out."""
    named = usage.filter(usage.net.notnull())
    own = named.filter(~named.ip_class.fill_null("unknown").isin(list(COMMONS)))
    grouped = own.group_by(["account_id", "net"])
    found = grouped.agg(first=own.occurred_at.min()).rename(value="net")
    return found.mutate(kind=ibis.literal("net")).to_pyarrow()


def common_values(backend: Any) -> NDArray[np.object_]:
    """Return the addresses and networks that belong to a shared class."""
    found: set[str] = set()
    for name in ("usage", "events"):
        table = backend.table(name)
        common = table.filter(table.ip_class.isin(list(COMMONS)))
        for column in ("ip", "net"):
            unique = common.select(column).distinct().to_pyarrow()
            found.update(text for text in unique.column(0).to_pylist() if text)
    return np.array(sorted(found), dtype=object)
