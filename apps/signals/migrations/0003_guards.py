"""Facts are written once, and every outcome is in the audit log."""

from django.db import migrations

from apps.audit.migrations_sql import must_audit
from apps.core.migrations_sql import append_only

FACTS = ("signals_event", "signals_outcome", "signals_providerevent")


class Migration(migrations.Migration):
    dependencies = [("signals", "0002_hot_tables"), ("audit", "0001_initial")]
    operations = [
        *(one for table in FACTS for one in append_only(table)),
        *must_audit(
            "signals_outcome", "outcome", id_column="outcome_id", chunk_column="chunk"
        ),
    ]
