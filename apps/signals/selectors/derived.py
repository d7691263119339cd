"""Keys and payment methods that only events tell of, joined to those handed over.

A provider may hand over no table of keys or payment methods, or one without what
happened later; what events say is added when the tables are read, as of that moment.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

_API_KEYS: Final = """
CREATE OR REPLACE TABLE api_keys AS
WITH said AS (
    SELECT account_id, key_id,
        min(occurred_at) FILTER (type = 'api_key.created') AS made,
        min(recorded_at) FILTER (type = 'api_key.created') AS known,
        min(occurred_at) FILTER (type = 'api_key.revoked') AS ended,
        min(net) FILTER (type = 'api_key.created') AS net
    FROM events WHERE key_id IS NOT NULL GROUP BY account_id, key_id
)
SELECT account_id, key_id, coalesce(k.created_at, made) AS created_at,
    coalesce(k.recorded_at, known) AS recorded_at,
    coalesce(k.revoked_at, ended) AS revoked_at, k.environment,
    coalesce(k.created_net, net) AS created_net
FROM api_keys k FULL JOIN said USING (account_id, key_id)
WHERE coalesce(k.created_at, made) IS NOT NULL
ORDER BY account_id, key_id
"""
_PAYMENT_METHODS: Final = """
CREATE OR REPLACE TABLE payment_methods AS
WITH said AS (
    SELECT account_id, fingerprint, min(occurred_at) AS added,
        min(recorded_at) AS known, arg_min(bin, occurred_at) AS bin,
        arg_min(funding, occurred_at) AS funding,
        arg_min(country, occurred_at) AS country
    FROM events WHERE type = 'payment_method.added' AND fingerprint IS NOT NULL
    GROUP BY account_id, fingerprint
)
SELECT account_id, fingerprint, coalesce(p.added_at, added) AS added_at,
    coalesce(p.recorded_at, known) AS recorded_at, p.removed_at, p.type,
    coalesce(p.bin, said.bin) AS bin, coalesce(p.funding, said.funding) AS funding,
    coalesce(p.country, said.country) AS country
FROM payment_methods p FULL JOIN said USING (account_id, fingerprint)
ORDER BY account_id, fingerprint
"""


def add_derived(database: "duckdb.DuckDBPyConnection") -> None:
    """Complete the tables `api_keys` and `payment_methods` from `events`."""
    database.execute(_API_KEYS)
    database.execute(_PAYMENT_METHODS)
