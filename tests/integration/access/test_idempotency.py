import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from apps.access.errors import (
    IdempotencyKeyMissingError,
    IdempotencyKeyShapeError,
    IdempotencyMismatchError,
    InProgressError,
)
from apps.access.models import IdempotentReply, ServiceKey
from apps.access.presenters import response
from apps.access.services import create_service_key, idempotency
from apps.audit.services import Actor
from apps.core.errors import ConflictError
from apps.core.models import Job
from tests.databases import Database

AT = datetime(2026, 11, 1, tzinfo=UTC)
KEY = "0123456789abcdef"


def _owner(name: str = "one") -> ServiceKey:
    key, _ = create_service_key(
        name=name, scopes=["assess"], at=AT, actor=Actor("system", "test")
    )
    return key


def _effect() -> tuple[int, str]:
    number = Job.objects.count()
    Job.objects.create(id=f"job_{number}", kind="x", key=f"{number}", created_at=AT)
    return 201, f'{{"id":"job_{number}"}}'


def _once(
    owner: ServiceKey,
    key: str | None = KEY,
    body: object = None,
    effect: Callable[[], tuple[int, str]] = _effect,
) -> idempotency.Reply:
    return idempotency.once(
        service_key=owner,
        endpoint="assessments",
        key=key,
        request_body=body or {"a": 1},
        at=AT,
        effect=effect,
    )


@pytest.mark.django_db
def test_the_same_request_again_gets_the_same_answer_and_no_second_effect() -> None:
    owner = _owner()
    first, second = _once(owner), _once(owner)
    assert (first.status, first.replayed) == (201, False)
    assert (second.body, second.replayed) == (first.body, True)
    assert Job.objects.count() == 1
    assert response(second).headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in response(first).headers


@pytest.mark.django_db
def test_two_statements_are_all_it_costs(django_assert_num_queries: object) -> None:
    owner = _owner()
    with django_assert_num_queries(4):  # type: ignore[operator] # and a savepoint's two
        _once(owner, effect=lambda: (200, "{}"))


@pytest.mark.django_db
def test_another_body_or_another_owner_is_another_matter() -> None:
    owner = _owner()
    _once(owner)
    with pytest.raises(IdempotencyMismatchError):
        _once(owner, body={"a": 2})
    assert _once(_owner("two")).replayed is False


@pytest.mark.django_db
@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_key_is_named(key: str | None) -> None:
    with pytest.raises(IdempotencyKeyMissingError) as caught:
        _once(_owner(), key=key)
    assert (caught.value.status, caught.value.code) == (400, "idempotency_key_required")


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["short", "x" * 129, "0123456789abcdef\n", "ä" * 20])
def test_a_misshapen_key_is_refused(key: str) -> None:
    with pytest.raises(IdempotencyKeyShapeError):
        _once(_owner(), key=key)


@pytest.mark.django_db
def test_what_failed_is_not_stored() -> None:
    owner = _owner()

    def refuse() -> tuple[int, str]:
        _effect()
        raise ConflictError("no")

    with pytest.raises(ConflictError):
        _once(owner, effect=refuse)
    assert _once(owner, effect=lambda: (503, "{}")).status == 503
    assert IdempotentReply.objects.count() == 0
    assert Job.objects.count() == 0
    assert _once(owner).status == 201


@pytest.mark.django_db
def test_old_replies_are_forgotten() -> None:
    _once(_owner())
    assert idempotency.forget(at=AT + timedelta(days=6)) == 0
    assert idempotency.forget(at=AT + timedelta(days=8)) == 1


def test_a_second_request_is_told_that_the_first_one_runs(
    fresh_database: Database,
) -> None:
    owner, started, go = _owner(), threading.Event(), threading.Event()

    def slow() -> tuple[int, str]:
        started.set()
        go.wait(10)
        return _effect()

    def first() -> None:
        _once(owner, effect=slow)
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    started.wait(10)
    with pytest.raises(InProgressError), transaction.atomic():
        _once(owner)
    go.set()
    thread.join()
    assert _once(owner).replayed is True
    assert Job.objects.count() == 1
