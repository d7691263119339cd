"""The files beside the code are those it was shipped with, and fit its catalogue."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from ml.features import FEATURES, catalogue_hash
from ml.manifest import ModelFileError
from ml.model import RiskModel
from ml.starter.shipped import FOLDER, KINDS, REBUILD, at_home, shipped

DIRECTIONS = {feature.name: feature.direction for feature in FEATURES}
MEGABYTE = 1_000_000


@pytest.fixture(scope="module", params=["entry", "activity"])
def model(request: pytest.FixtureRequest) -> RiskModel:
    return shipped(request.param, catalogue=catalogue_hash())


def test_the_catalogue_is_the_one_that_the_starter_learnt_from() -> None:
    assert set(KINDS) == {"entry", "activity"}
    for kind in KINDS:
        try:
            shipped(kind, catalogue=catalogue_hash())
        except ModelFileError as error:
            pytest.fail(f"{error.detail} Run {REBUILD} and commit ml/starter.")


def test_both_kinds_are_small_and_say_what_they_are(model: RiskModel) -> None:
    assert model.manifest.adaptation == "starter"
    rows = model.manifest.rows
    assert rows["worlds"] >= 8
    assert rows["held_out_worlds"] >= 4
    sizes = [path.stat().st_size for path in FOLDER.glob("*.*")]
    assert sum(sizes) < MEGABYTE


def test_every_input_points_the_way_that_the_catalogue_fixed(model: RiskModel) -> None:
    for feature in model.manifest.features:
        assert feature.direction == DIRECTIONS[feature.name] != 0


def test_golden_answers_hold_on_this_machine(model: RiskModel) -> None:
    again = at_home(model)
    assert again.manifest.golden.rows == model.manifest.golden.rows
    assert replace_golden(again, model) == model.manifest


def replace_golden(one: RiskModel, other: RiskModel):
    import msgspec

    kept = {"golden": other.manifest.golden, "libraries": other.manifest.libraries}
    return msgspec.structs.replace(one.manifest, **kept)


def test_a_changed_answer_is_noticed(model: RiskModel) -> None:
    import msgspec

    golden = model.manifest.golden
    moved = (golden.margins[0] + 1e-6, *golden.margins[1:])
    wrong = msgspec.structs.replace(
        model.manifest, golden=msgspec.structs.replace(golden, margins=moved)
    )
    with pytest.raises(ModelFileError, match="golden"):
        at_home(replace(model, manifest=wrong))


def test_a_missing_value_never_says_more_than_the_median(model: RiskModel) -> None:
    """Contract 5.12, on each feature of accounts of many kinds."""
    rows = np.array(model.manifest.golden.rows)
    read = model.manifest.calibration.probability
    for at, feature in enumerate(model.manifest.features):
        missing, median = rows.copy(), rows.copy()
        missing[:, at], median[:, at] = np.nan, feature.grid[50]
        pairs = zip(model.margins(missing), model.margins(median), strict=True)
        assert all(read(one) <= read(other) + 0.01 for one, other in pairs)


def test_an_account_of_which_nothing_is_known_is_allowed(model: RiskModel) -> None:
    nothing = np.full((1, len(model.names)), np.nan)
    assert model.manifest.calibration.probability(model.margins(nothing)[0]) < 0.02


@pytest.mark.parametrize("name", ["entry.json", "entry.txt"])
@pytest.mark.parametrize("at", [0, 0.3, 0.7, 1])
def test_a_file_with_one_other_byte_is_never_parsed(tmp_path, name: str, at: float):
    copy = tmp_path / "starter"
    shutil.copytree(FOLDER, copy)
    content = bytearray((copy / name).read_bytes())
    content[int(at * (len(content) - 1))] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ModelFileError, match="not the file that was shipped"):
        shipped("entry", catalogue=catalogue_hash(), folder=copy)


def test_a_lost_file_and_another_catalogue_are_refused(tmp_path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read"):
        shipped("entry", catalogue=catalogue_hash(), folder=tmp_path)
    with pytest.raises(ModelFileError, match="rebuild it with"):
        shipped("entry", catalogue="another")
