import django.db.models.deletion
from django.db import migrations, models

from apps.core.migrations_sql import append_only


class Migration(migrations.Migration):
    dependencies = [("rings", "0002_append_only")]

    operations = [
        migrations.CreateModel(
            name="RingChange",
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
                ("ring_id", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("found", "Found"),
                            ("changed", "Changed"),
                            ("split", "Split"),
                            ("merged", "Merged"),
                            ("succeeded", "Succeeded"),
                            ("ended", "Ended"),
                        ],
                        max_length=10,
                    ),
                ),
                ("other", models.CharField(blank=True, max_length=40)),
                ("joined", models.IntegerField()),
                ("left", models.IntegerField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="rings.ringrun",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["ring_id"], name="ring_change_ring"),
                    models.Index(fields=["other"], name="ring_change_other"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "ring_id"), name="one_ring_change"
                    )
                ],
            },
        ),
        *append_only("rings_ringchange"),
    ]
