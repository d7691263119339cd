"""Give 1,000 honest accounts another country, language and time zone; ask again.

Works on the world that KYCRISK_HOME holds, in the engine's memory alone. Each account
gets a rotation of country codes of its own, so that what agreed agrees and what
disagreed disagrees; names are in no table that a feature reads. The shipped models
answer before and after. Writes bench/results/swap.json.

Example:
    export KYCRISK_HOME=/tmp/swap KYCRISK_ENV=test
    .venv/bin/python manage.py simulate /tmp/world --tier nano --seed 77
    .venv/bin/python manage.py refresh_reference --from /tmp/world/bundle/reference
    .venv/bin/python manage.py import_bundle /tmp/world/bundle
    .venv/bin/python bench/swap.py /tmp/world

"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import report

os.environ["DJANGO_SETTINGS_MODULE"] = "kycrisk.settings"
sys.path.insert(0, str(Path(__file__).parent.parent))
import django

django.setup()
from apps.core import embedded  # noqa: E402 - needs the settings
from apps.signals.selectors import open_engine  # noqa: E402 - as above
from ml.features import catalogue_hash, compute  # noqa: E402 - as above
from ml.starter.measure import probabilities  # noqa: E402 - as above
from ml.starter.shipped import shipped  # noqa: E402 - as above

ACCOUNTS, SEED = 1000, 0
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
SHIPPED = ("entry", "activity")
COUNTRIES = {
    "accounts": (
        "declared_country",
        "phone_country",
        "payment_country",
        "signup_ip_country",
    ),
    "payment_methods": ("country",),
    "events": ("country",),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", type=Path)
    world = parser.parse_args().world
    embedded.ensure()
    catalogue = catalogue_hash()
    models = {kind: shipped(kind, catalogue=catalogue) for kind in SHIPPED}
    with open_engine(as_of=AS_OF) as engine:
        frame = compute(engine.backend, AS_OF)
        before = probabilities(frame, models)
        chosen = honest(sorted(before), world)
    with open_engine(as_of=AS_OF) as engine:
        changed = swap(engine.database, chosen)
        after = probabilities(compute(engine.backend, AS_OF), models)
    moved = np.abs([after[each] - before[each] for each in chosen])
    others = [abs(after[each] - before[each]) for each in before if each not in chosen]
    figures = {
        "accounts": len(chosen),
        "cells_changed": changed,
        "median": float(np.median(moved)),
        "most": float(moved.max()),
        "most_of_others": max(others),
        "spread_of_probabilities": float(np.std(list(before.values()))),
    }
    print(figures)
    print(report.write("swap", seed=SEED, figures=figures))


def honest(known: list[str], world: Path) -> list[str]:
    """Draw honest accounts; the truth says who they are."""
    path = world / "truth/accounts.parquet"
    table = pq.read_table(path, columns=["account_id", "class"])
    good = {row["account_id"] for row in table.to_pylist() if row["class"] == "honest"}
    among = [each for each in known if each in good]
    rng = np.random.default_rng(SEED)
    return sorted(rng.choice(among, min(ACCOUNTS, len(among)), replace=False).tolist())


def swap(database: Any, chosen: list[str]) -> int:
    """Change every country, zone and language of the accounts; count the cells."""
    rng = np.random.default_rng(SEED + 1)
    codes = places(database)
    rows = []
    for account in chosen:
        step = int(rng.integers(1, len(codes)))
        rotated = codes[step:] + codes[:step]
        rows += [
            {"account_id": account, "old": old, "new": new}
            for old, new in zip(codes, rotated, strict=True)
        ]
    database.register("incoming", pa.Table.from_pylist(rows))
    database.execute("CREATE TABLE swapped AS SELECT * FROM incoming")
    changed = 0
    for table, columns in COUNTRIES.items():
        for column in columns:
            # names of tables and columns are this file's own
            found = database.execute(
                f"UPDATE {table} SET {column} = s.new FROM swapped s"
                f" WHERE s.account_id = {table}.account_id AND s.old = {column}"
            ).fetchone()
            changed += int(found[0])
    found = database.execute(
        "UPDATE accounts SET signup_timezone = 'Etc/GMT-5' WHERE account_id IN"
        " (SELECT account_id FROM swapped) AND signup_timezone IS NOT NULL"
    ).fetchone()
    return changed + int(found[0]) + languages(database)


def places(database: Any) -> list[str]:
    """Return every country code of the world."""
    parts = [
        f"SELECT {column} AS code FROM {table}"
        for table, columns in COUNTRIES.items()
        for column in columns
    ]
    rows = database.execute(" UNION ".join(parts)).fetchall()
    return sorted(code for (code,) in rows if code is not None)


def languages(database: Any) -> int:
    """Rename the languages of the accounts' exchanges, each into another one."""
    count = database.execute(
        "SELECT count(*) FROM usage WHERE language_bucket IS NOT NULL AND account_id IN"
        " (SELECT account_id FROM swapped)"
    ).fetchone()
    database.execute("CREATE TABLE said AS SELECT * FROM usage")
    for part in ("usage", "usage_7d", "usage_30d"):  # questions fall back on the whole
        database.execute(f"DROP VIEW {part}")
    database.execute("ALTER TABLE said RENAME TO usage")
    database.execute(
        "UPDATE usage SET language_bucket = 'x-' || language_bucket WHERE account_id IN"
        " (SELECT account_id FROM swapped)"
    )
    return int(count[0])


if __name__ == "__main__":
    main()
