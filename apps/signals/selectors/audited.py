"""What the audit log says about rows of this app, so that rows can be checked."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from apps.signals.models import ImportedFile, Outcome

_OUTCOME: Final = (
    "account_id",
    "outcome_id",
    "label",
    "subtype",
    "source",
    "observed_at",
    "known_at",
    "ring",
    "supersedes",
)


def imported_content(row: ImportedFile) -> dict[str, object]:
    """Return what the log repeats of an imported file."""
    return {
        "sha256": row.sha256,
        "table": row.table,
        "name": row.name,
        "accepted": row.accepted,
        "duplicates": row.duplicates,
        "rejected": row.rejected,
    }


def imported_files() -> Iterator[tuple[str, int, dict[str, object]]]:
    """Yield every finished import for verify_audit."""
    for row in ImportedFile.objects.exclude(finished_at=None).order_by("pk").iterator():
        yield str(row.pk), row.runs, imported_content(row)


def outcome_content(row: Mapping[str, Any]) -> dict[str, object]:
    """Return what the log repeats of an outcome; `account_id` is the provider's."""
    return {name: _plain(row[name]) for name in _OUTCOME}


def outcomes() -> Iterator[tuple[str, int, dict[str, object]]]:
    """Yield every outcome for verify_audit."""
    rows = Outcome.objects.order_by("pk").select_related("account")
    for row in rows.iterator():
        values = {name: getattr(row, name) for name in _OUTCOME}
        values["account_id"] = row.account.account_id
        yield row.outcome_id, 1, outcome_content(values)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return value
