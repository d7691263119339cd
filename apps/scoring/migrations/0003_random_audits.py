"""Accounts that chance chose for a review, and how likely that was; never changed."""

import django.db.models.deletion
from django.db import migrations, models

from apps.audit.migrations_sql import must_audit
from apps.core.migrations_sql import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_guards"),
        ("scoring", "0002_append_only_and_audited"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditDraw",
            fields=[
                (
                    "id",
                    models.CharField(max_length=40, primary_key=True, serialize=False),
                ),
                ("asked", models.BooleanField()),
                ("top", models.BooleanField()),
                ("frame", models.IntegerField()),
                ("chance", models.FloatField()),
                ("drawn_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.account",
                    ),
                ),
                (
                    "score",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scoring.score",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["drawn_at"], name="audit_drawn_at")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("chance__gt", 0.0), ("chance__lte", 1.0)),
                        name="chance_of_a_draw",
                    )
                ],
            },
        ),
        *append_only("scoring_auditdraw"),
        *must_audit("scoring_auditdraw", "audit_draw"),
    ]
