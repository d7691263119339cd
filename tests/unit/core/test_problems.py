import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.db.utils import OperationalError
from django.http import Http404
from django.utils.functional import lazystr
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.core import problems
from apps.core.errors import ConflictError, FieldProblem, InvalidError
from apps.core.renderers import JSONRenderer

SECRET = "jane@example.com"


@pytest.fixture(autouse=True)
def _outside_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests have no database to roll back."""
    monkeypatch.setattr(
        problems.transaction,
        "get_connection",
        lambda: type("NoConnection", (), {"in_atomic_block": False}),
    )


def _answer(error: Exception) -> Any:
    request = APIRequestFactory().get("/v1/x")
    request.request_id = "req_7"
    return problems.exception_handler(error, {"request": Request(request)})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ConflictError("Not now."), 409, "conflict"),
        (Http404(SECRET), 404, "not_found"),
        (PermissionDenied(SECRET), 403, "permission"),
        (exceptions.ParseError(SECRET), 400, "bad_request"),
        (exceptions.NotAuthenticated(SECRET), 401, "not_authenticated"),
        (exceptions.MethodNotAllowed(SECRET), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType(SECRET), 415, "unsupported_media_type"),
        (exceptions.Throttled(30), 429, "throttled"),
        (OperationalError(SECRET), 503, "unavailable"),
        (RuntimeError(SECRET), 500, "internal"),
    ],
)
def test_every_error_has_one_form_and_says_nothing_else(
    error: Exception, status: int, code: str
) -> None:
    answer = _answer(error)
    assert answer.status_code == answer.data["status"] == status
    assert answer.data["code"] == code
    assert answer.data["request_id"] == "req_7"
    assert answer.content_type == "application/problem+json"
    assert SECRET not in json.dumps(answer.data)
    assert answer.data["retryable"] is (status in {429, 500, 503})
    assert ("Retry-After" in answer.headers) is (status in {429, 503})


class _Account(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["individual"])
    id = serializers.CharField()


class _Body(serializers.Serializer[Any]):
    account = _Account()
    rows = _Account(many=True)


def test_fields_are_pointed_at_without_their_values() -> None:
    body = _Body(data={"account": {"kind": SECRET}, "rows": [{"kind": "individual"}]})
    with pytest.raises(serializers.ValidationError) as caught:
        body.is_valid(raise_exception=True)
    answer = _answer(caught.value)
    assert answer.status_code == 422
    found = {one["pointer"]: one["code"] for one in answer.data["errors"]}
    assert found["/account/kind"] == "invalid_choice"
    assert found["/account/id"] == "required"
    assert SECRET not in json.dumps(answer.data)


def test_at_most_twenty_fields_are_listed() -> None:
    many = tuple(FieldProblem(f"/{n}", "bad", "Bad.") for n in range(50))
    assert len(_answer(InvalidError("Bad.", problems=many)).data["errors"]) == 20


def test_answers_are_plain_json() -> None:
    data = {
        "at": datetime(2026, 11, 1, 9, 5, tzinfo=UTC),
        "text": lazystr("lazy"),
        "number": np.float64(0.5),
        "numbers": np.array([1, 2]),
        "nothing": float("nan"),
        "some": {"a"},
    }
    assert json.loads(JSONRenderer().render(data)) == {
        "at": "2026-11-01T09:05:00Z",
        "text": "lazy",
        "number": 0.5,
        "numbers": [1, 2],
        "nothing": None,
        "some": ["a"],
    }
    assert JSONRenderer().render(None) == b""
