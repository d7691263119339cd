"""Features of drawing out what a model is not meant to hand over.

What is asked for and whether it was refused is decided at the provider's edge; here it
is only counted. A registered permit for such work (red team, research, benchmark)
exempts an account: these numbers are then missing, and missing raises no score.
"""

from typing import Any, Final

from ml.features.feature import Feature, Floor
from ml.features.known import Known, smoothed, some
from ml.features.sums import EXCHANGES, REFUSED, Daily, Rows, added, counted

TECHNIQUES: Final = ("reasoning", "rubric", "rewrite", "probe")
TESTING: Final = ("red-team", "research", "benchmark")
GRADING: Final = (*TESTING, "synthetic-data")
_DOUBT: Final = 10
_TEN_MINUTES: Final = 600
_THREE_DAYS: Final = 3 * 86_400
# A wrapper that was given up after so many exchanges was a try.
_TRY: Final = 3
# Fewer tries than this are no search.
_SEARCH: Final = 3


def asked(known: Known) -> Any:
    """Return account_id and counts of exchanges of 30 days, by what the edge decided.

    `judged` exchanges were judged for what they ask, `answered` ones for refusal.
    """
    rows = known.sums(EXCHANGES, 30)
    return rows.group_by("account_id").aggregate(
        judged=rows.judged.sum().cast("int64"),
        reasoning=rows.reasoning.sum().cast("int64"),
        rubric=rows.rubric.sum().cast("int64"),
        probes=rows.probes.sum().cast("int64"),
        answered=rows.answered.sum().cast("int64"),
        refused=rows.unanswered.sum().cast("int64"),
    )


def rephrasings(known: Known) -> Any:
    """Return account_id, refused, again: refusals of 30 days, and those asked again.

    A refusal counts as asked again when within the same ten minutes another wording
    was sent that agrees with it in the first minimum of its MinHash: two prompts do so
    with a chance equal to their likeness. Reads sketches, never a text.
    """
    days = known.sums(REPHRASINGS, 30)
    return days.group_by("account_id").aggregate(
        refused=days.refused.sum().cast("int64"), again=days.again.sum().cast("int64")
    )


def _rephrasings(rows: Rows) -> Any:
    """Return account_id, refused, again; no ten minutes are of two days."""
    exchanges = rows.exchanges
    exchanges = exchanges.filter(
        exchanges.sketch.notnull(), exchanges.minhash.length() > 0
    )
    each = exchanges.select(
        "account_id",
        "sketch",
        slot=exchanges.occurred_at.epoch_seconds() // _TEN_MINUTES,
        first=exchanges.minhash[0],
        bad=exchanges.safety.isin(REFUSED).ifelse(1, 0),
    )
    place = ["account_id", "slot", "first"]
    near = each.semi_join(each.filter(each.bad == 1), place)
    wordings = near.group_by([*place, "sketch"]).aggregate(bad=near.bad.sum())
    cells = wordings.group_by(place).aggregate(
        refused=wordings.bad.sum(), others=wordings.count() - 1
    )
    again = (cells.refused < cells.others).ifelse(cells.refused, cells.others)
    cells = cells.mutate(again=again)
    return cells.group_by("account_id").aggregate(
        refused=cells.refused.sum().cast("int64"), again=cells.again.sum().cast("int64")
    )


def techniques(known: Known) -> Any:
    """Return account_id, kinds, tried, spent, top: wrappers that elicit, of 30 days.

    `kinds` counts such scaffolds, `tried` those given up after three exchanges at
    most, `spent` the exchanges of these, `top` the most exchanges of one scaffold in
    three days that began no earlier than the first try.
    """
    days = known.sums(TRIES, 30)
    slots = added(days, ["account_id", "scaffold", "slot"])
    each = slots.group_by("account_id", "scaffold").aggregate(
        n=slots.n.sum().cast("int64"), peak=slots.n.max(), slot=slots.slot.max()
    )
    given_up = each.filter(each.n <= _TRY)
    starts = given_up.group_by("account_id").aggregate(
        tried=given_up.count(),
        spent=given_up.n.sum().cast("int64"),
        start=given_up.slot.min(),
    )
    joined = each.left_join(starts, "account_id")
    later = (joined.n > _TRY) & (joined.slot >= joined.start)
    return joined.group_by("account_id").aggregate(
        kinds=joined.count(),
        tried=joined.tried.max().fill_null(0),
        spent=joined.spent.max().fill_null(0),
        top=joined.peak.max(where=later).fill_null(0),
    )


def _tries(rows: Rows) -> Any:
    """Return account_id, scaffold, slot of three days, n: exchanges that elicit."""
    exchanges = rows.exchanges
    exchanges = exchanges.filter(
        exchanges.elicits.isin(TECHNIQUES), exchanges.scaffold.notnull()
    )
    slot = exchanges.occurred_at.epoch_seconds() // _THREE_DAYS
    return counted(exchanges.mutate(slot=slot), "scaffold", "slot")


