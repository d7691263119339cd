from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.access.choices import Role
from apps.access.permissions import actor_of, role_required
from apps.core.errors import DomainError
from apps.scoring import presenters, selectors, services
from apps.scoring.errors import UnknownModelError
from apps.scoring.models import ModelVersion
from apps.scoring.services.enough import labels_known

MAX_REASON = 2000
APPROVERS: tuple[str, ...] = (Role.MODEL_OWNER, Role.LEAD)


@require_GET
@role_required()
def model_list(request: HttpRequest) -> HttpResponse:
    """Every model, the one in use first."""
    return render(request, "scoring/models.html", {"models": selectors.all_models()})


@require_GET
@role_required()
def model_card(request: HttpRequest, model_id: str) -> HttpResponse:
    """One model: what it was made of, how good it is, who wants it in use."""
    row = _row(model_id)
    given = selectors.approvers(row)
    now = datetime.now(UTC)
    may_approve = (
        getattr(request.user, "role", None) in APPROVERS
        and actor_of(request).id not in given
        and row.state != ModelVersion.State.CHAMPION
    )
    judged = services.judge(row) if row.state != ModelVersion.State.CHAMPION else ()
    page = {
        "card": presenters.card(row, len(given)),
        "path": presenters.path(labels_known(at=now)),
        "audits": presenters.audited(services.estimates(model_id=row.id, at=now)),
        "gates": judged,
        "refused": any(gate.passed is False for gate in judged),
        "consents": selectors.consents(row),
        "may_approve": may_approve,
    }
    return render(request, "scoring/model.html", page)


@require_POST
@role_required(*APPROVERS)
def model_approve(request: HttpRequest, model_id: str) -> HttpResponse:
    """Record this person's consent; the second one puts the model in use."""
    try:
        row = services.approve(
            model_id=_row(model_id).id,
            by=actor_of(request),
            at=datetime.now(UTC),
            reason=request.POST.get("reason", "").strip()[:MAX_REASON],
        )
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        in_use = row.state == ModelVersion.State.CHAMPION
        messages.success(
            request,
            "The model is in use." if in_use else "Noted; a second person must agree.",
        )
    return HttpResponseRedirect(f"/models/{model_id}")


def _row(model_id: str) -> ModelVersion:
    try:
        return selectors.model_by_id(model_id)
    except UnknownModelError as error:
        raise Http404 from error
