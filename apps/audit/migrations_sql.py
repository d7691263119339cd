"""For migrations of other apps: a table whose every change needs an entry.

Such a migration depends on ("audit", "0001_initial").
"""

from collections.abc import Sequence

from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation

_FUNCTION = """
CREATE FUNCTION audit.must_{table}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $must$
BEGIN
{unbumped}{chunked}  IF EXISTS (SELECT FROM audit.once
    WHERE object_type = '{object_type}' AND object_id = NEW.{id_column}::text
      AND object_version = {version})
  THEN RETURN NULL; END IF;
  RAISE EXCEPTION 'a change of % % was not recorded in the audit log',
    '{object_type}', NEW.{id_column} USING ERRCODE = 'integrity_constraint_violation';
END $must$;
CREATE CONSTRAINT TRIGGER must_audit AFTER INSERT OR UPDATE ON {table}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.must_{table}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER must_audit;
"""
_UNBUMPED = """  IF TG_OP = 'UPDATE' AND NEW.{column} = OLD.{column} THEN
    IF to_jsonb(NEW) - ARRAY[{free}]::text[] = to_jsonb(OLD) - ARRAY[{free}]::text[]
    THEN RETURN NULL; END IF;
    RAISE EXCEPTION '% % changed without a new %', '{object_type}', NEW.{id_column},
      '{column}' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
"""
_CHUNKED = """  IF NEW.{column} IS NOT NULL AND EXISTS (SELECT FROM audit.once
    WHERE object_type = '{object_type}_chunk' AND object_id = NEW.{column}::text)
  THEN RETURN NULL; END IF;
"""


def must_audit(
    table: str,
    object_type: str,
    *,
    id_column: str = "id",
    version_column: str | None = None,
    chunk_column: str | None = None,
    free_columns: Sequence[str] = (),
) -> list[Operation]:
    """Make COMMIT fail for a row of `table` that has no entry for its version.

    Without `version_column` rows are written once, as version 1. With it, an UPDATE
    must also raise the version, unless it touches only `free_columns` (a lease, a last
    sign-in: what is no part of the record). A row whose `chunk_column` is set is
    covered by the entry of its chunk (services.record_chunk). The database checks that
    an entry exists; verify_audit checks that it says what the row says.
    """
    names = {"table": table, "object_type": object_type, "id_column": id_column}
    free = ", ".join(f"'{column}'" for column in free_columns)
    forward = _FUNCTION.format(
        **names,
        version=f"NEW.{version_column}" if version_column else "1",
        unbumped=_UNBUMPED.format(**names, column=version_column, free=free)
        if version_column
        else "",
        chunked=_CHUNKED.format(**names, column=chunk_column) if chunk_column else "",
    )
    backward = (
        f"DROP TRIGGER must_audit ON {table}; DROP FUNCTION audit.must_{table}();"
    )
    return [RunSQL(forward, backward)]
