"""Words said about a case never change; no row changes without an audit entry."""

from django.db import migrations

from apps.audit.migrations_sql import must_audit
from apps.core.migrations_sql import append_only

SAID = ("impression", "disposition", "opinion", "approval", "note")


class Migration(migrations.Migration):
    dependencies = [("review", "0001_initial"), ("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE review_case_number;", "DROP SEQUENCE review_case_number;"
        ),
        *must_audit("review_case", "case", version_column="row_version"),
        *append_only("review_caseupdate"),
        *(one for name in SAID for one in append_only(f"review_{name}")),
        *(one for name in SAID for one in must_audit(f"review_{name}", name)),
    ]
