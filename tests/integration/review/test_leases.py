"""Cases are held by one person at a time, for a while, by a token."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from apps.decisions.models import Decision
from apps.review import services
from apps.review.choices import State
from apps.review.errors import CaseTakenError, StaleLeaseError
from apps.review.models import Case, Disposition, Lease
from apps.review.selectors.queue import takeable
from tests.integration.review.desk import Desk, suspend


def test_a_lease_is_for_one_person_and_ends(desk):
    first, second = desk.person(), desk.person()
    lease = desk.held(first)
    with pytest.raises(CaseTakenError):
        services.take_case(case_id=lease.case_id, user=second, at=desk.at)
    assert not takeable(user=second, at=desk.at).exists()
    over = desk.at + services.LEASE
    assert takeable(user=second, at=over).exists()
    taken = services.take_case(case_id=lease.case_id, user=second, at=over)
    assert taken.token != lease.token
    assert Lease.objects.filter(ended_at__isnull=True).count() == 1


@pytest.mark.parametrize("late", [timedelta(minutes=15), timedelta(days=1)])
def test_an_expired_token_writes_nothing(desk, late):
    user = desk.person()
    lease = desk.judged(user)
    for write in (
        lambda: services.decide(
            case_id=lease.case_id,
            token=lease.token,
            user=user,
            made=suspend(),
            at=desk.at + late,
        ),
        lambda: services.extend_lease(
            case_id=lease.case_id, token=lease.token, user=user, at=desk.at + late
        ),
        lambda: services.release_case(
            case_id=lease.case_id, token=lease.token, user=user, at=desk.at + late
        ),
    ):
        with pytest.raises(StaleLeaseError) as refused:
            write()
        assert refused.value.status == 409
    assert not Disposition.objects.exists()
    assert not Decision.objects.filter(source="person").exists()


def test_a_lost_token_is_fenced_off_by_the_new_holder(desk):
    first, second = desk.person(), desk.person()
    lost = desk.judged(first)
    over = desk.at + services.LEASE
    services.take_case(case_id=lost.case_id, user=second, at=over)
    with pytest.raises(StaleLeaseError):
        services.decide(
            case_id=lost.case_id, token=lost.token, user=first, made=suspend(), at=over
        )


def test_extending_keeps_the_token_alive(desk):
    user = desk.person()
    lease = desk.held(user)
    soon = desk.at + timedelta(minutes=14)
    services.extend_lease(case_id=lease.case_id, token=lease.token, user=user, at=soon)
    services.release_case(
        case_id=lease.case_id,
        token=lease.token,
        user=user,
        at=desk.at + timedelta(minutes=20),
    )
    assert Case.objects.get(pk=lease.case_id).state == State.OPEN


def test_two_people_never_get_the_same_case(fresh_database):
    desk = Desk()
    cases = [desk.case() for _ in range(12)]
    people = [desk.person() for _ in range(4)]
    start, got = Barrier(len(people)), []

    def work(user):
        start.wait()
        try:
            for _ in range(3):
                lease = services.take_next(user=user, at=desk.at)
                got.append((lease.case_id, user.pk))
        finally:
            connection.close()

    threads = [Thread(target=work, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 12
    assert {case_id for case_id, _ in got} == {case.id for case in cases}
