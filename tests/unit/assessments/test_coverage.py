"""What columns give, against the catalogue and the columns that there are."""

from apps.assessments.policy.coverage import additions, coverage, needs_of
from apps.assessments.policy.names import targets
from apps.core.validation import EVENT_DATA, RAW_TABLES
from ml.features import FEATURES

FAMILY = {feature.name: feature.family for feature in FEATURES}


def test_every_feature_says_what_it_needs_in_columns_that_exist():
    known = {f"{table}.{name}" for table in RAW_TABLES for name in targets(table)}
    known |= {f"events.type/{kind}" for kind in EVENT_DATA}
    for feature in FEATURES:
        ways = needs_of(feature.name)
        assert ways
        assert all(way and way <= known for way in ways), feature.name


def test_nothing_gives_nothing_and_everything_gives_everything():
    everything = set().union(*(way for name in FAMILY for way in needs_of(name)))
    assert sum(len(one.given) for one in coverage(set(), FAMILY)) == 0
    assert sum(len(one.lacking) for one in coverage(everything, FAMILY)) == 0
    assert additions(everything, FAMILY) == []


def test_what_to_add_is_what_is_lacking_and_brings_what_it_says():
    have = {"accounts.account_id", "accounts.created_at", "accounts.email"}
    lacking = {name for one in coverage(have, FAMILY) for name in one.lacking}
    found = additions(have, FAMILY)
    assert {name for _, names in found for name in names} == lacking
    for columns, names in found:
        richer = coverage(have | set(columns), FAMILY)
        given = {name for one in richer for name in one.given}
        assert set(names) <= given
    sizes = [len(names) for _, names in found]
    assert sizes == sorted(sizes, reverse=True)