REPHRASINGS: Final = Daily("rephrasings", (30,), _rephrasings)
TRIES: Final = Daily("tries", (30,), _tries)


def scale(totals: Any) -> Any:
    """How many times the exchanges of a search its outcome was then used; 1 if none."""
    found = (totals.top + _DOUBT) / (totals.spent + _DOUBT)
    searched = (totals.tried >= _SEARCH) & (totals.top > totals.spent)
    return some(totals.kinds, searched.ifelse(found, 1.0))


FEATURES: Final = (
    Feature(
        name="elicited_reasoning_ratio_30d",
        family="SHP",
        code="SHP-01",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Requests for written-out reasoning",
        analyst_text="{value} of exchanges in 30 days ask to write out the reasoning.",
        misleads="Explainability, audit logging and teaching ask for the same.",
        missing="the edge judged no exchange in 30 days, or a permit covers such work",
        source=asked,
        value=lambda t: smoothed(t.reasoning, t.judged, doubt=_DOUBT),
        floor=Floor("exchange_count_30d", 20),
        customer_safe_key="usage_pattern",
        exempt=GRADING,
    ),
    Feature(
        name="elicited_rubric_ratio_30d",
        family="SHP",
        code="SHP-02",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Requests to grade by a rubric",
        analyst_text="{value} of exchanges in 30 days ask to grade by a rubric.",
        misleads="Evaluations that let a model judge are common.",
        missing="no exchange of 30 days was judged by the edge, or a permit covers it",
        source=asked,
        value=lambda t: smoothed(t.rubric, t.judged, doubt=_DOUBT),
        floor=Floor("exchange_count_30d", 20),
        customer_safe_key="usage_pattern",
        exempt=GRADING,
    ),
    Feature(
        name="refused_ratio_30d",
        family="SHP",
        code="SHP-07",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Refused requests",
        analyst_text="{value} of exchanges in 30 days were refused or blocked.",
        misleads="Refusals are often mistakes; medicine and security meet many.",
        missing="no exchange of 30 days was checked for refusal, or a permit exempts",
        source=asked,
        value=lambda t: smoothed(t.refused, t.answered, doubt=50),
        floor=Floor("exchange_count_30d", 50),
        exempt=TESTING,
    ),
    Feature(
        name="rephrased_refusal_ratio_30d",
        family="SHP",
        code="SHP-08",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Refusals followed by another wording",
        analyst_text=(
            "{value} of refusals in 30 days were followed within ten minutes by "
            "another wording of the same request."
        ),
        misleads="People explain themselves when a harmless question is refused.",
        missing="no refusal of a prompt with a sketch in 30 days, or a permit exempts",
        source=rephrasings,
        value=lambda t: smoothed(t.again, t.refused, doubt=_DOUBT),
        floor=Floor("exchange_count_30d", 50),
        exempt=TESTING,
    ),
    Feature(
        name="tried_technique_count_30d",
        family="SHP",
        code="SHP-09",
        group="usage",
        unit="count",
        window="30d",
        direction=1,
        label="Ways of asking that were tried and given up",
        analyst_text=(
            "Prompt wrappers that draw out reasoning, rubrics or limits, "
            "given up after three exchanges at most: {value}."
        ),
        misleads="Whoever learns to write prompts tries many of them.",
        missing="no wrapper that elicits anything in 30 days, or a permit exempts",
        source=techniques,
        value=lambda t: some(t.kinds, t.tried),
        floor=Floor("exchange_count_30d", 50),
        exempt=TESTING,
    ),
    Feature(
        name="scaled_technique_times_30d",
        family="SHP",
        code="SHP-10",
        group="usage",
        unit="times",
        window="30d",
        direction=1,
        label="One way of asking scaled up after a search",
        analyst_text=(
            "After a search, one way of asking was used {value} times as often as all "
            "tries together."
        ),
        misleads="Every product is prompts tried first and one of them then used.",
        missing="nothing that elicits was wrapped in 30 days, or a permit exempts",
        source=techniques,
        value=scale,
        floor=Floor("exchange_count_30d", 200),
        customer_safe_key="usage_pattern",
        exempt=TESTING,
    ),
    Feature(
        name="probe_ratio_30d",
        family="SHP",
        code="SHP-11",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Probes of the model's quality",
        analyst_text="{value} of exchanges in 30 days probe the model itself.",
        misleads="Regression suites and monitoring send the same probes every day.",
        missing="the edge judged nothing in 30 days, or a permit covers probes",
        source=asked,
        value=lambda t: smoothed(t.probes, t.judged, doubt=50),
        floor=Floor("exchange_count_30d", 50),
        exempt=TESTING,
    ),
)
