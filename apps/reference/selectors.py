"""Reads for the audit log and for pages about the lists in use."""

from collections.abc import Iterator

from apps.reference.models import ActiveReference, ReferenceSet

Subject = tuple[str, int, dict[str, object]]


def audited_sets() -> Iterator[Subject]:
    """Yield (id, version, content) of every set, for verify_audit."""
    for row in ReferenceSet.objects.order_by("pk").iterator():
        yield str(row.pk), 1, set_content(row)


def audited_pointer() -> Iterator[Subject]:
    """Yield (id, version, content) of the pointer, for verify_audit."""
    for row in ActiveReference.objects.all():
        yield row.name, row.revision, {"sets": row.sets}


def set_content(row: ReferenceSet) -> dict[str, object]:
    """Return what the audit log repeats of a set."""
    return {
        "kind": row.kind,
        "sha256": row.sha256,
        "source": row.source,
        "licence": row.licence,
        "rows": row.rows,
        "loaded_at": row.loaded_at.isoformat(),
    }
