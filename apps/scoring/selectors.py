"""Reads of models and scores."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from apps.core import canonical
from apps.scoring.choices import ModelState
from apps.scoring.errors import UnknownModelError
from apps.scoring.models import AuditDraw, ModelVersion, PromotionApproval, Score


def champions() -> dict[str, str]:
    """Return the id of the model in use, by kind."""
    rows = ModelVersion.objects.filter(state=ModelState.CHAMPION)
    return dict(rows.values_list("kind", "id"))


def champion_of(kind: str) -> ModelVersion | None:
    """Return the model of one kind that is in use, or None."""
    return ModelVersion.objects.filter(kind=kind, state=ModelState.CHAMPION).first()


def all_models() -> list[ModelVersion]:
    """Return every model without its manifest, the newest of each kind first."""
    return list(ModelVersion.objects.defer("manifest").order_by("kind", "-version"))


def model_by_id(model_id: str) -> ModelVersion:
    """Return a model; raise UnknownModelError."""
    row = ModelVersion.objects.filter(pk=model_id).first()
    if row is None:
        raise UnknownModelError(model_id)
    return row


def adaptation_of(manifest: Mapping[str, Any]) -> str:
    """Return how far a model has come to know this site.

    Manifests leave the usual value out (see ml.manifest.Manifest).
    """
    return str(manifest.get("adaptation", "trained"))


def consents(row: ModelVersion) -> list[PromotionApproval]:
    """Return every consent that a model ever got, the oldest first."""
    return list(PromotionApproval.objects.filter(model=row).order_by("approved_at"))


def approvers(row: ModelVersion) -> list[str]:
    """Return who has consented to promote the model as it stands."""
    rows = PromotionApproval.objects.filter(
        model=row, model_row_version=row.row_version
    )
    return list(rows.order_by("approved_at").values_list("approved_by", flat=True))


def previous_champion(current: ModelVersion) -> ModelVersion | None:
    """Return the model of that kind that was in use before this one was promoted."""
    rows = ModelVersion.objects.filter(kind=current.kind, state=ModelState.RETIRED)
    rows = rows.filter(promoted_at__lt=current.promoted_at)
    return rows.order_by("-promoted_at", "-version").first()


def latest_score(account_id: int) -> Score | None:
    """Return the newest score of one account."""
    rows = Score.objects.filter(account_id=account_id).select_related("model")
    return rows.order_by("-as_of", "-id").first()


def draws_since(moment: datetime) -> int:
    """Count the accounts drawn for an audit since a moment."""
    return AuditDraw.objects.filter(drawn_at__gte=moment).count()


def chances(*, at: datetime) -> dict[str, float]:
    """Return account -> the chance with which it was last drawn for an audit."""
    rows = AuditDraw.objects.filter(drawn_at__lte=at).order_by("drawn_at", "id")
    return dict(rows.values_list("account__account_id", "chance"))


def outcome_id(draw_id: str) -> str:
    """Return the id of the outcome in which the audit of a draw ends."""
    return f"audit:{draw_id}"


def model_content(row: ModelVersion) -> dict[str, Any]:
    """Return what the audit log repeats of a model."""
    return {
        "id": row.id,
        "kind": row.kind,
        "version": row.version,
        "sha256": row.sha256,
        "manifest_sha256": canonical.digest(row.manifest),
        "as_of": row.as_of.isoformat(),
        "seed": row.seed,
        "state": str(row.state),
        "created_at": row.created_at.isoformat(),
        "promoted_at": row.promoted_at.isoformat() if row.promoted_at else None,
    }


def approval_content(row: PromotionApproval) -> dict[str, Any]:
    """Return what the audit log repeats of one person's consent."""
    # consents older than gates have none: what the log says of them stays as it was
    judged = (
        {"gates": canonical.digest(row.gates), "reason_sha256": _digest(row)}
        if row.gates
        else {}
    )
    return judged | {
        "id": row.id,
        "model": row.model_id,
        "model_row_version": row.model_row_version,
        "approved_by": row.approved_by,
        "approved_at": row.approved_at.isoformat(),
    }


def draw_content(row: AuditDraw) -> dict[str, Any]:
    """Return what the audit log repeats of a draw."""
    return {
        "id": row.id,
        "account": row.account_id,
        "score": row.score_id,
        "asked": row.asked,
        "top": row.top,
        "frame": row.frame,
        "chance": row.chance,
        "drawn_at": row.drawn_at.isoformat(),
    }


def audited_draws() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield every draw for verify_audit."""
    for row in AuditDraw.objects.order_by("pk").iterator():
        yield row.id, 1, draw_content(row)


def _digest(row: PromotionApproval) -> str:
    """Return a digest of free text, salted with the row's id; empty stays empty."""
    text = f"{row.id}\n{row.reason}".encode()
    return sha256(text).hexdigest() if row.reason else ""


def audited_models() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield every model for verify_audit."""
    for row in ModelVersion.objects.order_by("pk").iterator():
        yield row.id, row.row_version, model_content(row)


def audited_approvals() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield every promotion approval for verify_audit."""
    for row in PromotionApproval.objects.order_by("pk").iterator():
        yield row.id, 1, approval_content(row)
