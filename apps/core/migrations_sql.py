"""SQL that migrations share: tables whose rows are written once."""

from django.db import migrations

_FUNCTION = """
CREATE OR REPLACE FUNCTION kycrisk_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""
_TRIGGERS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION kycrisk_append_only();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION kycrisk_append_only();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only_whole;
"""
_DROP = """
DROP TRIGGER append_only ON {table};
DROP TRIGGER append_only_whole ON {table};
"""
_REVOKE = """
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'kycrisk_app') THEN
        REVOKE {rights} ON {table} FROM kycrisk_app;
    END IF;
END $$;
"""


def append_only(table: str, also_app_insert: bool = True) -> list[migrations.RunSQL]:
    """Return operations that make a table append-only for everybody.

    Triggers refuse UPDATE, DELETE and TRUNCATE, the owner's too, and stay active
    for replication; the serving role has no such right in the first place. With
    `also_app_insert=False` it may not even insert.
    """
    rights = ["UPDATE", "DELETE", "TRUNCATE", *([] if also_app_insert else ["INSERT"])]
    return [
        migrations.RunSQL(
            _FUNCTION + _TRIGGERS.format(table=table), _DROP.format(table=table)
        ),
        migrations.RunSQL(
            _REVOKE.format(table=table, rights=", ".join(rights)),
            migrations.RunSQL.noop,
        ),
    ]
