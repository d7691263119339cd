"""From checked raw rows to canonical rows: addresses hashed, places found, identities.

One path for bundles and for the endpoint, so that a fact gets the same hashes whichever
way it came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.customers.services import hashing
from apps.reference import services as reference
from apps.signals.selectors.duck import ARROW_TYPES, TIMESTAMP, scratch
from apps.signals.selectors.lake import TIMES
from apps.signals.services import lines
from ml.schema import TABLES, Column

# What the system adds itself, and may add differently another day, is no part of a
# fact's body.
_NOT_BODY: Final = {"recorded_at", "asn", "ip_class", "top_asn", "top_ip_class"}
_NO_ASN: Final = -1


@dataclass(frozen=True, slots=True)
class Canonical:
    """Canonical rows with key_hash and body_hash, and their columns as text."""

    rows: pa.Table
    texts: Mapping[str, pa.Array]  # as `lines.texts` writes them


def canonical(table: str, rows: pa.Table, *, recorded_at: datetime | None) -> Canonical:
    """Return checked raw rows in canonical columns, plus key_hash and body_hash.

    Without `recorded_at` a row counts as recorded when it happened (a window when it
    ended). Raw addresses end here.
    """
    shape = _usage if table == "usage" else _window
    found = shape(rows)
    if recorded_at is None:
        found["recorded_at"] = _ends(table, rows)
    else:
        found["recorded_at"] = pa.repeat(
            pa.scalar(recorded_at, TIMESTAMP), rows.num_rows
        )
    columns = [
        _typed(
            found[column.name] if column.name in found else rows[column.name], column
        )
        for column in TABLES[table]
    ]
    plain = pa.table(columns, names=[column.name for column in TABLES[table]])
    return with_hashes(table, plain)


def _typed(values: Any, column: Column) -> pa.ChunkedArray:
    return pa.chunked_array([values] if isinstance(values, pa.Array) else values).cast(
        ARROW_TYPES[column.type]
    )


def _ends(table: str, rows: pa.Table) -> pa.ChunkedArray:
    time = rows[TIMES[table]]
    if table == "usage":
        return time
    length = pc.multiply(rows["window_s"].cast(pa.int64()), 1_000_000)
    return pc.add(time, length.cast(pa.duration("us")))


def _usage(rows: pa.Table) -> dict[str, Any]:
    places = _places(rows["ip"])
    return {
        "ip": places["ip"],
        "net": places["net"],
        "asn": places["asn"],
        "ip_class": places["ip_class"],
        "end_user": _keyed("end_user", rows["end_user"]),
        "status": rows["status"].fill_null(200),
    }


def _window(rows: pa.Table) -> dict[str, Any]:
    """Let the first address of a window's list stand for its network."""
    places = _places(_first(rows["ip_list"]))
    named = pc.replace_substring_regex(_first(rows["asn_list"]), r"^[Aa][Ss]", "")
    numeric = pc.match_substring_regex(named, r"^[0-9]{1,10}$")
    given = pc.if_else(numeric, named, None).cast(pa.int64())
    counts = {
        name: pc.coalesce(rows[name], pc.list_value_length(rows[f"{one}_list"]))
        for name, one in (
            ("ips", "ip"),
            ("asns", "asn"),
            ("clients", "client"),
            ("keys", "key"),
        )
    }
    return counts | {
        "top_net": places["net"],
        "top_asn": pc.coalesce(places["asn"], given),
        "top_ip_class": places["ip_class"],
    }


def _first(lists: pa.ChunkedArray) -> pa.Array:
    """Return the first item of each list, null where there is none."""
    array = _whole(lists)
    filled = pc.greater(pc.list_value_length(array), 0)
    return pc.list_element(pc.if_else(filled, array, pa.scalar([None], array.type)), 0)


def _whole(values: Any) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    return values


def _places(addresses: Any) -> dict[str, pa.Array]:
    """Return ip, net (keyed hashes), asn and ip_class; each distinct address once."""
    coded = _whole(addresses).cast(pa.string()).dictionary_encode()
    distinct = coded.dictionary.to_pylist()
    ip_keys, net_keys = hashing.address_keys(distinct)
    facts = reference.lookup_ips(distinct)
    asn = np.asarray(facts.asn, dtype=np.int64)
    columns = {
        "ip": pa.array(ip_keys, pa.string()),
        "net": pa.array(net_keys, pa.string()),
        "asn": pa.array(asn, pa.int64(), mask=asn == _NO_ASN),
        "ip_class": pa.array(list(facts.ip_class), pa.string()),
    }
    return {name: values.take(coded.indices) for name, values in columns.items()}


def _keyed(kind: str, values: pa.ChunkedArray) -> pa.Array:
    coded = _whole(values).dictionary_encode()
    hashed = hashing.keyed(kind, coded.dictionary.to_pylist())
    return pa.array(hashed, pa.string()).take(coded.indices)


def with_hashes(table: str, rows: pa.Table) -> Canonical:
    """Add key_hash (account and event id) and body_hash (what the sender said).

    Both are the low 63 bits of an MD5, a stable definition that every engine has; they
    tell facts apart and protect nothing.
    """
    written = lines.texts(rows)
    body = [
        written[column.name] for column in TABLES[table] if column.name not in _NOT_BODY
    ]
    named = [written["account_id"], written["event_id"]]
    hashes = _hashes(lines.joined(named), lines.joined(body))
    for name in hashes.column_names:
        rows = rows.append_column(name, hashes[name])
    return Canonical(rows, written | lines.texts(hashes))


def _hashes(keys: pa.Array, bodies: pa.Array) -> pa.Table:
    database = scratch()
    database.register("written", pa.table({"key": keys, "body": bodies}))
    try:
        return database.sql(
            "SELECT (md5_number_lower(key) >> 1)::BIGINT AS key_hash,"
            " (md5_number_lower(body) >> 1)::BIGINT AS body_hash FROM written"
        ).to_arrow_table()
    finally:
        database.unregister("written")
