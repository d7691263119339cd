"""The document: complete, adding up, free of what must not be shown."""

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.reports.presenters import build
from apps.reports.presenters.words import ACTIONS, EVENT
from tests.unit.reports.samples import make_sources, snapshot

SECTIONS = [
    "schema", "title", "control", "summary", "subject", "facts", "model",
    "procedure", "review", "linkage", "integrity", "limits", "glossary",
]  # fmt: skip


def test_every_section_is_there_and_plain_json(sources):
    document = build(sources)
    assert list(document) == SECTIONS
    assert json.loads(json.dumps(document)) == document
    assert document["summary"]["lines"][0].startswith(ACTIONS["hold"])
    assert document["model"]["event"] == EVENT
    assert document["control"]["snapshot_sha256"] == sources.sha256


def test_equal_sources_give_an_equal_document(sources):
    assert build(sources) == build(make_sources(snapshot()))


def test_bars_run_from_the_base_to_the_shown_probability(sources):
    model = build(sources)["model"]
    bars = model["bars"]
    assert bars[0]["key"] == "base"
    assert [bar["key"] for bar in bars[-2:]] == ["calibration", "group"]
    for before, after in pairwise(bars):
        assert after["start"] == before["end"]
    odds = 10 ** (bars[-1]["end"] / 10)
    assert math.isclose(odds / (1 + odds), model["probability"], rel_tol=1e-12)
    assert model["sum_check"]["holds"]


NO_RING = {"ring_id": None, "agreement": 0.0}


@pytest.mark.parametrize(
    ("ring", "keys"),
    [
        ({"company": 1.2}, ["calibration", "company", "group"]),
        (
            {"company": 1.2, "ring_id": None, "agreement": 0.0},
            ["calibration", "company"],
        ),
        ({"ring_id": None, "agreement": 1.0}, ["calibration", "group"]),  # of old
        ({"company": 60.0}, ["calibration", "company", "group"]),  # a bound cuts it
    ],
)
def test_bars_of_ring_and_company_add_up(ring, keys):
    content = snapshot()
    part = content["score"]["ring"] | ring
    own = content["score"]["own_probability"]
    raised = own * math.exp(part.get("company", 0.0))
    alone = raised / (1 - own + raised)
    joined = min(1 - (1 - alone) * (1 - part["probability"] * part["agreement"]),
                 1 - 1e-12)  # fmt: skip
    content["score"] |= {"ring": part, "probability": joined}
    model = build(make_sources(content))["model"]
    assert [bar["key"] for bar in model["bars"][-len(keys) :]] == keys
    assert model["sum_check"]["holds"]
    assert all(bar["points"] >= 0 for bar in model["bars"][-len(keys) + 1 :])


def test_company_is_told_with_its_values_beside_a_ring_and_alone():
    values = [{"kind": "scaffold", "view": "shape", "elsewhere": 7, "points": 4.2}]
    part = snapshot()["score"]["ring"] | {"company": 1.0, "company_values": values}
    both = build(make_sources(snapshot(), ring=part))
    assert [one["elsewhere"] for one in both["linkage"]["company"]] == [7]
    said = " ".join(both["summary"]["lines"])
    assert "one operator" in said
    assert "rare values" in said
    alone = build(make_sources(snapshot(), ring=part | {"ring_id": None}))
    said = " ".join(alone["summary"]["lines"])
    assert "one operator" not in said
    assert "rare values" in said


@given(st.floats(1e-6, 1.0))
def test_a_sum_that_misses_is_said_to_miss(gap):
    content = snapshot()
    content["score"]["margin"] += gap
    check = build(make_sources(content))["model"]["sum_check"]
    assert not check["holds"]
    assert math.isclose(check["margin_gap"], gap, rel_tol=1e-6)


def test_what_is_missing_counts_as_missing_data(sources):
    model = build(sources)["model"]
    [bar] = [bar for bar in model["bars"] if bar["key"] == "DAT"]
    missing = [one for one in model["contributions"] if one["missing"]]
    assert math.isclose(bar["log_odds"], sum(one["log_odds"] for one in missing))
    assert {one["value"] for one in missing} == {"missing"}
    assert {one["percentile"] for one in missing} == {None}


def test_contributions_have_value_percentile_and_sentence(sources):
    [one] = [
        one
        for one in build(sources)["model"]["contributions"]
        if one["name"] == "account_age_days"
    ]
    assert (one["raw"], one["value"], one["percentile"]) == (3.5, "3.5", 35)
    assert "3.5" in one["sentence"]


def test_the_values_that_others_share_are_not_shown(sources):
    text = json.dumps(build(sources))
    assert "must-not-show" not in text
    assert build(sources)["linkage"]["shared"][0]["members"] == 9


def test_without_ring_people_and_proof_the_document_says_so():
    content = snapshot()
    content["score"]["ring"] = None
    content["score"]["probability"] = content["score"]["own_probability"]
    document = build(make_sources(content, ring=None, human=(), entry_id=None))
    assert document["linkage"] is None
    assert document["review"] == []
    assert document["integrity"]["proof"] is None
    assert "No person has judged" in document["summary"]["lines"][-1]
    assert [bar["key"] for bar in document["model"]["bars"]][-1] == "calibration"
    assert document["model"]["sum_check"]["holds"]


def test_rules_say_which_of_them_matched(sources):
    rules = build(sources)["procedure"]["rules"]
    assert {rule["code"]: rule["matched"] for rule in rules} == {
        "R-RING-HOLD": True,
        "R-PERMITTED": False,
    }
    contrast = build(sources)["procedure"]["contrast"]
    assert (
        contrast
        == "By its probability alone: below 50% it would not have led to review."
    )
