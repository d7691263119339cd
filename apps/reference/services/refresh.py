"""Load a folder of lists and flip the pointer: all of it is visible, or none."""

import hashlib
import io
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from numpy.typing import NDArray

from apps.audit import services as audit
from apps.reference import policy
from apps.reference.errors import ReferenceShrankError, RefreshRunningError
from apps.reference.models import ActiveReference, ReferenceSet
from apps.reference.selectors import set_content
from apps.reference.services import store
from apps.reference.services.draft import compiled
from apps.reference.services.loaders import read_folder

_LOCK: Final = 0x4B59_4301  # advisory lock: one refresh at a time
MAX_AGE_DAYS: Final = {
    "ip_asn": 45,
    "ip_country": 45,
    "ip_class": 7,
    "bins": 365,
    policy.SANCTIONS: 7,
}
DEFAULT_AGE_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Stored:
    """One set in its file, ready to be activated."""

    kind: str
    sha256: str
    rows: int
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh did: {kind: rows}, the versions that now answer, what lacks."""

    rows: dict[str, int]
    versions: dict[str, str]
    missing: list[str]
    changed: bool


def refresh_reference(
    *, folder: Path, at: datetime, add: bool = False, force: bool = False
) -> RefreshReport:
    """Load every known file below `folder` and make it answer.

    The new set of a kind replaces the active ones; with `add` they stay below it and
    answer where it is silent (a set of the same files is replaced). A set that grew or
    shrank by more than 20 % is refused unless `force`. Raises ReferenceFileError,
    ReferenceShrankError or RefreshRunningError; then nothing has changed.
    """
    draft = read_folder(folder)
    stored = [
        _store(kind, columns, draft.sources[kind], draft.licences[kind])
        for kind, columns in compiled(draft).items()
    ]
    changed = _activate(stored, at=at, add=add, force=force)
    store.look_again()
    now = store.current()
    return RefreshReport(
        {one.kind: one.rows for one in stored}, now.versions(), now.missing(), changed
    )


def _store(
    kind: str,
    columns: Mapping[str, NDArray[Any]],
    sources: Sequence[str],
    licences: Sequence[str],
) -> Stored:
    """Write one set to a file named by its content; equal content is one file."""
    raw = _packed(columns)
    sha256 = hashlib.sha256(raw).hexdigest()
    path = store.file_of(kind, sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
        draft.write(raw)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(path)
    path.chmod(0o644)
    rows = sum(len(columns[name]) for name in ("start4", "start6") if name in columns)
    rows = rows or len(next(iter(columns.values())))
    return Stored(
        kind, sha256, rows, ", ".join(sources)[:400], "; ".join(licences)[:400]
    )


def _packed(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the columns as .npz bytes; equal columns give equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{n: columns[n] for n in sorted(columns)})
    return buffer.getvalue()


@transaction.atomic
def _activate(
    stored: Sequence[Stored], *, at: datetime, add: bool, force: bool
) -> bool:
    """Record the sets and flip the pointer; return whether anything changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise RefreshRunningError("Another refresh is running; try again later.")
    pointer = ActiveReference.objects.filter(name="active").first()
    pointer = pointer or ActiveReference(name="active", changed_at=at)
    known = {one.pk: one for one in ReferenceSet.objects.filter(pk__in=_ids(pointer))}
    sets = dict(pointer.sets)
    for one in stored:
        before = [known[number] for number in sets.get(one.kind, [])]
        if not force:
            _check_size(one, before)
        row = _record(one, at)
        below = [old.pk for old in before if old.source != one.source] if add else []
        sets[one.kind] = [row.pk, *(number for number in below if number != row.pk)]
    if sets == pointer.sets:
        return False
    pointer.sets, pointer.changed_at = sets, at
    pointer.revision += 1
    pointer.save()
    _audit_flip(pointer, at)
    return True


def _ids(pointer: ActiveReference) -> list[int]:
    return [number for numbers in pointer.sets.values() for number in numbers]


def _check_size(one: Stored, before: Sequence[ReferenceSet]) -> None:
    """Refuse a jump in size of the same source: a download may be half or poisoned."""
    for old in before:
        if old.source == one.source and policy.size_changed(old.rows, one.rows):
            raise ReferenceShrankError(
                f"{one.kind} has {one.rows} rows, the active set {old.rows}; give"
                " --force when this is right."
            )


def _record(one: Stored, at: datetime) -> ReferenceSet:
    """Return the row of this content, writing it the first time."""
    row, created = ReferenceSet.objects.get_or_create(
        kind=one.kind,
        sha256=one.sha256,
        source=one.source,
        defaults={
            "version": one.sha256[:12],
            "licence": one.licence,
            "rows": one.rows,
            "loaded_at": at,
            "max_age_days": MAX_AGE_DAYS.get(one.kind, DEFAULT_AGE_DAYS),
        },
    )
    if created:
        audit.record(
            kind="reference.set.loaded",
            object_type="reference_set",
            object_id=str(row.pk),
            version=1,
            content=set_content(row),
            actor=audit.Actor("system", "reference"),
            at=at,
        )
    return row


def _audit_flip(pointer: ActiveReference, at: datetime) -> None:
    audit.record(
        kind="reference.active.changed",
        object_type="active_reference",
        object_id=pointer.name,
        version=pointer.revision,
        content={"sets": pointer.sets},
        actor=audit.Actor("system", "reference"),
        at=at,
    )


def refresh_configured(*, at: datetime) -> dict[str, object]:
    """Load KYCRISK_REFERENCE_SOURCE again and say what happened, also if nothing did.

    Lists of other sources stay below the refreshed ones.
    """
    folder = settings.KYCRISK_REFERENCE_SOURCE
    if folder is None:
        return {
            "refreshed": False,
            "reason": "KYCRISK_REFERENCE_SOURCE is not set; lists keep their age.",
            "stale": stale_kinds(at=at),
        }
    report = refresh_reference(folder=Path(folder), at=at, add=True)
    return {
        "refreshed": report.changed,
        "rows": report.rows,
        "versions": report.versions,
        "missing": report.missing,
    }


def stale_kinds(*, at: datetime) -> list[str]:
    """Return the kinds whose newest active set is older than it may be."""
    pointer = ActiveReference.objects.filter(name="active").first()
    sets = ReferenceSet.objects.in_bulk(_ids(pointer)) if pointer else {}
    newest: dict[str, ReferenceSet] = {}
    for one in sets.values():
        if one.kind not in newest or one.loaded_at > newest[one.kind].loaded_at:
            newest[one.kind] = one
    return sorted(
        kind
        for kind, one in newest.items()
        if at - one.loaded_at > timedelta(days=one.max_age_days)
    )
