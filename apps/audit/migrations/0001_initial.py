from pathlib import Path

from django.db import migrations, models

LOG = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(LOG, "DROP SCHEMA audit CASCADE"),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("note", models.TextField(null=True)),
            ],
            options={"db_table": '"audit"."checkpoint"', "managed": False},
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("kind", models.TextField()),
                ("object_type", models.TextField()),
                ("object_id", models.TextField()),
                ("object_version", models.IntegerField()),
                ("actor_type", models.TextField()),
                ("actor_id", models.TextField()),
                ("request_id", models.TextField(null=True)),
                ("job_id", models.TextField(null=True)),
                ("body", models.BinaryField()),
                ("leaf", models.BinaryField()),
                ("mac", models.BinaryField()),
            ],
            options={"db_table": '"audit"."entry"', "managed": False},
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("idx", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.UUIDField(unique=True)),
                ("leaf", models.BinaryField()),
            ],
            options={"db_table": '"audit"."leaf"', "managed": False},
        ),
        migrations.CreateModel(
            name="Pending",
            fields=[
                ("pid", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.UUIDField()),
                ("leaf", models.BinaryField()),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": '"audit"."pending"', "managed": False},
        ),
    ]
