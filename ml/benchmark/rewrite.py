"""Write a stretch of a world in which accounts were banned and replaced.

Rows are those that were written; only who they belong to, and from where they come,
changes. Everything else of the product's input stays byte for byte what it was.
"""

import json
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ml.benchmark.cut import TIMES, cut_bundle
from ml.benchmark.loop import Holder, Loop

_SOON: Final = timedelta(minutes=30)
_IDS: Final = {
    "accounts": "account_id",
    "api_keys": "key_id",
    "events": "event_id",
    "payment_methods": "account_id",
    "usage": "event_id",
    "usage_window": "event_id",
}
_KEPT: Final = ("outcomes", "provider", "customers")  # what is known stays known


def write_stretch(
    loop: Loop, as_of: datetime, folder: Path, since: datetime | None
) -> dict[str, int]:
    """Write what came in after `since` and until `as_of`, with every ban in force."""
    rows = cut_bundle(loop.bundle, as_of, folder, since=since)
    if not loop.places:
        return rows
    for name in sorted({*rows, "accounts", "api_keys", "events", "payment_methods"}):
        if name in _KEPT:
            continue
        path = folder / f"{name}.parquet"
        schema = pq.read_schema(loop.bundle / f"{name}.parquet")
        table = pq.read_table(path) if path.exists() else schema.empty_table()
        table = pa.concat_tables(
            [_moved(loop, table, name), _added(loop, name, schema, since, as_of)]
        )
        # the order of rows says nothing about who was banned
        table = table.sort_by([(key, "ascending") for key in (TIMES[name], _IDS[name])])
        rows[name] = table.num_rows
        if table.num_rows:
            pq.write_table(table, path, compression="zstd")
        else:
            path.unlink(missing_ok=True)
    return rows


def _moved(loop: Loop, table: pa.Table, name: str) -> pa.Table:
    """Give rows of banned accounts to whoever holds their place then, or drop them."""
    ids = table.column("account_id").to_pylist()
    touched = [at for at, one in enumerate(ids) if one in loop.places]
    if not touched:
        return table
    times = table.column(TIMES[name]).to_pylist()
    gone = set(touched)
    rows = table.take(pa.array(touched)).to_pylist()
    kept = []
    for at, row in zip(touched, rows, strict=True):
        holder = _holder(loop.places[ids[at]], times[at])
        if holder is None or (holder.born and name in {"accounts", "payment_methods"}):
            continue
        kept.append(_renamed(loop, row, holder, name) if holder.born else row)
    others = table.take(pa.array([at for at in range(len(ids)) if at not in gone]))
    return pa.concat_tables([others, pa.Table.from_pylist(kept, table.schema)])


def _holder(places: list[Holder], moment: datetime) -> Holder | None:
    for holder in places:
        if holder.until is None or moment < holder.until:
            written = holder.born is None  # it may be older than its sign-up's row
            return holder if written or moment >= holder.since else None
    return None


def _renamed(
    loop: Loop, row: dict[str, Any], holder: Holder, name: str
) -> dict[str, Any]:
    """Return a row under a replacement's name: its key, its address, its device."""
    born = holder.born
    if born is None:
        return row
    row = row | {"account_id": born.account_id}
    ring = str(loop.people[loop.root[born.account_id]].ring)
    if name == "usage":
        row |= {"key_id": born.key_id, "ip": _address(loop, ring, born, row["ip"])}
    if name == "usage_window" and row.get("ip_list"):
        row["ip_list"] = [_address(loop, ring, born, one) for one in row["ip_list"]]
    if name == "api_keys":
        row["key_id"] = _hash(born.account_id, row["key_id"], "key_")
        row["created_ip"] = _address(loop, ring, born, row["created_ip"])
    if name == "events":
        data = json.loads(row["data"])
        swaps = {
            "device_id": born.signup.get("signup_device_id"),
            "fingerprint": born.signup.get("payment_fingerprint"),
        }
        data |= {key: value for key, value in swaps.items() if key in data and value}
        if "ip" in data:
            data["ip"] = _address(loop, ring, born, data["ip"])
        row["data"] = json.dumps(data)
    return row


def _address(loop: Loop, ring: str, born: Any, before: str | None) -> str | None:
    """Return one of the ring's addresses, the same for the same one before."""
    some = loop.addresses.get(ring)
    if before is None or not some:
        return before
    digest = sha256(f"{born.account_id}/{before}".encode()).digest()
    return some[int.from_bytes(digest[:8], "big") % len(some)]


def _hash(*words: str) -> str:
    digest = sha256("/".join(words[:-1]).encode()).hexdigest()
    return words[-1] + digest[:16]


def _added(
    loop: Loop, name: str, schema: pa.Schema, since: datetime | None, as_of: datetime
) -> pa.Table:
    """Return the rows with which replacements appear and bans are reported."""
    rows: list[dict[str, Any]] = []
    for places in loop.places.values():
        for holder in places:
            if name == "events":
                rows += _reports(holder)
            if holder.born is not None:
                rows += _appearance(holder, name)
    time = TIMES[name]
    rows = [row for row in rows if row[time] <= as_of]
    if since is not None:
        rows = [row for row in rows if row[time] > since]
    order = sorted(rows, key=lambda row: (row[time], row["account_id"]))
    return pa.Table.from_pylist(order, schema)


def _reports(holder: Holder) -> list[dict[str, Any]]:
    if holder.until is None:
        return []
    return [
        {
            "event_id": _hash(holder.account_id, "ban", "evt_"),
            "type": "action.taken",
            "occurred_at": holder.until,
            "account_id": holder.account_id,
            "data": json.dumps({"action": "suspend"}),
        }
    ]


def _appearance(holder: Holder, name: str) -> list[dict[str, Any]]:
    born = holder.born
    if born is None:
        return []
    signup, who = dict(born.signup), born.account_id
    if name == "accounts":
        later = {"valid_from": born.born + _SOON, "email_verified": True}
        return [signup | {"email_verified": False, "phone_verified": False},
                signup | later]  # fmt: skip
    if name == "api_keys":
        return [
            {"key_id": born.key_id, "account_id": who, "created_at": born.born,
             "name": "default", "created_ip": signup.get("signup_ip"),
             "environment": "live"}
        ]  # fmt: skip
    if name == "events":
        data = {
            "device_id": signup.get("signup_device_id"),
            "ip": signup.get("signup_ip"),
            "success": True,
            "mfa": False,
        }
        told = {key: value for key, value in data.items() if value is not None}
        return [
            {"event_id": _hash(who, "login", "evt_"), "type": "login",
             "occurred_at": born.born, "account_id": who, "data": json.dumps(told)}
        ]  # fmt: skip
    if name == "payment_methods" and signup.get("payment_fingerprint"):
        return [
            {"account_id": who, "fingerprint": signup["payment_fingerprint"],
             "added_at": born.born, "type": "card", "bin": signup.get("payment_bin"),
             "funding": signup.get("payment_funding"),
             "country": signup.get("payment_country"),
             "payer_name": signup.get("payer_name")}
        ]  # fmt: skip
    return []
