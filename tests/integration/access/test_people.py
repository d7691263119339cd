from datetime import UTC, datetime

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, connection, transaction
from django.test import Client

from apps.access import services
from apps.access.choices import Role
from apps.access.errors import EmailTakenError, WeakPasswordError
from apps.access.models import User
from apps.audit.services import Actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 1, tzinfo=UTC)
BY = Actor("system", "test")
PASSWORD = "correct horse battery staple"


def _user(email: str = "jane@example.com", role: str = "analyst") -> User:
    return services.create_user(
        email=email, password=PASSWORD, role=role, at=AT, actor=BY
    )


def _check_now() -> None:
    """Let the checks that wait for COMMIT speak."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_person_signs_in_with_the_password_they_got() -> None:
    user = _user()
    client = Client()
    form = {"login": user.email, "password": PASSWORD}
    assert client.post("/login", form).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    assert client.post("/logout").status_code == 302
    assert "_auth_user_id" not in client.session


def test_a_wrong_password_or_an_ended_account_opens_nothing() -> None:
    user = _user()
    assert authenticate(email=user.email, password="wrong " + PASSWORD) is None
    services.deactivate_user(user=user, at=AT, actor=BY)
    assert authenticate(email=user.email, password=PASSWORD) is None


def test_nobody_signs_up_from_outside() -> None:
    form = {"email": "eve@example.com", "password1": PASSWORD, "password2": PASSWORD}
    Client().post("/account/signup/", form)
    assert not User.objects.filter(email="eve@example.com").exists()


def test_a_security_page_is_there_for_those_signed_in() -> None:
    client = Client()
    assert client.get("/account/security").status_code == 302
    client.force_login(_user())
    assert client.get("/account/security").status_code == 200


def test_an_address_is_taken_once_and_a_weak_password_never() -> None:
    _user()
    with pytest.raises(EmailTakenError):
        _user()
    with pytest.raises(WeakPasswordError):
        services.create_user(
            email="x@example.com", password="short", role="lead", at=AT, actor=BY
        )


def test_every_change_is_audited() -> None:
    user = _user()
    services.set_role(user=user, role=Role.LEAD, at=AT, actor=BY)
    services.deactivate_user(user=user, at=AT, actor=BY)
    _check_now()
    user.refresh_from_db()
    assert (user.role, user.is_active, user.row_version) == ("lead", False, 3)


def test_a_role_cannot_be_changed_behind_the_log() -> None:
    user = _user()
    _check_now()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(role="admin")


def test_a_new_password_and_a_sign_in_need_no_entry() -> None:
    user = _user()
    _check_now()
    user.set_password("another long enough password")
    user.save(update_fields=["password"])
    Client().force_login(user)
    _check_now()


def test_the_hash_of_a_password_is_argon2_with_our_costs() -> None:
    assert _user().password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_commands_print_the_secret_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import json

    from django.core.management import call_command

    words = ("create_user", "kim@example.com", "--role", "lead", "--json")
    call_command(*words)
    made = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert authenticate(email=made["email"], password=made["password"]) is not None
    with pytest.raises(SystemExit) as refused:
        call_command(*words)
    assert refused.value.code == 2
    assert "kim" not in capsys.readouterr().err
