import json
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_health_readiness_and_metrics_answer() -> None:
    client = Client()
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["status"] == "ready"
    metrics = client.get("/metrics")
    assert metrics.status_code == 200
    assert b"django_http_requests" in metrics.content


def test_each_answer_has_an_id_of_ours() -> None:
    answer = Client().get("/healthz", headers={"Request-Id": "forged"})
    assert answer.headers["Request-Id"].startswith("req_")
    assert len(answer.headers["Request-Id"]) == 28


def test_the_api_describes_itself_for_machines() -> None:
    answer = Client().get("/v1/openapi.json")
    document: dict[str, Any] = json.loads(answer.content)
    assert document["openapi"].startswith("3.1")
    assert "/v1/events/batch" in document["paths"]
    assert all(path.startswith("/v1/") for path in document["paths"])


def test_the_api_describes_itself_for_people_without_a_script() -> None:
    answer = Client().get("/docs")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "/v1/events/batch" in text
    assert "unpkg" not in text
    assert "cdn" not in text


def test_pages_carry_a_policy_that_allows_own_scripts_only() -> None:
    policy = Client().get("/docs").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_an_unknown_page_is_a_page_and_an_unknown_path_of_the_api_a_problem() -> None:
    page, problem = Client().get("/nowhere"), Client().get("/v1/nowhere")
    assert page.status_code == problem.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert problem.headers["Content-Type"] == "application/problem+json"
