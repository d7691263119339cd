"""The world and its judge stay apart from what they judge."""

import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ml.benchmark import mixed, verdict_seeds
from ml.benchmark.verdict import DETECTOR, WORLD
from ml.provenance import CODE

ROOT = Path(__file__).parents[3]
# From the commit that brought this file on, a change of the worlds stands in a commit
# of its own. A file, not a hash: a shallow or rewritten history has other hashes.
FROZEN = "ml/simulate/scenarios.py"


def test_paths_of_the_detector_exist():
    assert [path for path in (*DETECTOR, *WORLD) if not (ROOT / path).exists()] == []


def test_what_makes_a_model_is_of_the_detector():
    assert [one for one in CODE if f"ml/{one}.py" not in DETECTOR] == []


def test_a_change_of_both_is_seen():
    assert mixed(["ml/simulate/levels.py", "apps/rings/services.py"])
    assert mixed(["README.md", "ml/model.py", "ml/simulate/world.py"])
    assert not mixed(["ml/simulate/levels.py", "ml/benchmark/judge.py", "docs/a.md"])
    assert not mixed(["ml/rings/find.py", "ml/simulate_other/x.py"])
    assert not mixed([])


def _git(*words):
    return subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_no_commit_mixes_worlds_with_their_detector():
    """A world that changes together with its detector may have been changed for it."""
    begun = _git("log", "--diff-filter=A", "--format=%H", "--", FROZEN)
    if begun.returncode:
        return  # an export without history: nothing was committed here
    listed = _git("log", f"{begun.stdout.split()[-1]}..HEAD", "--no-merges",
                  "--name-only", "--format=%x00%h")  # fmt: skip
    assert listed.returncode == 0
    commits = [part.split() for part in listed.stdout.split("\0") if part.strip()]

    assert [commit[0] for commit in commits if mixed(commit[1:])] == []


@given(st.text("0123456789abcdef", min_size=40, max_size=40))
def test_verdict_seeds_follow_from_the_commit(commit):
    seeds = verdict_seeds(commit, 5)

    assert seeds == verdict_seeds(commit, 5)
    assert len(set(seeds)) == 5
    assert all(0 <= seed < 2**48 for seed in seeds)
    other = commit[:-1] + ("0" if commit[-1] != "0" else "1")
    assert not set(seeds) & set(verdict_seeds(other, 5))
