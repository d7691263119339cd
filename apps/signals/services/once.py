"""Insert rows that may be there already: PostgreSQL decides, the digest tells why."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connection

from apps.signals.choices import Verdict

_INSERT: Final = """
WITH incoming AS MATERIALIZED (
    SELECT * FROM unnest({arrays}) WITH ORDINALITY AS r({names}, place)
), fresh AS (
    INSERT INTO {table} ({names}) SELECT {names} FROM incoming ORDER BY place
    ON CONFLICT DO NOTHING RETURNING {keys}
)
SELECT place FROM incoming LEFT JOIN fresh USING ({keys})
WHERE fresh.{key} IS NULL
"""
_HELD: Final = """
SELECT r.place, t.digest = r.digest
FROM unnest({arrays}, %s::bigint[]) AS r({keys}, digest, place)
JOIN {table} t USING ({keys})
"""


def insert_once(
    *,
    table: str,
    types: Mapping[str, str],
    keys: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> list[Verdict]:
    """Insert rows with distinct keys; say for each whether it was new.

    `types` names the columns in order with their PostgreSQL types; `digest` (bytea) is
    one of them and tells a duplicate from another body under the same key.
    """
    verdicts = [Verdict.ACCEPTED] * len(rows)
    if not rows:
        return verdicts
    columns = dict(zip(types, map(list, zip(*rows, strict=True)), strict=True))
    listed = ", ".join(keys)
    insert = _INSERT.format(
        arrays=", ".join(f"%s::{kind}[]" for kind in types.values()),
        names=", ".join(types),
        table=table,
        keys=listed,
        key=keys[0],
    )
    with connection.cursor() as cursor:
        cursor.execute(insert, list(columns.values()))
        taken = [place - 1 for (place,) in cursor.fetchall()]
        if taken:
            compared = [*keys, "digest"]
            held = _HELD.format(
                arrays=", ".join(f"%s::{types[name]}[]" for name in compared),
                keys=listed,
                table=table,
            )
            given = [[columns[name][place] for place in taken] for name in compared]
            cursor.execute(held, [*given, taken])
            for place, same in cursor.fetchall():
                verdicts[place] = Verdict.DUPLICATE if same else Verdict.CONFLICT
    return verdicts
