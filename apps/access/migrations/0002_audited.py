"""Staff and service keys change only together with an entry of the audit log."""

from django.db import migrations

from apps.audit.migrations_sql import must_audit


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial"), ("audit", "0001_initial")]
    operations = [
        # A password and a last sign-in are no part of the record.
        *must_audit(
            "access_user",
            "user",
            version_column="row_version",
            free_columns=["password", "last_login"],
        ),
        *must_audit("access_servicekey", "service_key", version_column="row_version"),
    ]
