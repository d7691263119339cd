"""Charts say what their tables say; CSV cells run nowhere."""

import csv
import io
import math
import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from apps.review.choices import Answer
from apps.review.presenters import charts, evidence, keyfacts
from apps.review.presenters.csv import FORMULA, guarded, rows_as_csv
from apps.review.presenters.model import model_view, parts_of, points_of
from apps.review.presenters.notice import effects, notice_text
from apps.review.presenters.paging import with_values
from apps.review.selectors.facts import Connection

AT = datetime(2026, 11, 1, tzinfo=UTC)
numbers = st.floats(-5, 5)
INTERNAL = re.compile(
    r"score|model|%|threshold|percentile|ring|detector", re.IGNORECASE
)


def made_score(parts, own, joined, ring_id=None, company=None):
    names = [f"feature_{at}" for at in range(len(parts) - 1)]
    return SimpleNamespace(
        contributions=parts,
        features=[math.nan if at % 3 == 0 else 1.5 for at in range(len(names))],
        own_probability=own,
        probability=joined,
        low=max(0.0, own - 0.1),
        high=min(1.0, own + 0.1),
        ring_id=ring_id,
        ring_probability=0.9,
        company=company,
        reasons=[],
        model=SimpleNamespace(manifest={"columns": names}, kind="entry", version=1),
    )


@given(
    st.lists(numbers, min_size=2, max_size=40),
    st.floats(0.001, 0.999),
    st.floats(0.0, 0.999),
    st.sampled_from([None, "ring_x"]),
    st.none() | st.floats(0.0, 20.0),
)
def test_a_waterfall_ends_on_the_shown_probability(parts, own, ring, where, company):
    odds = own / (1 - own) * math.exp(company or 0.0)
    alone = odds / (1 + odds)
    if company is not None and where is None:
        ring = 0.0
    joined = min(1 - (1 - alone) * (1 - ring), 1 - 1e-12)
    steps = parts_of(made_score(parts, own, joined, where, company), {})
    total = sum(part.points for part in steps)
    assert total == pytest.approx(points_of(joined), abs=0.05)
    assert 1 / (1 + 10 ** (-total / 10)) == pytest.approx(joined, abs=0.005)
    # neither ever lowers
    assert all(one.points >= -1e-9 for one in steps if "ompany" in one.label)
    assert all(one.points >= -1e-9 for one in steps if "its ring" in one.label)


def test_charts_carry_no_style_and_no_script():
    view = model_view(made_score([0.5, -1.2, 2.0, -3.0], 0.3, 0.6, "ring_x"), {})
    days = charts.days([(date(2026, 1, 1), 3), (date(2026, 1, 2), 0)], what="Tokens")
    past = charts.history(
        [(date(2026, 1, 1) + timedelta(days=at), 0.1, 0.2, 0.3) for at in range(3)]
    )
    for chart in (view.dots, view.waterfall, days, past):
        assert "style" not in chart.svg
        assert "<script" not in chart.svg
        assert 'aria-hidden="true"' in chart.svg
        assert chart.rows
        assert len(chart.svg) < 16_000
        assert all(len(row) == len(chart.head) for row in chart.rows)


def test_labels_are_escaped_in_drawings():
    parts = [charts.Part("<img src=x>", 2.0), charts.Part("b", -1.0)]
    chart = charts.waterfall(parts, total=1.0, answer="55 %")
    assert "<img" not in chart.svg


@given(st.floats(0, 1), st.floats(0, 1))
def test_there_are_always_a_hundred_dots(one, other):
    low, high = sorted((one, other))
    drawn = charts.dots(low, high).svg
    assert drawn.count("<circle") == 100
    assert drawn.count("dot full") == round(low * 100)


@given(st.text(max_size=30))
def test_no_csv_cell_starts_a_formula(text):
    lines = "".join(rows_as_csv(("head",), [(text,), ("plain",)]))
    rows = list(csv.reader(io.StringIO(lines, newline="")))
    assert rows[-1] == ["plain"]
    assert not guarded(text).startswith(FORMULA)
    assert guarded(text).endswith(text)


@pytest.mark.parametrize("answer", Answer)
def test_every_answer_tells_its_effects(answer):
    assert effects(answer)


@pytest.mark.parametrize("answer", ["limit", "ask", "hold", "suspend", "terminate"])
@pytest.mark.parametrize("reasons", [["LNK-81", "SHP-81"], ["SAN-81"], ["PAY-81"]])
def test_notices_are_short_keep_the_method_and_offer_redress(answer, reasons):
    text = notice_text(
        answer=answer,
        reasons=reasons,
        reference="C-7Q2M",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert len(text.split()) <= 180
    assert not INTERNAL.search(text)
    assert "If we have this wrong" in text
    assert ("Why:" in text) == (reasons != ["SAN-81"])


def test_a_link_keeps_the_filter_and_drops_what_is_empty():
    query = QueryDict("plan=team&offset=50")
    assert with_values(query, offset="", sort="age") == "plan=team&sort=age"


def test_the_link_that_tells_most_is_shown_first_by_rarity_then_by_count():
    def linked(*others: tuple[str, int]) -> str:
        rows = [Connection(kind, "v", AT, count) for kind, count in others]
        fact = keyfacts._links(SimpleNamespace(connections=rows, accounts_total=2_000))
        return f"{fact.value} {fact.detail}"

    assert linked(("device", 0), ("net", 900)) == "No one nothing uncommon is shared"
    assert linked(("organization", 2)) == "No one nothing uncommon is shared"
    assert linked(("net", 900), ("device", 7)) == "7 accounts by device"
    assert (
        linked(("device", 7), ("card", 1), ("ip", 2)) == "2 accounts by network address"
    )


def test_colleagues_are_no_evidence_of_abuse():
    rows = [Connection(kind, "v", AT, 2) for kind in ("organization", "device")]
    facts = SimpleNamespace(connections=rows, accounts_total=2_000)
    told = [item.text for item in evidence._shared(facts)]
    assert told == ["Same device as 2 other accounts"]
