"""What is no table gets a sentence, never an error, and who may not gets nothing."""

import gzip

import pytest

from apps.assessments.models import StagedImport
from tests.integration.intake import strangers

pytestmark = pytest.mark.django_db
HEAD = b"account,created\n"
BAD = {
    "empty": (b"", "is empty"),
    "blank": (b"\n\n \n", "is empty"),
    "header only": (HEAD, "no row below"),
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    "latin-1": ("name,stra\xdfe\nJ\xf6rg,x\n".encode("latin-1"), "not UTF-8"),
    "nul": (HEAD + b"a\0,2026-01-01\n", "NUL"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0\0", "NUL"),
    "spreadsheet": (b"PK\x03\x04rest", "spreadsheet"),
    "json list": (b'[{"a": 1}]', "one object a line"),
    "json damage": (b"{broken\n{too\n", "No line"),
    "parquet damage": (b"PAR1 and nothing", "Parquet file is damaged"),
    "gzip damage": (gzip.compress(HEAD * 50)[:-12], "damaged"),
    "wide": (b",".join(b"c%d" % n for n in range(10_000)) + b"\n1\n", "10,000 columns"),
    "twice": (b"account,created,account\na,2026-01-01,b\n", "Column 3"),
    "no header": (b"u1,a@b.example\nu2,c@d.example\n", "looks like data"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_table_gets_a_sentence(importing, name):
    data, sentence = BAD[name]
    answer = importing.upload(list_csv=data)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert sentence in text
    assert "Nothing was changed" in text
    assert not StagedImport.objects.exists()
    assert not importing.files_left()


def _ending_early():
    lines = b"".join(b"a%d,2026-01-01,%s\n" % (n, b"x" * 400) for n in range(6_000))
    packed = gzip.compress(b"account,created,note\n" + lines)
    return packed[: len(packed) * 9 // 10]


def _bomb():
    return gzip.compress(HEAD + (b"a," + b"x" * 60_000 + b"\n") * 1_200, 9)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [(_ending_early, "damaged or ends early"), (_bomb, "100 times as large")],
)
def test_damage_deep_in_a_file_is_a_sentence_after_the_dry_run(
    importing, made, sentence
):
    row = importing.staged(list_gz=made())
    importing.check(row)
    assert row.state == "mapping"
    page = importing.client.get(f"/import/{row.id}").content.decode()
    assert sentence in page


def test_values_of_a_file_are_never_shown(importing):
    data = b"account,created,email\nx,never,secret.person@example.org\n" + b"".join(
        b"u%d,2026-01-01,visible%d@example.org\n" % (n, n) for n in range(5)
    )
    row = importing.staged(list_csv=data)
    pages = [importing.client.get(f"/import/{row.id}").content]
    importing.check(row)
    pages.append(importing.client.get(f"/import/{row.id}").content)
    importing.load(row)
    pages.append(importing.client.get(f"/import/{row.id}").content)
    for page in pages:
        assert b"secret.person" not in page
        assert b"visible" not in page
        assert b"never<" not in page


def test_a_lacking_column_is_named(importing):
    row = importing.staged(list_csv=b"email,city\na@b.example,Rome\nc@d.example,Bonn\n")
    answer = importing.map(row, **{"table-1": row.files[0]["table"]})
    assert answer.status_code == 422
    assert b"needs a column for" in answer.content
    assert row.state == "mapping"


def test_an_upload_over_the_limit_is_refused_unread(importing, settings):
    settings.KYCRISK_UPLOAD_MB = 1
    answer = importing.upload(list_csv=b"x" * 1_100_000)
    assert answer.status_code == 422
    assert b"larger than 1 MB" in answer.content
    assert not importing.files_left()


def test_an_upload_without_its_token_is_refused(importing):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(importing.client.user)
    assert client.post("/import/upload", {}).status_code == 403
    assert not StagedImport.objects.exists()


@pytest.mark.parametrize(
    ("role", "look", "act"),
    [
        ("lead", 200, True),
        ("admin", 200, True),
        ("auditor", 200, False),
        ("analyst", 403, False),
        ("model_owner", 403, False),
    ],
)
def test_leads_and_admins_import_and_auditors_look(importing, person, role, look, act):
    row = importing.staged(kunden_csv=strangers.customers(10))
    client = person(role)
    for path in ("/import", f"/import/{row.id}"):
        assert client.get(path).status_code == look
    posts = ["upload", "folder", "assess", *(f"{row.id}/{s}" for s in ("map", "load"))]
    for path in posts:
        assert (client.post(f"/import/{path}").status_code != 403) is act, path


def test_progress_is_told_only_when_it_moves(importing):
    row = importing.staged(kunden_csv=strangers.customers(10))
    importing.map(row)
    page = importing.client.get(f"/import/{row.id}/progress")
    assert b"Waits for a worker" in page.content
    stand = page.content.decode().split("progress?v=")[1].split('"')[0]
    again = importing.client.get(f"/import/{row.id}/progress?v={stand}")
    assert again.status_code == 204
    StagedImport.objects.filter(pk=row.id).update(state="checking")
    importing.step(row, "again")
    assert row.state == "checking"
