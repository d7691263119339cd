"""Pages: who may open them, what they hold back, and how much they ask the database."""

import re
from contextlib import contextmanager

import pytest
from django.db import connection
from django.urls import get_resolver

from apps.review.models import Impression
from tests.integration.review.desk import SECRET, TRIGGER

ROLES = ("analyst", "lead", "auditor", "model_owner", "admin")
STAFF = {"analyst", "lead", "auditor"}
WORKERS = {"analyst", "lead"}
# Every route of the console and who may use it. A new route needs a row here.
ALLOWED = {
    "home": set(ROLES),
    "queue": STAFF,
    "next_case": {"analyst"},
    "case": STAFF,
    "case_take": WORKERS,
    "case_extend": WORKERS,
    "case_release": WORKERS,
    "case_impression": WORKERS,
    "case_sheet": WORKERS,
    "case_decide": WORKERS,
    "case_note": WORKERS,
    "case_opinion": {"lead"},
    "case_approve": {"lead"},
    "rings": STAFF,
    "ring": STAFF,
    "accounts": STAFF,
    "accounts_csv": {"lead", "auditor"},
    "account": STAFF,
    "account_reveal": WORKERS,
    "key": STAFF,
    "jobs": set(ROLES),
    "search": STAFF,
}


def routes():
    """Return the name and pattern of each route of the console."""
    found = get_resolver("apps.review.urls").url_patterns
    return {route.name: str(route.pattern) for route in found}


def opened(client, user, path, method="get", **data):
    client.force_login(user)
    return getattr(client, method)(path, data)


@contextmanager
def questions():
    """Collect statements; Django's own capture cannot follow COPY with parameters."""
    asked = []

    def noted(execute, statement, params, many, context):
        asked.append(statement)
        return execute(statement, params, many, context)

    with connection.execute_wrapper(noted):
        yield asked


def secrets_in(response):
    html = response.content.decode()
    return [word for word in SECRET if word in html]


def test_every_route_has_its_row():
    assert set(routes()) == set(ALLOWED)


@pytest.mark.parametrize("role", [*ROLES, None])
def test_each_role_opens_only_its_routes(client, desk, role):
    if role:
        client.force_login(desk.person(role))
    for name, pattern in routes().items():
        path = "/" + re.sub(r"<str:\w+>", "nothing_here", pattern)
        statuses = {client.get(path).status_code, client.post(path).status_code}
        if role is None:
            assert statuses <= {302, 405}, name
            assert client.post(path).headers.get("Location", "/login")[:6] == "/login"
        elif role in ALLOWED[name]:
            assert 403 not in statuses, name
        else:
            assert 403 in statuses, name
            assert statuses <= {403, 405}, name


@pytest.mark.parametrize("mode", ["evidence_first", "blind"])
def test_nothing_of_the_model_is_in_a_page_before_the_impression(client, desk, mode):
    user = desk.person()
    account = desk.account(account_id="acct_secret")
    lease = desk.held(user, account=account, mode=mode, ring_id=None)
    case = f"/cases/{lease.case_id}"
    for path in ("/queue", case, "/accounts", f"/accounts/{account}", "/rings"):
        response = opened(client, user, path)
        assert response.status_code == 200
        assert secrets_in(response) == [], path
    assert TRIGGER in opened(client, user, case).content.decode()
    form = {"lease_token": lease.token, "answer": "limit", "reasons": "LNK-81"}
    sheet = opened(client, user, f"{case}/sheet", "post", **form)
    assert sheet.status_code == 200
    assert secrets_in(sheet) == []


def test_the_model_view_opens_after_the_own_impression(client, desk):
    user, other = desk.person(), desk.person()
    lease = desk.held(user)
    path = f"/cases/{lease.case_id}"
    given = {"leaning": "abuse", "confidence": "low", "lease_token": lease.token}
    response = opened(client, user, f"{path}/impression", "post", **given)
    assert (response.status_code, Impression.objects.count()) == (303, 1)
    assert len(secrets_in(opened(client, user, path))) == len(SECRET)
    assert secrets_in(opened(client, other, path)) == []


def test_blind_stays_blind_after_the_impression(client, desk):
    user = desk.person()
    lease = desk.judged(user, mode="blind")
    assert secrets_in(opened(client, user, f"/cases/{lease.case_id}")) == []


def test_a_second_person_sees_neither_model_nor_proposal_before_answering(client, desk):
    case = desk.proposed(desk.person(name="Proposer Pat"))
    lead = desk.person("lead")
    path = f"/cases/{case.id}"
    before = opened(client, lead, path)
    assert secrets_in(before) == []
    assert "Fourteen accounts, one card." not in before.content.decode()
    assert secrets_in(opened(client, lead, "/accounts")) == []
    opened(client, lead, f"{path}/opinion", "post", answer="suspend")
    after = opened(client, lead, path).content.decode()
    assert "Fourteen accounts, one card." in after
    assert "81 %" in after


