"""The body of an entry: canonical JSON, from a record and back to its columns."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from apps.audit import keys, merkle
from apps.core import canonical


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted: type is user, key (a service key) or system."""

    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing to record; `content` repeats the row, without personal values."""

    kind: str
    object_type: str
    object_id: str
    version: int
    content: Mapping[str, object]
    actor: Actor
    at: datetime
    request_id: str | None = None
    job_id: str | None = None


class EntryRow(NamedTuple):
    """The columns of audit.entry, in their order."""

    id: UUID
    at: datetime
    kind: str
    object_type: str
    object_id: str
    object_version: int
    actor_type: str
    actor_id: str
    request_id: str | None
    job_id: str | None
    body: bytes
    leaf: bytes
    mac: bytes


class _Actor(msgspec.Struct):
    id: str
    type: str


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """A parsed body; `content` stays in the bytes that were hashed."""

    actor: _Actor
    at: str
    content: msgspec.Raw
    id: str
    job_id: str | None
    kind: str
    object_id: str
    object_type: str
    request_id: str | None
    v: int
    version: int


_decoder = msgspec.json.Decoder(Body)


def entry_row(record: Record) -> EntryRow:
    """Seal a record: id, canonical body, leaf, mark of the application's key."""
    entry_id = _time_ordered_id(record.at)
    body = canonical.dumps(
        {
            "actor": {"id": record.actor.id, "type": record.actor.type},
            "at": timestamp(record.at),
            "content": record.content,
            "id": str(entry_id),
            "job_id": record.job_id,
            "kind": record.kind,
            "object_id": record.object_id,
            "object_type": record.object_type,
            "request_id": record.request_id,
            "v": 1,
            "version": record.version,
        }
    )
    leaf = merkle.leaf_hash(body)
    return EntryRow(
        entry_id,
        record.at,
        record.kind,
        record.object_type,
        record.object_id,
        record.version,
        record.actor.type,
        record.actor.id,
        record.request_id,
        record.job_id,
        body,
        leaf,
        mac(leaf),
    )


def mac(leaf: bytes) -> bytes:
    # hmac.digest is slower, and gives way to other threads at each call.
    return hmac.new(keys.mac_key(), leaf, "sha256").digest()


def fault(row: EntryRow) -> str | None:
    """Return what is wrong with a stored entry by itself, or None."""
    if merkle.leaf_hash(row.body) != row.leaf:
        return "body does not hash to its leaf"
    if not hmac.compare_digest(mac(row.leaf), row.mac):
        return "mark of the application's key is wrong"
    try:
        body = _decoder.decode(row.body)
    except msgspec.MsgspecError:
        return "body is not an entry"
    columns = (str(row.id), timestamp(row.at), *row[2:10])
    said = (
        body.id,
        body.at,
        body.kind,
        body.object_type,
        body.object_id,
        body.version,
        body.actor.type,
        body.actor.id,
        body.request_id,
        body.job_id,
    )
    return None if columns == said else "columns differ from the body"


def contents(body: bytes) -> dict[str, str] | str:
    """Return what an entry says of rows: {row id: sha256} of a chunk, else one sha256.

    A chunk is recognized by its object type, which ends with `_chunk`.
    """
    parsed = _decoder.decode(body)
    raw = bytes(parsed.content)
    if parsed.object_type.endswith(CHUNK):
        return msgspec.json.decode(raw, type=ChunkContent).rows
    return hashlib.sha256(raw).hexdigest()


CHUNK = "_chunk"


class ChunkContent(msgspec.Struct):
    """The rows of a chunk, each by the sha256 of its content, and their root."""

    rows: dict[str, str]
    root: str | None = None


def chunk_content(rows: Mapping[str, str]) -> dict[str, object]:
    """Return the content of a chunk's entry; `rows` maps row id -> sha256 in hex.

    The root is that of RFC 9162 over `id`, a zero byte and the hash, in order of id:
    one row can be shown to belong without showing the others.
    """
    tree = merkle.Frontier()
    for row_id in sorted(rows):
        leaf = row_id.encode() + b"\x00" + bytes.fromhex(rows[row_id])
        tree.add(merkle.leaf_hash(leaf))
    return {"root": tree.root().hex(), "rows": dict(rows)}


def timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _time_ordered_id(at: datetime) -> UUID:
    """Return a UUID of version 7 (RFC 9562): milliseconds, then random bits."""
    number = int(at.timestamp() * 1000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=number)
