"""The catalogue is complete, and refuses to be anything else."""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from ml.features import CUSTOMER_TEXTS, EVIDENCE, FEATURES, NAMES, catalogue_hash
from ml.features.catalogue import COLUMNS
from ml.features.feature import CatalogueError, Floor, check

AGE = FEATURES[0]


def test_names_come_in_the_order_of_the_catalogue() -> None:
    assert (*FEATURES, *EVIDENCE) == COLUMNS
    assert tuple(item.name for item in COLUMNS) == NAMES
    assert len(set(NAMES)) == len(NAMES)


def test_codes_of_a_family_are_numbered_without_gaps() -> None:
    for family, count in Counter(feature.family for feature in FEATURES).items():
        codes = sorted(item.code for item in FEATURES if item.family == family)
        assert codes == [f"{family}-{at:02}" for at in range(1, count + 1)]


def test_catalogue_hash_is_pinned_to_these_definitions() -> None:
    """Change this only with DEFINITIONS or the list itself: old models are refused."""
    assert catalogue_hash() == "6d28efc96aea5bbb"


def test_every_customer_text_is_used_and_names_no_method() -> None:
    used = {feature.customer_safe_key for feature in FEATURES}
    assert used - {None} == set(CUSTOMER_TEXTS)
    for text in CUSTOMER_TEXTS.values():
        assert "{value}" not in text
        assert not any(word in text.lower() for word in ("ring", "score", "other acc"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"label": ""}, "label is missing"),
        ({"misleads": ""}, "misleads is missing"),
        ({"missing": ""}, "missing is missing"),
        ({"analyst_text": "Opened long ago."}, "lacks {value}"),
        ({"name": "age"}, "grammar"),
        ({"code": "IDN-1"}, "form FAM-NN"),
        ({"code": "PAY-01"}, "another family"),
        ({"family": "XXX", "code": "XXX-01"}, "unknown family"),
        ({"direction": 2}, "direction"),
        ({"unit": "bananas"}, "unknown unit"),
        ({"window": "8d"}, "unknown window"),
        ({"group": "usage"}, "source"),
        ({"customer_safe_key": "secret"}, "unknown customer text"),
        ({"floor": Floor("nothing", 1)}, "unknown evidence"),
    ],
)
def test_an_incomplete_feature_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(CatalogueError, match=problem):
        check([replace(AGE, **change)], EVIDENCE)


@pytest.mark.parametrize("what", ["name", "code", "label", "analyst_text", "misleads"])
def test_nothing_is_said_twice(what: str) -> None:
    other = FEATURES[1]
    twin = replace(other, **{what: getattr(AGE, what)})
    with pytest.raises(CatalogueError, match=f"{what} is used twice"):
        check([AGE, twin], EVIDENCE)


def test_a_sentence_tells_the_value_or_why_it_is_missing() -> None:
    for feature in FEATURES:
        assert "{" not in feature.tell(0.5)
        assert feature.missing in feature.tell(float("nan"))
    assert AGE.tell(12.345) == "The account was opened 12.3 days ago."


def test_a_sentence_is_right_of_one_as_of_many():
    counts = [one for one in FEATURES if one.unit in {"count", "accounts"}]
    assert len(counts) > 10
    for feature in counts:
        told = feature.tell(1.0)
        assert not re.search(r"\b1 [a-z ]*[a-z]s\b", told), told
