"""Facts in, explained score out, and the proof stays: by the commands of the contract.

One small world is carried through every stage; the tests ask what then holds.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ml.simulate import simulate
from tests.integration.assessments.site import Site

pytestmark = pytest.mark.slow
END = datetime(2026, 11, 1, tzinfo=UTC)
EARLY, LEARNED, NOW = "2026-10-01", "2026-10-30", "2026-11-01T00:00:00Z"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site that was given a tiny world without a single outcome."""
    folder = tmp_path_factory.mktemp("site")
    made = Site(folder / "home", folder / "world")
    simulate(made.world, "tiny", 5, end=END)
    shutil.rmtree(made.world / "truth")  # nobody but a scorer may need it
    bundle = made.world / "bundle"
    (bundle / "outcomes.parquet").rename(made.world / "outcomes.parquet")
    made.result("refresh_reference", "--from", str(bundle / "reference"))
    made.result("import_bundle", str(bundle))
    yield made
    made.remove()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def unlabelled(site: Site) -> dict[str, Any]:
    """Return what was exported while no label was known, and what else was said."""
    trained = site.result("train", "--as-of", EARLY)
    assessed = site.result("assess", "--as-of", EARLY, "--all")
    path = site.home / "unlabelled.parquet"
    site.result("export_scores", "--as-of", EARLY, str(path))
    rows = pq.read_table(path).to_pylist()
    worst = max(rows, key=lambda row: row["probability"])["account_id"]
    told = site.home / "worst.json"
    site.result("explain", worst, "--as-of", EARLY, "--output", str(told))
    return {
        "trained": trained,
        "assessed": assessed,
        "rows": rows,
        "told": json.loads(told.read_text()),
    }


@pytest.fixture(scope="module")
def first(site: Site, unlabelled: dict[str, Any]) -> dict[str, Any]:
    """Return a pass by models of the site's own, once labels were handed over."""
    bundle = site.world / "bundle"
    (site.world / "outcomes.parquet").rename(bundle / "outcomes.parquet")
    site.result("import_bundle", str(bundle))
    models = site.result("train", "--as-of", LEARNED)["models"]
    assert {model["kind"] for model in models} == {"entry", "activity"}
    for model in models:
        site.result("promote", model["id"], "--no-approval")
    return site.result("assess", "--as-of", NOW, "--all")


def test_without_a_label_everybody_is_scored_and_explained(unlabelled: dict[str, Any]):
    rows = unlabelled["rows"]
    assert len(rows) == unlabelled["assessed"]["accounts"] > 300
    for row in rows:
        assert 0.0 < row["probability"] < 1.0
        assert math.isfinite(row["raw_margin"])
        assert row["reasons"]


def test_without_a_label_the_machine_only_observes_and_asks(unlabelled: dict[str, Any]):
    actions = {row["action"] for row in unlabelled["rows"]}
    assert "review" in actions
    assert actions <= {"allow", "observe", "review"}
    assert unlabelled["told"]["control"]["adaptation"] == "starter"


def test_training_without_labels_says_what_is_needed(unlabelled: dict[str, Any]):
    trained = unlabelled["trained"]
    assert trained["models"] == []
    reasons = {one["kind"]: one["reason"] for one in trained["skipped"]}
    assert set(reasons) == {"entry", "activity", "ring"}
    assert "200 are needed, so the model in use stays" in reasons["activity"]


def exported(site: Site, name: str) -> tuple[Path, str]:
    path = site.home / f"{name}.parquet"
    site.result(f"export_{name}", "--as-of", NOW, str(path))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_everybody_who_existed_is_assessed_once(site: Site, first: dict[str, Any]):
    assert first["stored"] == first["accounts"] > 400
    table = pq.read_table(exported(site, "scores")[0])
    ids = table.column("account_id").to_pylist()
    assert ids == sorted(set(ids))
    assert len(ids) == first["accounts"]
    assert all(0 <= one <= 1 for one in table.column("probability").to_pylist())


def test_doing_everything_again_changes_nothing(site: Site, first: dict[str, Any]):
    before = exported(site, "scores")[1], exported(site, "rings")[1]
    site.forget()
    again = site.result("import_bundle", str(site.world / "bundle"))
    assert sum(table["accepted"] for table in again["tables"].values()) == 0
    second = site.result("assess", "--as-of", NOW, "--all")
    assert second == first | {"stored": 0}
    assert (exported(site, "scores")[1], exported(site, "rings")[1]) == before


def test_rings_hold_one_membership_an_account(site: Site, first: dict[str, Any]):
    table = pq.read_table(exported(site, "rings")[0])
    ids = table.column("account_id").to_pylist()
    assert ids == sorted(set(ids))
    levels = set(table.column("membership").to_pylist())
    assert levels <= {"core", "likely", "periphery", "bystander"}


def test_a_stored_assessment_is_replayed_bit_by_bit(site: Site, first: dict[str, Any]):
    site.result("replay", "--all")


def test_the_log_is_clean_until_a_row_is_touched(site: Site, first: dict[str, Any]):
    site.result("verify_audit", "--full")
    site.sql(
        "ALTER TABLE scoring_score DISABLE TRIGGER USER;"
        "UPDATE scoring_score SET probability = probability + 1e-15 WHERE id ="
        " (SELECT score_id FROM assessments_assessment ORDER BY id LIMIT 1);"
        "ALTER TABLE scoring_score ENABLE TRIGGER USER;"
    )
    done = site.run("verify_audit", "--full")
    assert done.code == 1
    assert "assessment" in done.messages + str(done.result)


def test_an_export_of_an_unassessed_moment_says_what_to_do(site: Site):
    path = site.home / "never.parquet"
    done = site.run("export_scores", "--as-of", "2026-10-20T00:00:00Z", str(path))
    assert done.code == 2
    assert "run `assess`" in done.messages
    assert not path.exists()
