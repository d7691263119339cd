from django.db import migrations

from apps.audit.migrations_sql import must_audit
from apps.core.migrations_sql import append_only


class Migration(migrations.Migration):
    dependencies = [("decisions", "0001_initial"), ("audit", "0001_initial")]

    operations = [
        *append_only("decisions_decision"),
        *must_audit(
            "decisions_policyversion", "policy", version_column="row_version"
        ),
    ]
