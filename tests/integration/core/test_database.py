"""The databases that tests (and the product) run on."""

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from apps.core.models import Job
from tests.databases import Database


def _whoami() -> tuple[str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        row = cursor.fetchone()
    return str(row[0]), bool(row[1])


@pytest.mark.django_db
def test_the_product_runs_as_a_role_that_may_not_change_tables() -> None:
    assert _whoami() == ("kycrisk_app", False)
    with pytest.raises(ProgrammingError), transaction.atomic():
        connection.cursor().execute("ALTER TABLE core_job ADD COLUMN x int")
    assert Job.objects.count() == 0


@pytest.mark.django_db
def test_no_superuser_can_log_in() -> None:
    url = Database("postgres").url.replace("kycrisk_app", "postgres")
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(url)


def test_a_fresh_database_has_tables_and_real_commits(fresh_database: Database) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE broker.sample (id int)")
    with psycopg.connect(fresh_database.url) as other:
        assert other.execute("SELECT count(*) FROM broker.sample").fetchone() == (0,)
        assert other.execute("SELECT count(*) FROM core_job").fetchone() == (0,)
