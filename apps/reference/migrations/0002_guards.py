from django.db import migrations

from apps.audit.migrations_sql import must_audit
from apps.core.migrations_sql import append_only


class Migration(migrations.Migration):
    dependencies = [("reference", "0001_initial"), ("audit", "0001_initial")]
    operations = [
        *append_only("reference_referenceset"),
        *must_audit("reference_referenceset", "reference_set"),
        *must_audit(
            "reference_activereference",
            "active_reference",
            id_column="name",
            version_column="revision",
        ),
    ]
