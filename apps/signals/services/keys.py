"""Exactly once by (account_id, event_id): keys of the last days, claimed in order."""

from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from numpy.typing import NDArray

from apps.signals.services import lines

# The endpoint refuses rows older than LATE; keys outlive them by a day.
LATE: Final = timedelta(days=7)
KEPT: Final = timedelta(days=8)
NEW, DUPLICATE, CONFLICT = 0, 1, 2
_COLUMNS: Final = "account_id, event_id, digest, occurred_at"
_INCOMING: Final = """
CREATE TEMP TABLE IF NOT EXISTS incoming_eventkey (
    place integer, account_id text, event_id text, digest bigint,
    occurred_at timestamptz
) ON COMMIT DELETE ROWS
"""
# The places of keys that were not free are looked for only when there are some.
_CLAIM: Final = f"""
WITH fresh AS (
    INSERT INTO signals_eventkey ({_COLUMNS}) SELECT {_COLUMNS} FROM incoming_eventkey
    ON CONFLICT DO NOTHING RETURNING account_id, event_id
)
SELECT CASE WHEN (SELECT count(*) FROM fresh) < %s THEN (
    SELECT array_agg(place) FROM incoming_eventkey
    LEFT JOIN fresh USING (account_id, event_id) WHERE fresh.account_id IS NULL
) END
"""
_HELD: Final = """
SELECT place FROM incoming_eventkey i JOIN signals_eventkey k
USING (account_id, event_id) WHERE place = ANY(%s) AND i.digest = k.digest
"""


def claim(keys: pa.Table) -> NDArray[np.int8]:
    """Claim distinct keys inside the caller's transaction; say what became of each.

    `keys` has account_id, event_id, digest and occurred_at. The answer holds NEW for a
    key that was free, DUPLICATE for one held with the same digest, else CONFLICT. Keys
    are claimed in order, so that of two transactions that want the same keys one waits
    and neither blocks the other.
    """
    verdicts = np.full(keys.num_rows, NEW, dtype=np.int8)
    if keys.num_rows == 0:
        return verdicts
    _send(keys)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [keys.num_rows])
        taken = cursor.fetchone()[0] or []
        if taken:
            cursor.execute(_HELD, [taken])
            verdicts[taken] = CONFLICT
            verdicts[[place for (place,) in cursor.fetchall()]] = DUPLICATE
    return verdicts


def _send(keys: pa.Table) -> None:
    """Fill this connection's temporary table anew; a commit empties it."""
    with connection.cursor() as cursor:
        cursor.execute(_INCOMING)
        cursor.execute("TRUNCATE incoming_eventkey")
    plain = keys.select(["account_id", "event_id", "digest"])
    columns = {
        "place": pa.array(np.arange(keys.num_rows)).cast(pa.string()),
        **lines.texts(plain),
        "occurred_at": lines.moments(keys["occurred_at"].combine_chunks()),
    }
    order = pc.sort_indices(
        plain, [("account_id", "ascending"), ("event_id", "ascending")]
    )
    lines.copy_in("incoming_eventkey", columns, order)


def prune(*, at: datetime) -> int:
    """Delete keys of facts that the endpoint would refuse as too late; count them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM signals_eventkey WHERE occurred_at < %s", [at - KEPT]
        )
        return cursor.rowcount
