"""The published client against the service itself, without a network between."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from kycrisk_client import Fallback, KYCRisk, errors
from kycrisk_client.sketches import Prompt, Sketcher

from apps.access import services as access
from apps.audit.services import Actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_connection():
    """Keep the connection of the test, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def risk(one_connection):
    _, secret = access.create_service_key(
        name="client",
        scopes=["events", "outcomes"],
        at=datetime.now(UTC),
        actor=Actor("system", "test"),
    )
    with KYCRisk(
        api_key=secret,
        base_url="http://localhost",
        on_unavailable=Fallback.raises(),
        http=httpx.WSGITransport(app=get_wsgi_application()),
    ) as client:
        yield client


def test_records_and_exchanges_with_sketches_are_taken(risk) -> None:
    now = datetime.now(UTC)
    answer = risk.put_account("acc-1", {"created_at": now - timedelta(days=9)})
    assert answer["new_version"] is True
    prompt = Prompt(user="please read and grade this answer " * 8 + '"Jupiter, 4 of 5"')
    made = Sketcher(b"a secret of the edge").one(prompt)
    row = {
        "event_id": "u-1",
        "occurred_at": now - timedelta(minutes=1),
        "account_id": "acc-1",
        "key_id": "key-1",
        "model": "m",
        "input_tokens": 60,
        "output_tokens": 5,
        "scaffold": made.scaffold,
        "sketch": made.sketch,
        "minhash": made.minhash,
        "filler": made.filler,
    }
    first, again = risk.events.send([row]), risk.events.send([row])
    assert (first.accepted, first.duplicates, first.rejected) == (1, 0, ())
    assert (again.accepted, again.duplicates) == (0, 1)


def test_refusals_carry_the_problem_of_the_service(risk) -> None:
    with pytest.raises(errors.ValidationProblem) as caught:
        risk.put_account("acc-1", {"created_at": "yesterday"})
    assert caught.value.problem.request_id
    with pytest.raises(errors.PermissionDenied):
        risk.assessments.get("asm_none")
