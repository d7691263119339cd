"""Whatever is sent to the API, it answers as its own document says.

Cases are made from /v1/openapi.json: valid, invalid and mixed ones for every operation.
KYCRISK_FUZZ_CASES says how many an operation gets (`make fuzz` sends 5,000 in all).
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.audit.services import Actor
from tests import databases

pytestmark = pytest.mark.slow
CASES = int(os.environ.get("KYCRISK_FUZZ_CASES", "42"))
OPERATIONS = (
    ("POST", "/v1/assessments"),
    ("POST", "/v1/events/batch"),
    ("POST", "/v1/outcomes/batch"),
    ("POST", "/v1/provider"),
    ("PUT", "/v1/accounts/{account_id}"),
    ("PUT", "/v1/api_keys/{key_id}"),
    ("PUT", "/v1/customers/{customer_id}"),
    ("GET", "/v1/assessments/{assessment_id}"),
    ("GET", "/v1/assessments/{assessment_id}/explanation"),
    ("GET", "/v1/accounts/{account_id}/assessments"),
    ("GET", "/v1/audit/checkpoint"),
    ("GET", "/v1/audit/proof"),
)
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Any, str]]:
    """Return the document with the application behind it, and a key for everything."""
    from apps.access.services import create_service_key

    database = databases.clone(f"kycrisk_fuzz_{os.getpid()}")
    with django_db_blocker.unblock(), databases.connected_to(database):
        # what it warms up with is written to the database, so only now
        from kycrisk.wsgi import application

        _, secret = create_service_key(
            name="fuzz",
            scopes=["assess", "events", "outcomes", "read", "admin"],
            at=datetime.now(UTC),
            actor=Actor("system", "test"),
        )
        document = schemathesis.openapi.from_wsgi("/v1/openapi.json", application)
        yield document, secret
    databases.drop(database.name)


def test_every_operation_is_among_those_that_are_tried(site: tuple[Any, str]):
    found = [one.ok() for one in site[0].get_all_operations()]
    assert {(one.method.upper(), one.path) for one in found} == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nothing_sent_is_answered_against_the_document(site, method, path):
    document, secret = site
    operation = document[path][method]

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def answered(case: Any) -> None:
        case.headers["Authorization"] = f"Bearer {secret}"
        case.call_and_validate(checks=list(CHECKS))

    answered()
