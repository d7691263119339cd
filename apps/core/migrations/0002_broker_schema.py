"""The embedded broker's tables, as Kombu's SQLAlchemy transport would make them.

Made here and not by it: several processes that start at once would do so in a race.
"""

from django.db import migrations

MAKE = """
CREATE SCHEMA IF NOT EXISTS broker;
CREATE SEQUENCE broker.queue_id_sequence;
CREATE SEQUENCE broker.message_id_sequence;
CREATE TABLE broker.kombu_queue (
    id integer PRIMARY KEY, name varchar(200) UNIQUE
);
CREATE TABLE broker.kombu_message (
    id integer PRIMARY KEY,
    visible boolean,
    "timestamp" timestamp,
    payload text NOT NULL,
    version smallint NOT NULL,
    queue_id integer REFERENCES broker.kombu_queue (id)
);
CREATE INDEX ON broker.kombu_message (queue_id, "timestamp", id) WHERE visible;
INSERT INTO broker.kombu_queue (id, name)
    VALUES (nextval('broker.queue_id_sequence'), 'kycrisk'),
           (nextval('broker.queue_id_sequence'), 'quick');
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'kycrisk_app') THEN
        GRANT USAGE, CREATE ON SCHEMA broker TO kycrisk_app;
        GRANT ALL ON ALL TABLES IN SCHEMA broker TO kycrisk_app;
        GRANT ALL ON ALL SEQUENCES IN SCHEMA broker TO kycrisk_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(MAKE, "DROP SCHEMA broker CASCADE")]
