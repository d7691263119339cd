from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apps.access import selectors, services
from apps.access.errors import LiveKeysOnlyError
from apps.access.models import ServiceKey
from apps.access.permissions import actor_of
from apps.audit.services import Actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 1, tzinfo=UTC)
BY = Actor("system", "test")


class _View(APIView):
    scope = {"GET": "read", "POST": "assess"}

    def get(self, request: Request) -> Response:
        return Response({"actor": actor_of(request)})

    def post(self, request: Request) -> Response:
        return Response(request.data)


@pytest.fixture(autouse=True)
def _no_cache() -> None:
    selectors._cache.clear()


def _key(*scopes: str, **more: Any) -> tuple[ServiceKey, str]:
    return services.create_service_key(
        name="signup", scopes=scopes, at=AT, actor=BY, **more
    )


def _ask(secret: str | None, method: str = "get", **more: Any) -> Any:
    headers = {} if secret is None else {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    request = getattr(APIRequestFactory(), method)("/v1/sample", **headers, **more)
    request.request_id = "req_1"
    return _View.as_view()(request).render()


def test_a_key_opens_what_its_scopes_say() -> None:
    key, secret = _key("read")
    assert secret.startswith("rk_live_")
    assert _ask(secret).data["actor"] == Actor("key", key.id)
    refused = _ask(secret, "post", data=b"{}", content_type="application/json")
    assert refused.status_code == 403
    assert refused.data["code"] == "permission"


@pytest.mark.parametrize("secret", [None, "", "rk_live_unknown", "x" * 300, "\xff"])
def test_without_a_valid_key_there_is_a_problem(secret: str | None) -> None:
    answer = _ask(secret)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.data["request_id"] == "req_1"


def test_only_the_hash_of_a_secret_is_kept() -> None:
    key, secret = _key("read")
    kept = " ".join(str(value) for value in ServiceKey.objects.values().get().values())
    assert secret not in kept
    assert secret[:12] == key.prefix


def test_a_key_is_read_once_and_a_revoked_one_is_refused(
    django_assert_num_queries: Any,
) -> None:
    key, secret = _key("read")
    with django_assert_num_queries(1):
        assert _ask(secret).status_code == 200
        assert _ask(secret).status_code == 200
    services.revoke_service_key(key=key, at=AT, actor=BY)
    selectors._cache.clear()  # five seconds later
    assert _ask(secret).status_code == 401


def test_test_keys_do_not_exist_in_production(settings: Any) -> None:
    _, secret = _key("read", test=True)
    assert secret.startswith("rk_test_")
    assert _ask(secret).status_code == 200
    settings.KYCRISK_ENV = "production"
    assert _ask(secret).status_code == 401
    with pytest.raises(LiveKeysOnlyError):
        _key("read", test=True)


def test_a_body_is_read_strictly() -> None:
    _, secret = _key("assess")
    json = "application/json"
    bad = _ask(secret, "post", data=b'{"a":1,"a":2}', content_type=json)
    assert (bad.status_code, bad.data["code"]) == (400, "duplicate_key")
    assert bad.data["errors"][0]["pointer"] == "/a"
    large = _ask(secret, "post", data=b'"' + b"x" * 300_000 + b'"', content_type=json)
    assert (large.status_code, large.data["code"]) == (413, "body_too_large")
    form = _ask(secret, "post", data="a=1", content_type="text/plain")
    assert (form.status_code, form.data["code"]) == (415, "unsupported_media_type")
    wrong = _ask(secret, "put", data=b"{}", content_type=json)
    assert wrong.data["code"] in {"method_not_allowed", "permission"}


def test_unknown_paths_of_the_api_answer_with_a_problem() -> None:
    answer = Client().get("/v1/nothing-here")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert answer.json()["request_id"] == answer.headers["Request-Id"]
