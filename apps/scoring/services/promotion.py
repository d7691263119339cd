"""Which model is in use: two people's consent, one pointer, and the way back."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.core.ids import new_id
from apps.scoring import selectors
from apps.scoring.choices import ModelState
from apps.scoring.errors import (
    GatesRefuseError,
    OwnApprovalError,
    PromotionError,
    UnknownModelError,
    UnusableModelError,
)
from apps.scoring.models import ModelVersion, PromotionApproval
from apps.scoring.services.champions import forget_models, model_of
from ml import gates

if TYPE_CHECKING:
    from ml.model import RiskModel

PEOPLE = 2


@transaction.atomic
def approve(
    *, model_id: str, by: Actor, at: datetime, reason: str = ""
) -> ModelVersion:
    """Record one person's consent; the second one makes the model the champion.

    Raise OwnApprovalError where that person has consented already, PromotionError
    where the model is in use, UnusableModelError where its files are not sound, and
    GatesRefuseError where the second person gives no reason to overrule a gate.
    """
    row = _locked(model_id)
    _check_promotable(row)
    given = selectors.approvers(row)
    if by.id in given:
        raise OwnApprovalError
    last = len(given) + 1 >= PEOPLE
    judged = judge(row)
    refused = gates.refusals(judged)
    if last and refused and not reason:
        raise GatesRefuseError(refused)
    _consent(row, judged, reason, by, at)
    if last:
        _make_champion(row, by, at)
    return row


def judge(row: ModelVersion) -> tuple[gates.Gate, ...]:
    """Hold a model against every gate; one whose files are not sound has only that."""
    try:
        model = model_of(row.id, current=True).model
    except UnusableModelError as error:
        return (gates.Gate("files", error.detail, "signed and whole", passed=False),)
    in_use = selectors.champion_of(row.kind)
    return gates.gates(model, _sound(in_use) if in_use and in_use != row else None)


def _sound(row: ModelVersion) -> "RiskModel | None":
    try:
        return model_of(row.id).model
    except UnusableModelError:
        return None  # nothing to compare with


def _consent(
    row: ModelVersion,
    judged: Sequence[gates.Gate],
    reason: str,
    by: Actor,
    at: datetime,
) -> None:
    """Store one person's consent, with the gates as that person saw them."""
    approval = PromotionApproval.objects.create(
        id=new_id("apr", at),
        model=row,
        model_row_version=row.row_version,
        approved_by=by.id,
        approved_at=at,
        gates=[asdict(gate) for gate in judged],
        reason=reason,
    )
    audit.record(
        kind="scoring.promotion.approved",
        object_type="promotion_approval",
        object_id=approval.id,
        version=1,
        content=selectors.approval_content(approval),
        actor=by,
        at=at,
    )


@transaction.atomic
def promote(*, model_id: str, by: Actor, at: datetime) -> ModelVersion:
    """Make a model the champion of its kind without anybody's consent.

    For demo and test settings; callers check that. A champion stays as it is.
    """
    row = _locked(model_id)
    if row.state != ModelState.CHAMPION:
        _check_promotable(row)
        _make_champion(row, by, at)
    return row


@transaction.atomic
def rollback(*, kind: str, by: Actor, at: datetime) -> ModelVersion:
    """Put the previous champion of a kind back in use; raise PromotionError if none."""
    current = _champion(kind)
    before = selectors.previous_champion(current) if current else None
    if current is None or before is None:
        raise PromotionError(f"There is no earlier {kind} model to go back to.")
    before = _locked(before.id)
    model_of(before.id, current=True)
    _move(current, ModelState.RETIRED, "scoring.model.rolled_back", by, at)
    _move(before, ModelState.CHAMPION, "scoring.model.promoted", by, at)
    return before


def _locked(model_id: str) -> ModelVersion:
    row = ModelVersion.objects.select_for_update().filter(pk=model_id).first()
    if row is None:
        raise UnknownModelError(model_id)
    return row


def _champion(kind: str) -> ModelVersion | None:
    rows = ModelVersion.objects.select_for_update()
    return rows.filter(kind=kind, state=ModelState.CHAMPION).first()


def _check_promotable(row: ModelVersion) -> None:
    if row.state == ModelState.CHAMPION:
        raise PromotionError(f"Model {row.id} is in use already.")
    model_of(row.id, current=True)


def _make_champion(row: ModelVersion, by: Actor, at: datetime) -> None:
    current = _champion(row.kind)
    if current is not None:
        _move(current, ModelState.RETIRED, "scoring.model.retired", by, at)
    row.promoted_at = at
    _move(row, ModelState.CHAMPION, "scoring.model.promoted", by, at)


def _move(
    row: ModelVersion, state: ModelState, kind: str, by: Actor, at: datetime
) -> None:
    """Change the state under a new version, with its audit entry."""
    row.state = state
    row.row_version += 1
    row.save(update_fields=["state", "row_version", "promoted_at"])
    audit.record(
        kind=kind,
        object_type="model_version",
        object_id=row.id,
        version=row.row_version,
        content=selectors.model_content(row),
        actor=by,
        at=at,
    )
    transaction.on_commit(forget_models)
