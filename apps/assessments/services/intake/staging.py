"""An import in the browser, step by step: every change is one audited version."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from apps.assessments.choices import NEXT_IMPORT_STATES, ImportState
from apps.assessments.errors import (
    ImportStateError,
    UnknownImportError,
    UnreadableFileError,
)
from apps.assessments.models import StagedImport
from apps.assessments.policy import mapping
from apps.assessments.selectors.audited import import_content
from apps.assessments.services.intake.opening import Form, form_of
from apps.assessments.services.intake.reading import header_of, sample
from apps.audit import services as audit
from apps.core.errors import InvalidError
from apps.core.ids import new_id

MOST_FILES: Final = 20
KEPT: Final = timedelta(hours=24)
_NAME_MAX: Final = 100
_READ: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that has arrived: where it lies, and what its owner calls it."""

    path: Path
    name: str
    ours: bool  # an upload is moved and later deleted; a server's file is only read


def begin(
    *,
    incoming: Sequence[Incoming],
    source: str,
    actor: audit.Actor,
    at: datetime,
) -> StagedImport:
    """Take files in and guess what they are; raises UnreadableFileError, InvalidError.

    Nothing stays on the disk when one of them can't be read.
    """
    if not incoming:
        raise InvalidError("Choose at least one file.")
    if len(incoming) > MOST_FILES:
        raise InvalidError(f"At most {MOST_FILES} files make one import.")
    import_id = new_id("imp", at)
    folder = folder_of(import_id)
    folder.mkdir(parents=True, mode=0o700)
    try:
        files = [
            _taken(one, folder / f"{number:02d}.in", at)
            for number, one in enumerate(incoming, 1)
        ]
        return _create(import_id, files, source, actor, at)
    except BaseException:  # also an exit: no personal data stays behind
        shutil.rmtree(folder, ignore_errors=True)
        raise


def server_files(name: str) -> list[Incoming]:
    """Return the files of a folder of the inbox; raises InvalidError."""
    root = settings.KYCRISK_INBOX
    folder = (root / name).resolve()
    if name not in inbox_folders() or not folder.is_relative_to(root.resolve()):
        raise InvalidError("There is no such folder in the inbox.")
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.relative_to(folder).as_posix().startswith((".", "_"))
        and path.resolve().is_relative_to(folder)
    ]
    return [
        Incoming(path, path.relative_to(folder).as_posix(), False) for path in files
    ]


def inbox_folders() -> list[str]:
    """Return the folders that wait in the inbox of this server."""
    root = settings.KYCRISK_INBOX
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if path.is_dir())[:100]


def remap(
    *,
    import_id: str,
    version: int,
    chosen: Sequence[Mapping[str, Any]],
    lenient: bool,
    actor: audit.Actor,
    at: datetime,
) -> StagedImport:
    """Store how each file is to be read: its table, targets and order of dates.

    A file whose table was changed has its columns guessed anew for that table.
    """
    with transaction.atomic():
        row = locked(import_id, version, ImportState.MAPPING)
        pairs = zip(row.files, chosen, strict=True)
        row.files = [_remapped(row, old, new, at) for old, new in pairs]
        row.lenient = lenient
        return changed(row, "mapped", actor, at)


def reopen(
    *, import_id: str, version: int, actor: audit.Actor, at: datetime
) -> StagedImport:
    """Go back to the mapping of an import that was checked."""
    with transaction.atomic():
        row = locked(import_id, version, ImportState.CHECKED)
        return moved(row, ImportState.MAPPING, actor, at)


def discard(
    *, import_id: str, version: int, actor: audit.Actor, at: datetime
) -> StagedImport:
    """Give an import up before it is loaded: its files go, the log entry stays."""
    with transaction.atomic():
        row = locked(import_id, version)
        row = moved(row, ImportState.DISCARDED, actor, at)
    shutil.rmtree(folder_of(import_id), ignore_errors=True)
    return row


def forget_old(*, actor: audit.Actor, at: datetime) -> int:
    """Discard what nobody has touched for a day; return how many imports that were."""
    open_states = [ImportState.MAPPING, ImportState.CHECKING, ImportState.CHECKED]
    old = StagedImport.objects.filter(state__in=open_states, updated_at__lt=at - KEPT)
    listed = list(old.values_list("id", "row_version"))
    for import_id, version in listed:
        discard(import_id=import_id, version=version, actor=actor, at=at)
    return len(listed)


