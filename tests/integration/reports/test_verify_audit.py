"""verify_audit over real rows: one changed byte in any audited row is named."""

import json
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command

from apps.audit.models import Entry
from tests.integration.reports.conftest import assessed, champion


@pytest.fixture
def world(fresh_database, entry_model):
    """Three assessed accounts, committed."""
    champion(entry_model)
    made = [assessed(f"acct_{n}", email="a@mail.example") for n in range(3)]
    assert run() == (0, [])
    return fresh_database, made


def run(**options):
    out = StringIO()
    try:
        call_command("verify_audit", json=True, stdout=out, **{"full": True} | options)
    except SystemExit as ended:
        code = ended.code
    else:
        code = 0
    result = json.loads(out.getvalue().splitlines()[-1])
    return code, [(one["code"], one["entry"]) for one in result["problems"]]


def tamper(database, table, statement):
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        owner.execute(statement)
        owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.parametrize(
    ("table", "change", "object_type"),
    [
        ("scoring_score", "margin = margin + 1e-12", "assessment"),
        ("scoring_score", "features[1] = 0.25", "assessment"),
        ("decisions_decision", "action = 'suspend'", "assessment"),
        ("assessments_assessment", "snapshot = snapshot || ' '", "assessment"),
        ("assessments_assessment", "event = 'signups'", "assessment"),
        ("scoring_modelversion", "seed = seed + 1", "model_version"),
        ("decisions_policyversion", "published_by = 'me'", "policy"),
        ("customers_accountversion", "plan = 'gold'", "account_version"),
    ],
)
def test_one_change_of_a_row_is_found_and_its_entry_named(
    world, table, change, object_type
):
    database, _ = world
    key = f"(SELECT id FROM {table} ORDER BY id LIMIT 1)"
    tamper(database, table, f"UPDATE {table} SET {change} WHERE id = {key}")
    code, problems = run()
    assert code == 1
    [(what, entry_id)] = problems
    assert what == "row_changed"
    assert Entry.objects.get(pk=entry_id).object_type.removesuffix("_chunk") == (
        object_type
    )
    assert run(full=False)[0] == 1


def test_a_deleted_row_is_found(world):
    database, made = world
    gone = made[1].assessment.id
    tamper(
        database,
        "assessments_assessment",
        f"DELETE FROM assessments_assessment WHERE id = '{gone}'",
    )
    code, [(what, entry_id)] = run()
    assert (code, what) == (1, "row_gone")
    assert Entry.objects.get(pk=entry_id).object_id == gone


def test_a_clean_log_says_so(world, capsys):
    call_command("verify_audit")
    assert "The audit log is clean" in capsys.readouterr().out
