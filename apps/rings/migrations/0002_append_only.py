from django.db import migrations

from apps.audit.migrations_sql import must_audit
from apps.core.migrations_sql import append_only


class Migration(migrations.Migration):
    dependencies = [("rings", "0001_initial"), ("audit", "0001_initial")]

    operations = [
        *append_only("rings_ringrun"),
        *must_audit("rings_ringrun", "ring_run"),
        *append_only("rings_ring"),
        *append_only("rings_membership"),
    ]
