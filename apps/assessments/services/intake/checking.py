"""The dry run: files are mapped, the importer rehearses, and its refusals are read."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from apps.assessments.choices import ImportState
from apps.assessments.models import StagedImport
from apps.assessments.policy import mapping
from apps.assessments.services.intake.opening import Form
from apps.assessments.services.intake.staging import folder_of, locked, path_of
from apps.assessments.services.intake.stepping import finish_job, start_job
from apps.assessments.services.intake.writing import (
    Plan,
    Written,
    suffix_of,
    write_mapped,
)
from apps.audit.services import Actor
from apps.core.errors import DomainError, InvalidError
from apps.core.progress import Progress
from apps.signals.services import ImportReport, rehearse_bundle

SHOWN_REJECTS: Final = 100
_REASONS: Final = 200
CHECK: Final = "assessments.check_import"
# What the importer asks of a bundle is more than what is asked of a stranger.
_TOLD: Final = {
    "bad_timestamp": "is no date that can be read, or none from 2015 to 2100.",
    "bad_phone": "must be a phone number with its country code.",
    "unknown_account": "names an account that neither these files nor the site know.",
}


def request_check(
    *, import_id: str, version: int, actor: Actor, at: datetime
) -> StagedImport:
    """Want the dry run of a mapped import; raises InvalidError naming what it lacks."""
    with transaction.atomic():
        row = locked(import_id, version, ImportState.MAPPING)
        for file in row.files:
            _refuse_incomplete(file)
        row.problem = ""
        row.check_report = {}
        return start_job(row, CHECK, ImportState.CHECKING, actor, at)


def check_import(*, import_id: str, progress: Progress, at: datetime) -> dict[str, Any]:
    """Map the files, rehearse their import, and store what it would do.

    An import that is no longer waiting for this is left alone. A file that can't be
    read to its end, or another import that is running, brings it back to its mapping.
    """
    row = StagedImport.objects.filter(pk=import_id, state=ImportState.CHECKING).first()
    if row is None:
        return {}
    actor = Actor("user", row.created_by)
    try:
        report = _dry_run(row, actor, progress, at)
    except DomainError as error:
        problem = error.detail
        finish_job(row, ImportState.MAPPING, actor, at, problem=problem, report={})
        return {"problem": error.code}
    finish_job(row, ImportState.CHECKED, actor, at, report=report)
    return {"tables": report["tables"]}


def mapped_folder(row: StagedImport) -> Path:
    return folder_of(row.id) / "bundle"


def _dry_run(
    row: StagedImport, actor: Actor, progress: Progress, at: datetime
) -> dict[str, Any]:
    bundle = mapped_folder(row)
    shutil.rmtree(bundle, ignore_errors=True)
    written = {}
    for number, file in enumerate(row.files, 1):
        name = f"{file['table']}/{number:02d}{suffix_of(Form(**file['form']))}"
        progress.advance(0, 0, f"reading {file['name']}")
        written[name] = write_mapped(
            plan_of(row, file), bundle / name, latest=at, advance=progress.advance
        )
    done = rehearse_bundle(
        folder=bundle, at=at, actor=actor, bar=lambda label, done, total:
        progress.advance(done, total, f"trying {label}"),
    )  # fmt: skip
    return _report(row, bundle, written, done)


def plan_of(row: StagedImport, file: Mapping[str, Any]) -> Plan:
    return Plan(
        path=path_of(row, file),
        form=Form(**file["form"]),
        header=file["header"],
        table=file["table"],
        columns=file["columns"],
        day_first=file["day_first"] is True,
        lenient=row.lenient,
    )


def _refuse_incomplete(file: Mapping[str, Any]) -> None:
    name, table = file["name"], file["table"]
    if twice := mapping.doubled_targets(file["columns"]):
        raise InvalidError(f"{name}: two columns are read as {', '.join(twice)}.")
    if lacking := mapping.missing_targets(table, file["columns"]):
        names = ", ".join(lacking)
        raise InvalidError(f"{name}: as {table} it needs a column for {names}.")


def _report(
    row: StagedImport,
    bundle: Path,
    written: Mapping[str, Written],
    done: ImportReport,
) -> dict[str, Any]:
    """Put together what a person should know before facts are made of the files."""
    first: list[dict[str, Any]] = []
    reasons: Counter[tuple[str, str, str]] = Counter()
    filled: Counter[str] = Counter()
    for file, (name, one) in zip(row.files, written.items(), strict=True):
        for reject in _rejects(bundle / ".rejected" / f"{name}.ndjson"):
            header = _header(file, reject["field"])
            plain = reject["problem"].removeprefix(reject["field"]).strip()
            told = _TOLD.get(reject["code"], plain)
            reasons[(file["name"], header, told)] += 1
            if len(first) < SHOWN_REJECTS:
                first.append(
                    {
                        "file": file["name"],
                        "line": reject["line"],
                        "header": header,
                        "problem": told,
                    }
                )
        filled.update({f"{file['table']}.{key}": n for key, n in one.filled.items()})
    spans = [one for one in written.values() if one.last]
    return {
        "tables": {name: asdict(counts) for name, counts in done.tables.items()},
        "warnings": done.warnings,
        "rejects": first,
        "reasons": [[*key, count] for key, count in reasons.most_common(_REASONS)],
        "emptied": _emptied(row.files, list(written.values())),
        "filled": filled,
        "rows": sum(one.rows for one in written.values()),
        "span": [min(s.first for s in spans), max(s.last for s in spans)]
        if spans
        else [],
    }


def _rejects(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def _header(file: Mapping[str, Any], field: str) -> str:
    """Return the stranger's name of a column, or ours where it was made."""
    columns = file["columns"]
    for target in (field, field.partition("/")[0]):
        if target in columns:
            return str(file["header"][columns.index(target)])
    return field


def _emptied(
    files: Sequence[Mapping[str, Any]], written: Sequence[Written]
) -> list[list[Any]]:
    """Return (file, header, our column, rows) of values that did not fit."""
    return [
        [file["name"], _header(file, name), name, count]
        for file, one in zip(files, written, strict=True)
        for name, count in one.emptied.most_common()
    ]
