import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rings", "0004_evidence_over_passes")]

    operations = [
        migrations.AddField(
            "ringrun",
            "basis",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="rings.ringrun",
            ),
        ),
    ]
