from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rings", "0003_ring_change")]

    operations = [
        migrations.AddField("ring", "e_value", models.FloatField(null=True)),
        migrations.AddField("ring", "log_e", models.FloatField(null=True)),
        migrations.AddField("ring", "tested_to", models.DateTimeField(null=True)),
        migrations.AddField("ring", "confirmed", models.BooleanField(default=False)),
    ]
