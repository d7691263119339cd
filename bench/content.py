"""Counts and checksums of all that an import stored in KYCRISK_HOME, as JSON.

Checksums are over sorted content, or are sums over rows, so that the order in which
rows came does not matter. What is sealed differs each time and is only counted. Values
that are found by keyed hashes are equal where two homes have the same keys.

Example: KYCRISK_HOME=/tmp/bench .venv/bin/python bench/content.py
"""

import json
from datetime import UTC, datetime

from commands import ready

AS_OF = datetime(2100, 1, 1, tzinfo=UTC)
USAGE = ("usage", "usage_window")
# Each row as one text, in the order of the texts' bytes.
STORED = {
    "versions": """
        SELECT account.account_id || version.digest::text || version.valid_from::text
        FROM customers_accountversion version
        JOIN customers_account account ON account.id = version.account_id""",
    "values": """
        SELECT account.account_id || sight.kind || sight.value::text
            || sight.seen_at::text
        FROM customers_accountvalue sight
        JOIN customers_account account ON account.id = sight.account_id""",
    "events": """
        SELECT account.account_id || event.event_id || event.digest::text
        FROM signals_event event
        JOIN customers_account account ON account.id = event.account_id""",
}
CHECKSUM = """
SELECT count(*), md5(string_agg(text, '' ORDER BY text COLLATE "C"))
FROM ({}) AS given (text)
"""
SEALED = "SELECT count(*), count(DISTINCT subject) FROM customers_vaultvalue"


def main() -> None:
    ready()
    from django.db import connection

    from apps.signals.selectors import open_engine

    found = {}
    with open_engine(as_of=AS_OF) as engine:
        for name in USAGE:
            [row] = engine.arrow(
                "SELECT count(*) AS rows, count(DISTINCT event_id) AS ids,"
                f" sum(hash({name})::HUGEINT)::VARCHAR AS checksum FROM {name}"
            ).to_pylist()
            found[name] = row
    with connection.cursor() as cursor:
        for name, texts in STORED.items():
            cursor.execute(CHECKSUM.format(texts))
            count, checksum = cursor.fetchone()
            found[name] = {"rows": count, "checksum": checksum}
        cursor.execute(SEALED)
        count, subjects = cursor.fetchone()
        found["sealed"] = {"rows": count, "subjects": subjects}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
