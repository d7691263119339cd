"""A last value can hold the outcome itself; a bundle without history must not teach it.

Every account is drawn from the same lot, then half are called abuse and their plan,
payment and checks are set as a provider's last export would show them after the ban.
"""

import csv
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from ml.evaluate import roc_auc
from tests.integration.assessments.site import Site

pytestmark = pytest.mark.slow
ACCOUNTS = 4000
START = datetime(2026, 6, 1, tzinfo=UTC)
LEARNED = START + timedelta(days=60)  # labels of the even accounts are known by then
NOW = LEARNED + timedelta(days=30)
BANNED = {
    "plan": "closed",
    "payment_type": "none",
    "email_verified": "false",
    "phone_verified": "false",
    "contract": "false",
}
ACTIVE = {
    "plan": "pro",
    "payment_type": "card",
    "email_verified": "true",
    "phone_verified": "true",
    "contract": "true",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("snapshot")
    made = Site(folder / "home", folder / "bundle")
    made.world.mkdir()
    yield made
    made.remove()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_final_plan_that_encodes_the_label_teaches_nothing(site: Site):
    abusive = _write_bundle(site.world)
    imported = site.run("import_bundle", str(site.world))
    assert imported.code == 0, imported.messages
    assert "history" in imported.messages  # the importer warns
    trained = site.result("train", "--as-of", _text(LEARNED), "--kind", "entry")
    for model in trained["models"]:
        site.result("promote", model["id"], "--no-approval")
    site.result("assess", "--as-of", _text(NOW), "--all")
    path = site.home / "scores.parquet"
    site.result("export_scores", "--as-of", _text(NOW), str(path))
    rows = [
        (row["raw_margin"], row["account_id"] in abusive)
        for row in pq.read_table(path).to_pylist()
        if int(row["account_id"][1:]) % 2
    ]
    assert len(rows) == ACCOUNTS // 2
    margins, labels = np.array(rows, dtype=float).T
    assert roc_auc(labels, margins) == pytest.approx(0.5, abs=0.03)


def _write_bundle(folder: Path) -> set[str]:
    """Write accounts and outcomes; return the accounts that are abuse."""
    chance = random.Random(1)
    names = [f"a{number:05}" for number in range(ACCOUNTS)]
    abusive = {name for name in names if chance.random() < 0.5}
    _table(folder / "accounts.csv", [_account(n, n in abusive, chance) for n in names])
    _table(folder / "outcomes.csv", [_outcome(n, n in abusive) for n in names])
    return abusive


def _account(name: str, abuse: bool, chance: random.Random) -> dict[str, Any]:
    """Draw sign-up columns that know nothing of the label, and last values that do."""
    created = START + timedelta(minutes=chance.randrange(59 * 24 * 60))
    return {
        "account_id": name,
        "created_at": _text(created),
        "kind": chance.choice(["individual", "organization"]),
        "email": f"{name}@{chance.choice(['gmail.com', 'acme.example'])}",
        "signup_form_ms": chance.randrange(1_000, 90_000),
        "signup_device_id": f"device-{chance.randrange(3 * ACCOUNTS)}",
        "signup_timezone": chance.choice(["Europe/Berlin", "America/Lima"]),
        **(BANNED if abuse else ACTIVE),
    }


def _outcome(name: str, abuse: bool) -> dict[str, Any]:
    known = LEARNED - timedelta(hours=1) if int(name[1:]) % 2 == 0 else NOW
    return {
        "outcome_id": f"o{name}",
        "account_id": name,
        "label": "confirmed_abuse" if abuse else "confirmed_legitimate",
        "source": "investigation",
        "observed_at": _text(known),
        "known_at": _text(known),
    }


def _table(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
