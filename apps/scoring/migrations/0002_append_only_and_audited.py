"""Scores and approvals never change; a model changes only with an audit entry."""

from django.db import migrations

from apps.audit.migrations_sql import must_audit
from apps.core.migrations_sql import append_only


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial"), ("audit", "0001_initial")]

    operations = [
        *append_only("scoring_score"),
        *append_only("scoring_promotionapproval"),
        *must_audit(
            "scoring_modelversion", "model_version", version_column="row_version"
        ),
        *must_audit("scoring_promotionapproval", "promotion_approval"),
    ]
