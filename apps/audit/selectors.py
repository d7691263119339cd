"""Reads of the log: entries, the newest checkpoint, proofs for third parties."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.audit import merkle
from apps.audit.body import CHUNK
from apps.audit.models import Checkpoint, Entry, Leaf, Pending
from apps.audit.sequencer import VERIFIED, read_state, through_nodes
from apps.core.errors import ConflictError, NotFoundError


class NotSequencedError(ConflictError):
    """The entry is stored but has no place yet; that takes seconds."""

    code = "not_sequenced"


@dataclass(frozen=True, slots=True)
class Status:
    """How the log stands: its newest signed state, what waits, what was checked."""

    signed: Checkpoint | None
    newest: Checkpoint | None
    pending: int
    checked_size: int | None

    @property
    def refused(self) -> bool:
        """Whether the signer has left a newer checkpoint unsigned."""
        return self.newest is not None and self.newest.note is None


def status() -> Status:
    newest = Checkpoint.objects.order_by("-size").first()
    signed = Checkpoint.objects.filter(note__isnull=False).order_by("-size").first()
    checked = read_state(VERIFIED)
    pending = Pending.objects.count()
    return Status(signed, newest, pending, checked.size if checked else None)


def sequenced_until(at: datetime) -> datetime:
    """Return the moment up to which every entry has its place; `at` if none waits."""
    waiting = Pending.objects.order_by("at").values_list("at", flat=True).first()
    return min(at, waiting) if waiting else at


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is part of the log that a signed checkpoint describes."""

    entry: Entry
    index: int
    size: int
    root: bytes
    path: list[bytes]
    note: str


def newest_checkpoint() -> Checkpoint:
    """Return the newest signed checkpoint; NotFoundError before there is one."""
    newest = Checkpoint.objects.filter(note__isnull=False).order_by("-size").first()
    if newest is None:
        raise NotFoundError("No checkpoint is signed yet.")
    return newest


def proof_of(entry_id: UUID, *, earliest: bool = False) -> Proof:
    """Return the inclusion proof of an entry in the newest signed checkpoint.

    With `earliest` in the first one that covers it: that proof never changes again.
    Raises NotFoundError, or NotSequencedError while there is no such checkpoint.
    """
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotFoundError("No such entry.")
    leaf = Leaf.objects.filter(entry_id=entry_id).first()
    index = leaf.idx if leaf else 0
    covering = Checkpoint.objects.filter(note__isnull=False, size__gt=index)
    signed = covering.order_by("size" if earliest else "-size").first()
    if leaf is None or signed is None:
        raise NotSequencedError("The entry has no place in a signed checkpoint yet.")
    path = through_nodes(lambda node: merkle.inclusion_proof(index, signed.size, node))
    return Proof(entry, index, signed.size, bytes(signed.root), path, signed.note or "")


def first_entry(
    *, object_type: str, object_id: str, chunk: UUID | None = None
) -> Entry | None:
    """Return the entry that recorded a row, or that of the chunk which wrote it."""
    if chunk is not None:
        object_type, object_id = object_type + CHUNK, str(chunk)
    entries = Entry.objects.filter(object_type=object_type, object_id=object_id)
    return entries.order_by("object_version", "id").first()


def history_of(*, object_type: str, object_id: str) -> list[Entry]:
    """Return everything recorded about one object, oldest first."""
    entries = Entry.objects.filter(object_type=object_type, object_id=object_id)
    return list(entries.order_by("id"))


def history_of_all(
    *, object_types: Collection[str], object_ids: Collection[str]
) -> list[Entry]:
    """Return everything recorded about several objects, oldest first, in one query."""
    entries = Entry.objects.filter(
        object_type__in=object_types, object_id__in=object_ids
    )
    return list(entries.defer("body").order_by("at", "id"))


def entries_matching(
    *,
    kind: str = "",
    object_type: str = "",
    object_id: str = "",
    actor_id: str = "",
    before: datetime | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Return the newest entries that fit every filter given; `before` pages on."""
    entries = Entry.objects.order_by("-at", "-id").defer("body")
    if kind:
        entries = entries.filter(kind__startswith=kind)
    given = {"object_type": object_type, "object_id": object_id, "actor_id": actor_id}
    entries = entries.filter(**{name: value for name, value in given.items() if value})
    if before is not None:
        entries = entries.filter(at__lt=before)
    return list(entries[:limit])
