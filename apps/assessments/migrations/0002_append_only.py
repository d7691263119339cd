from django.db import migrations

from apps.audit.migrations_sql import must_audit
from apps.core.migrations_sql import append_only


class Migration(migrations.Migration):
    dependencies = [("assessments", "0001_initial"), ("audit", "0001_initial")]

    operations = [
        *append_only("assessments_assessment"),
        *must_audit(
            "assessments_assessment", "assessment", chunk_column="audit_chunk"
        ),
    ]
