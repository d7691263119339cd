import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.features import percentiles, place
from ml.frames import FeatureFrame


def frame(*columns: list[float]) -> FeatureFrame:
    values = np.array(columns).T
    ids = tuple(str(at) for at in range(len(values)))
    names = tuple(f"feature_{at}" for at in range(len(columns)))
    return FeatureFrame(ids, names, values, np.ones(len(values), dtype=bool))


def test_a_grid_has_the_quantiles_of_the_known_values_only() -> None:
    grids = percentiles(frame([*range(101), np.nan], [np.nan] * 102))
    assert grids == {"feature_0": [float(value) for value in range(101)]}


def test_the_most_common_value_stands_in_the_middle_of_its_holders() -> None:
    grids = percentiles(frame([0.0] * 80 + [5.0] * 20))
    assert place(grids, "feature_0", 0.0) == pytest.approx(40, abs=1)
    assert place(grids, "feature_0", 5.0) == pytest.approx(90, abs=1)
    assert place(grids, "feature_0", 9.0) == 100
    assert np.isnan(place(grids, "feature_0", np.nan))
    assert np.isnan(place(grids, "unknown", 1.0))


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200),
    st.floats(-2e6, 2e6),
    st.floats(0, 1e6),
)
def test_a_higher_value_never_stands_lower(
    known: list[float], value: float, more: float
) -> None:
    grids = percentiles(frame(known))
    low = place(grids, "feature_0", value)
    high = place(grids, "feature_0", value + more)
    assert 0 <= low <= high <= 100
