"""What a benchmark plans to do, and what it refuses before anything has run."""

import dataclasses
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.management import call_command

from apps.assessments.management.commands.benchmark import _seeds
from apps.assessments.services.hydra import END, Detector, Plan, detector_of, estimate
from apps.assessments.services.hydra.home import once
from apps.assessments.services.hydra.run import steps
from apps.core.commands import Unusable
from ml.simulate.levels import TRACES

PLAN = Plan("nano", (3, 4))


@pytest.mark.parametrize("step", [1, 3, 5, 10, 20, 40])
def test_thresholds_are_set_before_anything_is_tested(step):
    plan = dataclasses.replace(PLAN, step_days=step)
    calm, test = plan.validation, plan.test

    assert calm == sorted(calm)
    assert test == sorted(test)
    assert calm[-1] == END - timedelta(days=40) < test[0]
    assert calm[0] > END - timedelta(days=50)
    assert test[-1] == END
    assert {b - a for a, b in pairwise(test)} <= {timedelta(days=step)}


def test_each_option_adds_its_worlds():
    every = tuple(sorted(TRACES))
    plan = dataclasses.replace(PLAN, knock_outs=every, transfer=True)
    names = [world.name for world in plan.worlds]

    assert len(names) == len(set(names)) == 2 * (1 + len(TRACES) + 1)
    assert [world.operators for world in plan.teachers] == ["all", "first"]
    halves = {one.operators for one in plan.worlds if "transfer" in one.name}
    assert halves == {"second"}
    assert dataclasses.replace(PLAN, scenario="zero-label").teachers == []
    assert {one.scenario for one in dataclasses.replace(PLAN, scenario="few").worlds} \
        == {"few"}  # fmt: skip


def test_more_work_is_estimated_to_take_longer():
    less = estimate(PLAN)

    assert 0 < less < estimate(dataclasses.replace(PLAN, step_days=2))
    assert less < estimate(dataclasses.replace(PLAN, tier="mini"))
    assert less < estimate(dataclasses.replace(PLAN, transfer=True))
    assert steps(PLAN) == 2 + 2 * (1 + len(PLAN.validation) + len(PLAN.test))


def test_a_step_that_failed_is_done_again(tmp_path):
    mark = tmp_path / "marks" / "one"

    def attempt(ends):
        with once(mark) as to_do:
            if not ends:
                raise RuntimeError
        return to_do

    with pytest.raises(RuntimeError):
        attempt(ends=False)
    assert [attempt(ends=True), attempt(ends=True)] == [True, False]


def test_the_detector_has_a_commit_and_a_state():
    found = detector_of()

    assert len(found.commit) == 40
    assert found == detector_of()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seeds", "a"], "numbers with commas"),
        (["--seeds", "1,2"], "trained on can't be scored"),
        (["--step-days", "0"], "from 1 to 40"),
        (["--knock-out", "colour"], "No trace is called colour"),
        (["--scenario", "riders"], "Riders need --traces"),
        (["--scenario", "few", "--transfer"], "belong to the main scenario"),
    ],
)
def test_what_can_not_be_done_is_said_at_once(words, sentence, capsys):
    with pytest.raises(SystemExit) as end:
        call_command("benchmark", "hydra", *words)
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_verdict_needs_a_detector_that_stands_still():
    still = Detector("0" * 40, changed=False, key="k")

    assert len(set(_seeds("verdict", 1, still))) == 5
    with pytest.raises(Unusable, match="uncommitted changes"):
        _seeds("verdict", 1, dataclasses.replace(still, changed=True))
