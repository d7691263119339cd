"""Facts in, explained score out, and the proof stays: by the commands of the contract.

One small world is carried through every stage; the tests ask what then holds.
"""

import hashlib
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
LEARNED, NOW = "2026-10-12T00:00:00Z", "2026-11-01T00:00:00Z"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site that was given a tiny world, with models trained and in use."""
    folder = tmp_path_factory.mktemp("site")
    made = Site(folder / "home", folder / "world")
    made.home.mkdir()
    simulate(made.world, "tiny", 5, end=END)
    bundle = made.world / "bundle"
    made.result("refresh_reference", "--from", str(bundle / "reference"))
    made.result("import_bundle", str(bundle))
    for model in made.result("train", "--as-of", LEARNED)["models"]:
        made.result("promote", model["id"], "--no-approval")
    yield made
    made.run("reset", "--yes")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def first(site: Site) -> dict[str, Any]:
    return site.result("assess", "--as-of", NOW, "--all")


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
