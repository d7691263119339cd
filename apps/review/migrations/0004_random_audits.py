"""A lane for accounts that chance chose, beside an account's case about abuse."""

import django.db.models.deletion
from django.db import migrations, models

LANES = [
    ("harm", "Harm running"),
    ("waiting", "Customer waiting"),
    ("ring", "Rings"),
    ("sanctions", "Sanctions"),
    ("audit", "Random audit"),
]
OPEN = models.Q(("state", "closed"), _negated=True)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_guards"),
        ("decisions", "0002_append_only"),
        ("scoring", "0003_random_audits"),
        ("review", "0003_sanctions"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="case", name="one_open_case_per_account"
        ),
        migrations.AddField(
            model_name="case",
            name="draw",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scoring.auditdraw",
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="lane",
            field=models.CharField(choices=LANES, max_length=10),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    OPEN,
                    models.Q(("lane__in", ("sanctions", "audit")), _negated=True),
                ),
                fields=("account",),
                name="one_open_case_per_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lane", "audit"), OPEN),
                fields=("account",),
                name="one_open_audit_case",
            ),
        ),
    ]
