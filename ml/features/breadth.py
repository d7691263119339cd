"""Features of breadth: how many kinds of work, languages and sizes an account brings.

Honest production systems are narrow too, so most of these may point either way and
are left to models that learn from a site's own labels.
"""

from typing import Any, Final

from ml.features.feature import Feature, Floor
from ml.features.known import Known, equal_share, pairs_of, some, unequal_share
from ml.features.sums import EXCHANGES, SHAPES, WINDOWS, Daily, Rows, counted

_LEAST_SIZES: Final = 20
_TYPICAL: Final = 1000  # requests of doubt, beside the mean of a plan


def schemas(known: Known) -> Any:
    """Return account_id, pairs, equal: of answer schemas and tool sets of 30 days."""
    return pairs_of(known.sums(SHAPES, 30), ["shape"])


def categories(known: Known) -> Any:
    """Return account_id, pairs, equal: of content categories of 30 days."""
    return pairs_of(known.sums(CATEGORIES, 30), ["category"])


def languages(known: Known) -> Any:
    """Return account_id, pairs, equal: of language buckets of 30 days; never which."""
    return pairs_of(known.sums(LANGUAGES, 30), ["language_bucket"])


def sizes(known: Known) -> Any:
    """Return account_id, n, total, squares: input sizes of 30 days, in 16 tokens."""
    rows = known.sums(EXCHANGES, 30)
    return rows.group_by("account_id").aggregate(
        n=rows.requests.sum().cast("int64"),
        total=rows["size"].sum().cast("int64"),
        squares=rows.squares.sum().cast("float64"),
    )


def size_spread(totals: Any) -> Any:
    """Squared variation of input sizes; 0 when all are alike."""
    total = totals.total.cast("float64")
    value = totals.n * totals.squares / (total * total) - 1.0
    return (totals.n >= _LEAST_SIZES).ifelse(value, None)


def plans(known: Known) -> Any:
    """Return account_id, requests, accounts, all: of 7 days, and of its plan.

    `accounts` of the same plan and channel sent `all` requests together.
    """
    exchanges = _requests(known.sums(EXCHANGES, 7, everybody=True))
    rows = exchanges.union(_requests(known.sums(WINDOWS, 7, everybody=True)))
    # where windows stand beside a sample of their exchanges, the larger counts
    rows = rows.group_by("account_id").aggregate(requests=rows.requests.max())
    accounts = known.table("accounts", "created_at", everybody=True)
    accounts = accounts.select(
        "account_id",
        plan=accounts.plan.fill_null(""),
        channel=accounts.channel.fill_null(""),
    )
    rows = rows.join(accounts, "account_id")
    strata = rows.group_by("plan", "channel").aggregate(
        accounts=rows.count(), all=rows.requests.sum().cast("int64")
    )
    if known.account_ids is not None:
        rows = rows.filter(rows.account_id.isin(known.account_ids))
    return rows.join(strata, ["plan", "channel"])


def _requests(days: Any) -> Any:
    return days.group_by("account_id").aggregate(
        requests=days.requests.sum().cast("int64")
    )


def _categories(rows: Rows) -> Any:
    exchanges = rows.exchanges
    return counted(exchanges.filter(exchanges.category.notnull()), "category")


def _languages(rows: Rows) -> Any:
    exchanges = rows.exchanges
    known = exchanges.filter(exchanges.language_bucket.notnull())
    return counted(known, "language_bucket")


CATEGORIES: Final = Daily("categories", (30,), _categories)
LANGUAGES: Final = Daily("languages", (30,), _languages)

FEATURES: Final = (
    Feature(
        name="plan_volume_times_7d",
        family="VOL",
        code="VOL-06",
        group="usage",
        unit="times",
        window="7d",
        direction=0,
        label="Volume for its plan",
        analyst_text=(
            "It sends {value} times the requests of an average account of its plan."
        ),
        misleads="Growing customers outgrow their plan before they change it.",
        missing="no request in 7 days to compare with its plan",
        source=plans,
        value=lambda t: (
            (t.requests + _TYPICAL) * t.accounts / (t["all"] + _TYPICAL * t.accounts)
        ),
        floor=Floor("request_count_7d", 100),
    ),
    Feature(
        name="pinned_schema_ratio_30d",
        family="SHP",
        code="SHP-12",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="One fixed answer schema",
        analyst_text="{value} of pairs of structured exchanges share schema or tools.",
        misleads="A finished product has one schema for its answers.",
        missing="no two exchanges with a schema or tools in 30 days",
        source=schemas,
        value=equal_share,
        floor=Floor("exchange_count_30d", 50),
    ),
    Feature(
        name="category_focus_ratio_30d",
        family="SHP",
        code="SHP-13",
        group="usage",
        unit="share",
        window="30d",
        direction=0,
        label="Focus on one category of content",
        analyst_text="{value} of pairs of exchanges are of the same category.",
        misleads="Most products do one thing.",
        missing="no two exchanges with a category in 30 days",
        source=categories,
        value=equal_share,
        floor=Floor("exchange_count_30d", 50),
    ),
    Feature(
        name="language_change_ratio_30d",
        family="SHP",
        code="SHP-14",
        group="usage",
        unit="share",
        window="30d",
        direction=0,
        label="Change of languages",
        analyst_text="{value} of pairs of exchanges are in different languages.",
        misleads="Bilingual people, translators and products for the whole world.",
        missing="no two exchanges with a language bucket in 30 days",
        source=languages,
        value=unequal_share,
        floor=Floor("exchange_count_30d", 50),
    ),
    Feature(
        name="input_size_spread_times_30d",
        family="SHP",
        code="SHP-15",
        group="usage",
        unit="times",
        window="30d",
        direction=0,
        label="Variation of prompt sizes",
        analyst_text="Prompt sizes vary by {value}; 0 means that all are alike.",
        misleads="A product with one kind of document has prompts of one size.",
        missing="fewer than 20 exchanges in 30 days",
        source=sizes,
        value=lambda t: some(t.n, size_spread(t)),
        floor=Floor("exchange_count_30d", 50),
    ),
)
