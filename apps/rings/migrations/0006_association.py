import django.db.models.deletion
from django.db import migrations, models

from apps.core.migrations_sql import append_only


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_guards"), ("rings", "0005_basis")]

    operations = [
        migrations.CreateModel(
            name="Association",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("probability", models.FloatField()),
                ("log_odds", models.FloatField()),
                ("own", models.FloatField()),
                ("values", models.JSONField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.account",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="associations",
                        to="rings.ringrun",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account"], name="association_account")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "account"), name="one_association"
                    )
                ],
            },
        ),
        *append_only("rings_association"),
    ]