def locked(
    import_id: str, version: int | None = None, *states: ImportState
) -> StagedImport:
    """Return the row for an update; raises where it is at another step by now."""
    row = StagedImport.objects.select_for_update().filter(pk=import_id).first()
    if row is None:
        raise UnknownImportError
    if version is not None and row.row_version != version:
        raise ImportStateError("Somebody else has changed this import; look again.")
    if states and row.state not in states:
        raise ImportStateError(f"The import is {row.state} by now; look again.")
    return row


def moved(
    row: StagedImport, state: ImportState, actor: audit.Actor, at: datetime
) -> StagedImport:
    """Bring a locked import to another state, if that is a way it may go."""
    if state not in NEXT_IMPORT_STATES[ImportState(row.state)]:
        raise ImportStateError(f"An import that is {row.state} can't become {state}.")
    row.state = state
    return changed(row, str(state), actor, at)


def folder_of(import_id: str) -> Path:
    """Return where the files of an import lie until it is loaded or discarded."""
    return Path(settings.KYCRISK_HOME) / "imports" / import_id


def path_of(row: StagedImport, file: Mapping[str, Any]) -> Path:
    """Return where a file of an import lies."""
    place = Path(file["place"])
    return place if place.is_absolute() else folder_of(row.id) / place


def _create(
    import_id: str,
    files: list[dict[str, Any]],
    source: str,
    actor: audit.Actor,
    at: datetime,
) -> StagedImport:
    row = StagedImport(
        id=import_id,
        state=ImportState.MAPPING,
        source=source[:200],
        files=files,
        created_by=actor.id,
        created_at=at,
        updated_at=at,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        _record(row, "staged", actor, at)
    return row


def changed(
    row: StagedImport, what: str, actor: audit.Actor, at: datetime
) -> StagedImport:
    """Save a locked import as its next version, with its entry in the log."""
    row.row_version += 1
    row.updated_at = at
    row.save()
    _record(row, what, actor, at)
    return row


def _record(row: StagedImport, what: str, actor: audit.Actor, at: datetime) -> None:
    audit.record(
        kind=f"assessments.import.{what}",
        object_type="staged_import",
        object_id=row.id,
        version=row.row_version,
        content=import_content(row),
        actor=actor,
        at=at,
    )


def _taken(one: Incoming, place: Path, at: datetime) -> dict[str, Any]:
    """Move a file in (or leave a server's where it is) and say what it seems to be."""
    name = "".join(mark if mark.isprintable() else " " for mark in one.name)[:_NAME_MAX]
    path = one.path
    if one.ours:
        path = path.replace(place)
        path.chmod(0o600)
    try:
        form = form_of(path)
        header = header_of(path, form)
        seen, looked_at = sample(path, form, header)
    except UnreadableFileError as error:
        raise UnreadableFileError(f"{name}: {error.detail}") from error
    guessed = mapping.guess(name, seen, latest=at)
    return {
        "name": name,
        "place": place.name if one.ours else str(path),
        "sha256": _sha256(path),
        "size": path.stat().st_size,
        "form": form.as_json(),
        "header": header,
        "sampled": looked_at,
        **_reading(guessed, seen, at),
    }


def _remapped(
    row: StagedImport, old: dict[str, Any], new: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    form = Form(**old["form"])
    seen, _ = sample(path_of(row, old), form, old["header"])
    if new["table"] != old["table"]:
        guessed = mapping.guess_for(new["table"], seen, latest=at)
        return old | _reading(guessed, seen, at)
    columns = new["columns"]
    why = [
        reason if before == now else "you"
        for reason, before, now in zip(old["why"], old["columns"], columns, strict=True)
    ]
    day_first = new["day_first"] if old["day_first"] is not None else None
    chosen = mapping.Guess(old["table"], tuple(columns), tuple(why), day_first)
    return old | _reading(chosen, seen, at)


def _reading(
    one: mapping.Guess, seen: Sequence[mapping.Seen], at: datetime
) -> dict[str, Any]:
    fit = mapping.shares(
        one.table, one.columns, seen, day_first=one.day_first, latest=at
    )
    return {
        "table": one.table,
        "columns": list(one.columns),
        "why": list(one.why),
        "fits": fit,
        "empty": [not column.filled for column in seen],
        "day_first": one.day_first,
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
