"""A schema in which the running role may make the embedded broker's tables."""

from django.db import migrations

MAKE = """
CREATE SCHEMA IF NOT EXISTS broker;
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'kycrisk_app') THEN
        GRANT USAGE, CREATE ON SCHEMA broker TO kycrisk_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(MAKE, migrations.RunSQL.noop)]