def test_a_stale_token_answers_409_and_keeps_what_was_typed(client, desk):
    first, second = desk.person(), desk.person()
    lease = desk.judged(first)
    form = {
        "lease_token": "00000000-0000-4000-8000-000000000000",
        "answer": "limit",
        "reasons": "LNK-81",
        "note": "My careful words.",
    }
    response = opened(client, first, f"/cases/{lease.case_id}/decide", "post", **form)
    html = response.content.decode()
    assert response.status_code == 409
    assert "My careful words." in html
    assert 'value="LNK-81" checked' in html
    form["lease_token"] = lease.token
    stolen = opened(client, second, f"/cases/{lease.case_id}/decide", "post", **form)
    assert stolen.status_code == 409


def test_tokens_are_never_in_an_address(client, desk):
    user = desk.person()
    lease = desk.held(user)
    html = opened(client, user, f"/cases/{lease.case_id}").content.decode()
    token = str(lease.token)
    assert token in html
    assert not re.findall(rf'(?:href|action|hx-post)="[^"]*{token}', html)


def test_a_revealed_value_is_shown_once_and_logged(client, desk):
    account = desk.account(account_id="acct_seen", email="ida@example.org")
    lead = desk.person("lead")
    path = f"/accounts/{account}/reveal"
    refused = opened(client, lead, path, "post", field="email", purpose="curious")
    assert refused.status_code == 422
    form = {"field": "email", "purpose": "identity_check"}
    shown = opened(client, lead, path, "post", **form)
    assert "ida@example.org" in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    page = opened(client, lead, f"/accounts/{account}").content.decode()
    assert "ida@example.org" not in page


def test_search_by_mail_finds_by_hash_and_never_repeats_it(client, desk):
    desk.account(account_id="acct_mail_1", email="ida@example.org")
    desk.account(account_id="acct_other", email="eva@example.org")
    user = desk.person()
    found = opened(client, user, "/search", "post", q="IDA@example.org")
    assert found.headers["Location"] == "/accounts/acct_mail_1"
    missed = opened(client, user, "/search", "post", q="nobody@example.org")
    assert "nobody@" not in missed.content.decode()


def test_csv_disarms_formulas_and_keeps_to_the_filter(client, desk):
    desk.account(account_id="acct_1", plan="=cmd()")
    desk.account(account_id="@sum", plan="team")
    client.force_login(desk.person("auditor"))
    text = b"".join(client.get("/accounts.csv?sort=id")).decode()
    assert "'=cmd()" in text
    assert "'@sum" in text
    narrow = b"".join(client.get("/accounts.csv?q=acct_")).decode()
    assert "acct_1" in narrow
    assert "@sum" not in narrow


@pytest.mark.parametrize(
    "query", ["sort=password", "offset=-1", "low=x", "action=drop", "q=%27%20or%201"]
)
def test_an_unknown_filter_is_refused_in_words(client, desk, query):
    response = opened(client, desk.person(), f"/accounts?{query}")
    assert response.status_code == 422
    assert "not understood" in response.content.decode()


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("analyst", "/queue"),
        ("lead", "/queue?lane=harm"),
        ("lead", "/accounts"),
        ("lead", "/rings"),
        ("lead", "/jobs"),
    ],
)
def test_lists_ask_as_much_for_many_rows_as_for_one(client, desk, role, path):
    client.force_login(desk.person(role))
    empty = client.get(path)
    assert empty.status_code == 200
    counts = []
    for more in (1, 12):
        for _ in range(more):
            desk.case()
        with questions() as asked:
            assert client.get(path).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[1] <= 16


def test_a_case_asks_a_fixed_number_of_questions(client, desk):
    user = desk.person()
    lease = desk.judged(user)
    client.force_login(user)
    path = f"/cases/{lease.case_id}"
    client.get(path)
    with questions() as asked:
        assert client.get(path).status_code == 200
    for _ in range(6):
        client.post(f"{path}/note", {"text": "Seen."})
        desk.case()
    with questions() as again:
        response = client.get(path)
    assert len(again) == len(asked) <= 45
    assert len(response.content) < 90_000


def test_no_page_needs_inline_styles_or_scripts(client, desk):
    user = desk.person()
    lease = desk.judged(user)
    for path in ("/login", "/queue", f"/cases/{lease.case_id}", "/accounts", "/jobs"):
        html = opened(client, user, path).content.decode()
        assert " style=" not in html
        assert " onclick=" not in html
        assert not re.search(r"<script(?![^>]*(src=|application/json))", html)
