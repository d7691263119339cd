"""The product never opens the truth of a world, whoever else could."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml.simulate import simulate
from tests.integration.assessments.site import ROOT, Site

pytestmark = pytest.mark.slow
AS_OF = "2026-10-20T00:00:00Z"
# Native code opens files that Python does not hear of, but it stumbles over this.
TRAP = b"no table of any kind"
# Python tells of every file that it opens, also in threads and in imported modules.
LISTENING = """
import json, sys
opened = set()
def hear(event, arguments):
    if event in {"open", "os.listdir", "os.scandir"} and arguments[0] is not None:
        opened.add(str(arguments[0]))
sys.addaudithook(hear)
import manage
words, told = json.loads(sys.stdin.read())
for one in words:
    try:
        sys.argv = ["manage.py", *one]
        manage.main()
    except SystemExit as end:
        assert not end.code, (one, end.code)
with open(told, "w") as file:
    json.dump(sorted(opened), file)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("apart")
    made = Site(folder / "home", folder / "world")
    simulate(made.world, "tiny", 5)
    for path in (made.world / "truth").iterdir():
        path.write_bytes(TRAP)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def opened(site):
    """Run the product on a world; return the files that its process opened."""
    told = site.home / "opened.json"
    bundle = str(site.world / "bundle")
    words = [
        ["refresh_reference", "--from", f"{bundle}/reference"],
        ["import_bundle", bundle],
        ["assess", "--as-of", AS_OF, "--all"],
        ["export_scores", "--as-of", AS_OF, str(site.home / "scores.parquet")],
        ["export_rings", "--as-of", AS_OF, str(site.home / "rings.parquet")],
        ["benchmark_candidates", "--as-of", AS_OF, str(site.home / "pairs.parquet")],
    ]
    done = subprocess.run(
        [sys.executable, "-c", LISTENING],
        cwd=ROOT,
        env=site.environment,
        input=json.dumps([words, str(told)]),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return set(json.loads(told.read_text()))


def test_no_path_of_the_truth_was_opened(site, opened):
    assert any(name.startswith(str(site.home)) for name in opened)
    assert [name for name in opened if "truth" in Path(name).parts] == []


def test_no_library_read_the_truth_either(site, opened):
    """Every command has succeeded although no engine can read what lies there."""
    files = list((site.world / "truth").iterdir())
    assert len(files) >= 4
    for path in files:
        assert path.read_bytes() == TRAP
        with pytest.raises(pa.ArrowInvalid):
            pq.read_table(path)
        with pytest.raises(duckdb.InvalidInputException):
            duckdb.sql(f"SELECT * FROM read_parquet('{path}')")


def test_the_scores_cover_everybody_without_it(site, opened):
    rows = pq.read_table(site.home / "scores.parquet")
    assert rows.num_rows > 300
    assert set(pq.read_schema(site.home / "pairs.parquet").names) == {
        "left", "right", "weight", "views",
    }  # fmt: skip
