"""Facts of the same moment that change, and change back, from import to import."""

import pytest

from apps.assessments.models import Assessment
from tests.integration.reports.conftest import champion, entry_model, own_files

__all__ = ["entry_model", "own_files"]

pytestmark = pytest.mark.django_db


def told(confirmed: str, name: str) -> bytes:
    lines = ["account,created,email verified,name"]
    lines += [f"{one},2026-01-02,{confirmed},{name}" for one in ("a", "b")]
    return "\n".join(lines).encode()


def test_facts_that_come_back_are_assessed_anew_and_ranked_once(importing, entry_model):
    champion(entry_model)
    results = []
    for confirmed, name in (("no", "Ann"), ("yes", "Ann"), ("no", "Anna")):
        row = importing.staged(users_csv=told(confirmed, name))
        importing.check(row)
        results.append(importing.load(row))
    assert [one["stored"] for one in results] == [2, 2, 2]
    assert [sorted(one["top"]) for one in results] == [["a", "b"]] * 3
    first, second, third = Assessment.objects.filter(account__account_id="a").order_by(
        "created_at", "id"
    )
    assert (first.supersedes, second.supersedes) == (None, first.id)
    assert third.supersedes == second.id
    assert third.facts_digest == first.facts_digest != second.facts_digest
