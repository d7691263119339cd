"""Policies: a new site's first one, however many processes ask for it at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

from django.db import connection

from apps.audit.models import Entry
from apps.decisions import services
from apps.decisions.models import PolicyVersion

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ASKING = 4


def test_processes_that_start_together_publish_one_policy(fresh_database, monkeypatch):
    monkeypatch.setattr(services, "_cached", {})
    together = Barrier(ASKING)

    def ask(_):
        together.wait()
        try:
            return services.current_policy(at=AT)[0].version
        finally:
            connection.close()

    with ThreadPoolExecutor(ASKING) as pool:
        versions = list(pool.map(ask, range(ASKING)))
    assert versions == [1] * ASKING
    assert PolicyVersion.objects.count() == 1
    assert Entry.objects.filter(kind="decisions.policy.published").count() == 1
