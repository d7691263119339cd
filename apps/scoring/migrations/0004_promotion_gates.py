"""What the gates said when somebody agreed to a model, and why they overruled one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scoring", "0003_random_audits")]

    operations = [
        migrations.AddField(
            model_name="promotionapproval",
            name="gates",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="promotionapproval",
            name="reason",
            field=models.TextField(blank=True, default=""),
        ),
    ]
