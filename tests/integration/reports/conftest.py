"""Real assessments by the whole pipeline, over real models of invented values."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.audit.services import Actor
from ml.manifest import public_key, signing_key
from ml.model import Expected, load
from tests.integration.scoring.conftest import Made, made, register

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
ACTOR = Actor("key", "key_test")


@pytest.fixture(scope="session")
def entry_model(tmp_path_factory):
    """A trained model and its files, which were probed once."""
    from django.conf import settings

    model, folder = made("entry"), tmp_path_factory.mktemp("trained") / "entry"
    model.save(folder, signing_key(settings.KYCRISK_LOG_SIGNING_KEY))
    key = public_key(settings.KYCRISK_LOG_SIGNING_KEY)
    load(folder, expected=Expected(), public_key=key)
    return Made(model, folder)


@pytest.fixture(autouse=True)
def own_files(tmp_path: Path, settings):
    """Each test has its own files, and this process forgets the last one's rows."""
    from apps.decisions import services as decisions
    from apps.scoring import services

    settings.KYCRISK_MODELS = tmp_path / "models"
    settings.AUDIT_FOLDER = tmp_path / "audit"
    services.forget_models()
    decisions._cached.clear()
    yield
    decisions._cached.clear()
    services.forget_models()


def champion(model):
    from apps.scoring import services

    register(model, "mdl_entry")
    services.promote(model_id="mdl_entry", by=ACTOR, at=AT)
    services.forget_models()


def assessed(account_id: str, **columns):
    """Store an account as the API would, and assess it."""
    from django.db import transaction

    from apps.assessments.services import Occasion, assess_account
    from apps.core.validation import validate_rows
    from apps.customers.services import put_account

    row = {"account_id": account_id, "created_at": AT - timedelta(hours=2)} | columns
    checked = validate_rows("accounts", [row], as_of=AT).good[0]
    with transaction.atomic():
        account = put_account(row=checked, at=AT, actor=ACTOR)
        occasion = Occasion("signup", AT, AT, ACTOR, "req_1")
        return assess_account(account=account, occasion=occasion)
