"""Import in the browser: what strangers send becomes facts, or a sentence."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.assessments.models import StagedImport
from apps.audit.models import Entry
from apps.customers import services as customers
from apps.customers.models import Account, AccountVersion
from apps.signals.models import ImportedFile
from tests.integration.intake import strangers

pytestmark = pytest.mark.django_db


def test_a_spreadsheet_is_mapped_rehearsed_and_imported(importing):
    row = importing.staged(kunden_csv=strangers.customers(60, bad=3))
    report = importing.check(row)
    assert row.state == "checked"
    assert report["tables"]["accounts"] == {
        "accepted": 60,
        "duplicates": 0,
        "rejected": 3,
    }
    assert [one["line"] for one in report["rejects"]] == [62, 63, 64]
    assert {one["header"] for one in report["rejects"]} == {"Registered"}
    assert Account.objects.count() == 0

    result = importing.load(row)
    assert row.state == "loaded"
    assert result["tables"] == report["tables"]
    assert Account.objects.count() == 60
    assert AccountVersion.objects.filter(declared_country="DE").exists()
    assert AccountVersion.objects.filter(payment_funding="prepaid").count() == 6
    assert not importing.files_left()


def test_who_imported_what_is_in_the_log(importing):
    row = importing.staged(kunden_csv=strangers.customers(20, bad=1))
    importing.check(row)
    importing.load(row)
    entries = Entry.objects.filter(object_type="staged_import", object_id=row.id)
    kinds = list(entries.order_by("object_version").values_list("kind", flat=True))
    assert kinds == [
        f"assessments.import.{what}"
        for what in ("staged", "mapped", "checking", "checked", "loading", "loaded")
    ]
    last = json.loads(bytes(entries.get(kind__endswith="loaded").body))
    text = json.dumps(last)
    assert row.files[0]["sha256"] in text
    assert str(importing.client.user.pk) in text
    imported = Entry.objects.get(kind="signals.file.imported")
    assert str(importing.client.user.pk) in bytes(imported.body).decode()


def test_discarding_leaves_no_row_and_no_file(importing):
    row = importing.staged(kunden_csv=strangers.customers(20))
    importing.check(row)
    assert importing.files_left()
    answer = importing.step(row, "discard")
    assert row.state == "discarded"
    assert not importing.files_left()
    assert Account.objects.count() == ImportedFile.objects.count() == 0
    assert b"discarded" in answer.content
    again = importing.step(row, "load", as_of="now")
    assert again.status_code == 409


def test_an_import_that_is_loaded_cannot_be_discarded(importing):
    row = importing.staged(kunden_csv=strangers.customers(20))
    importing.check(row)
    importing.load(row)
    assert importing.step(row, "discard").status_code == 409
    assert Account.objects.count() == 20


def test_the_same_file_again_is_known_and_offers_nothing_to_import(importing):
    first = importing.staged(kunden_csv=strangers.customers(20, bad=0))
    importing.check(first)
    importing.load(first)
    second = importing.staged(kunden_csv=strangers.customers(20, bad=0))
    report = importing.check(second)
    assert report["tables"]["accounts"]["duplicates"] == 20
    answer = importing.step(second, "load", as_of="now")
    assert answer.status_code == 422
    assert b"No row of these files is new" in answer.content


def test_accounts_and_their_requests_come_in_together(importing):
    row = importing.staged(
        users_csv=strangers.customers(50, bad=0),
        requests_ndjson=strangers.requests(120, people=60),
    )
    assert [file["table"] for file in row.files] == ["accounts", "usage"]
    report = importing.check(row)
    usage = report["tables"]["usage"]
    assert usage["accepted"] + usage["rejected"] == 120
    assert {one["problem"] for one in report["rejects"]} == {
        "names an account that neither these files nor the site know."
    }
    result = importing.load(row)
    assert result["tables"]["usage"] == usage
    assert result["accounts"] == 50


def test_a_value_that_does_not_fit_is_left_empty_or_refuses_its_row(importing):
    data = b"account,created,email\na,2026-01-02,a@b.example\nb,2026-01-02,nobody\n"
    row = importing.staged(list_csv=data)
    report = importing.check(row)
    assert report["emptied"] == [["list.csv", "email", "email", 1]]
    assert report["tables"]["accounts"]["accepted"] == 2
    importing.step(row, "reopen")
    assert row.state == "mapping"
    strict = importing.check(row, lenient="")
    assert strict["tables"]["accounts"] == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": 1,
    }
    assert strict["rejects"][0]["problem"] == "is not an e-mail address."


def test_lines_are_those_of_the_file_whatever_stands_between(importing):
    data = (
        b'account,created,notes\n\na,2026-01-02,"two\nlines"\n"b"x,2026-01-02,n\n'
        b"c,2026-01-02\nd,never,n\ne,2026-01-02,\xff\nf,2026-01-02,n\n"
    )
    row = importing.staged(list_csv=data)
    report = importing.check(row)
    found = [(one["line"], one["header"], one["problem"]) for one in report["rejects"]]
    assert found == [
        (5, "row", "is not well-formed CSV."),
        (6, "row", "has another number of cells than the header."),
        (7, "created", "is no date that can be read, or none from 2015 to 2100."),
        (8, "row", "is not UTF-8."),
    ]
    assert report["tables"]["accounts"]["accepted"] == 2


def test_parquet_and_gzip_are_read_too(importing):
    table = pa.table(
        {
            "user": ["a", "b"],
            "signup_date": pa.array([1_760_000_000_000, None], pa.timestamp("ms")),
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    row = importing.staged(
        users_parquet=out.getvalue(),
        labels_csv=gzip.compress(b"user,fraud,date\na,1,2026-02-01\n"),
    )
    assert [file["table"] for file in row.files] == ["accounts", "outcomes"]
    report = importing.check(row)
    assert report["tables"]["accounts"]["accepted"] == 1
    assert report["tables"]["outcomes"]["accepted"] == 1
    assert report["rejects"][0]["line"] == 2


def test_a_folder_of_the_inbox_is_read_and_stays(importing):
    folder = importing.house / "inbox" / "march"
    folder.mkdir(parents=True)
    (folder / "users.csv").write_bytes(strangers.customers(10, bad=0))
    (importing.house / "secret.csv").write_text("account,created\na,2026-01-01\n")
    (folder / "link.csv").symlink_to(importing.house / "secret.csv")
    page = importing.client.get("/import")
    assert b"march" in page.content
    answer = importing.client.post("/import/folder", {"folder": "march"}, follow=True)
    row = StagedImport.objects.get()
    assert row.id in answer.request["PATH_INFO"]
    assert [file["name"] for file in row.files] == ["users.csv"]
    importing.check(row)
    importing.load(row)
    assert Account.objects.count() == 10
    assert (folder / "users.csv").exists()
    for name in ("..", "../..", "/", "march/..", "nothing", "."):
        refused = importing.client.post("/import/folder", {"folder": name})
        assert refused.status_code == 422


def test_two_people_do_not_overwrite_each_other(importing):
    row = importing.staged(kunden_csv=strangers.customers(10))
    seen = row.row_version
    importing.check(row)
    row.row_version = seen
    assert importing.step(row, "discard").status_code == 409


def test_what_nobody_goes_on_with_is_forgotten(importing):
    from datetime import UTC, datetime, timedelta

    from apps.assessments.services import intake
    from apps.audit.services import Actor

    row = importing.staged(kunden_csv=strangers.customers(10))
    at, actor = datetime.now(UTC), Actor("system", "test")
    assert intake.forget_old(actor=actor, at=at) == 0
    assert intake.forget_old(actor=actor, at=at + timedelta(hours=25)) == 1
    row.refresh_from_db()
    assert row.state == "discarded"
    assert not importing.files_left()


def test_the_sweep_leaves_the_accounts_of_an_import_to_it(importing):
    from datetime import UTC, datetime

    from apps.assessments import services
    from apps.audit.services import Actor
    from apps.core.progress import Silent

    row = importing.staged(kunden_csv=strangers.customers(10, bad=0))
    importing.check(row)
    importing.step(row, "load", as_of="now")
    at = datetime.now(UTC)
    occasion = services.Occasion("scheduled", at, at, Actor("system", "test"))
    rows = [{"account_id": "other", "created_at": at}]
    customers.put_accounts(rows=rows, source="bundle", at=at)
    swept = services.assess_changed(occasion=occasion, progress=Silent())
    assert swept.accounts == 0
    importing.load_now(row)
    assert row.state == "loaded"
