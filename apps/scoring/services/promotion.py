"""Which model is in use: two people's consent, one pointer, and the way back."""

from datetime import datetime

from django.db import transaction

from apps.audit import services as audit
from apps.audit.services import Actor
from apps.core.ids import new_id
from apps.scoring import selectors
from apps.scoring.choices import ModelState
from apps.scoring.errors import OwnApprovalError, PromotionError, UnknownModelError
from apps.scoring.models import ModelVersion, PromotionApproval
from apps.scoring.services.champions import forget_models, model_of

PEOPLE = 2


@transaction.atomic
def approve(*, model_id: str, by: Actor, at: datetime) -> ModelVersion:
    """Record one person's consent; the second one makes the model the champion.

    Raise OwnApprovalError where that person has consented already, PromotionError
    where the model is in use, UnusableModelError where its files are not sound.
    """
    row = _locked(model_id)
    _check_promotable(row)
    given = selectors.approvers(row)
    if by.id in given:
        raise OwnApprovalError
    approval = PromotionApproval.objects.create(
        id=new_id("apr", at),
        model=row,
        model_row_version=row.row_version,
        approved_by=by.id,
        approved_at=at,
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
    if len(given) + 1 >= PEOPLE:
        _make_champion(row, by, at)
    return row


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
