"""Features of volume, keys and clients; and how much was seen at all."""

from typing import Any, Final

from ml.features.feature import Evidence, Feature, Floor
from ml.features.known import Known, pairs_of, smoothed, some, unequal_share
from ml.features.sums import CLIENTS, EXCHANGES, WINDOWS

_DAY: Final = 86_400


def volume(known: Known) -> Any:
    """Return account_id and requests of the last day, week and 30 days, and before.

    `before` counts the 30 days less the last; `span` is its length in hours, from the
    account's first active hour on.
    """
    rows = known.hours(30, longest=_DAY)
    now = known.now.hour
    day, week = now - 24, now - 7 * 24
    return rows.group_by("account_id").aggregate(
        last_day=rows.requests.sum(where=rows.hour > day).fill_null(0).cast("int64"),
        last_week=rows.requests.sum(where=rows.hour > week).fill_null(0).cast("int64"),
        requests=rows.requests.sum().cast("int64"),
        before=rows.requests.sum(where=rows.hour <= day).fill_null(0).cast("int64"),
        span=day + 1 - rows.hour.min(),
    )


def tokens(known: Known) -> Any:
    """Return account_id, requests, refused (429), input, output: sums of 7 days."""
    columns = ("requests", "refused", "input", "output")
    rows = known.sums(EXCHANGES, 7).select("account_id", *columns)
    rows = rows.union(known.sums(WINDOWS, 7).select("account_id", *columns))
    return rows.group_by("account_id").aggregate(
        **{name: rows[name].sum().cast("int64") for name in columns}
    )


def singles(known: Known) -> Any:
    """Return account_id, week, month, named: exchanges seen one by one.

    `named` counts exchanges of 30 days that name an end user.
    """
    month = known.sums(EXCHANGES, 30)
    month = month.group_by("account_id").aggregate(
        month=month.requests.sum().cast("int64"), named=month.named.sum().cast("int64")
    )
    week = known.sums(EXCHANGES, 7)
    week = week.group_by("account_id").aggregate(week=week.requests.sum().cast("int64"))
    rows = month.left_join(week, "account_id")
    return rows.select("account_id", "month", "named", week=rows.week.fill_null(0))


def keys(known: Known) -> Any:
    """Return account_id, keys, fresh, oldest: API keys, those of 7 days, age in s."""
    rows = known.table("api_keys", "created_at")
    rows = rows.group_by("account_id", "key_id").aggregate(
        created=rows.created_at.min().epoch_seconds()
    )
    now = known.now.seconds
    return rows.group_by("account_id").aggregate(
        keys=rows.count(),
        fresh=rows.count(where=rows.created > now - 7 * _DAY),
        oldest=now - rows.created.min(),
    )


def clients(known: Known) -> Any:
    """Return account_id, pairs, equal: of the client stacks seen in 7 days."""
    return pairs_of(known.sums(CLIENTS, 7), ["client"])


EVIDENCE: Final = (
    Evidence(
        name="request_count_7d",
        label="Requests in 7 days",
        group="usage",
        window="7d",
        source=volume,
        value=lambda t: t.last_week,
    ),
    Evidence(
        name="request_count_30d",
        label="Requests in 30 days",
        group="usage",
        window="30d",
        source=volume,
        value=lambda t: t.requests,
    ),
    Evidence(
        name="exchange_count_7d",
        label="Exchanges seen one by one in 7 days",
        group="usage",
        window="7d",
        source=singles,
        value=lambda t: t.week,
    ),
    Evidence(
        name="exchange_count_30d",
        label="Exchanges seen one by one in 30 days",
        group="usage",
        window="30d",
        source=singles,
        value=lambda t: t.month,
    ),
)

FEATURES: Final = (
    Feature(
        name="limit_rejection_ratio_7d",
        family="VOL",
        code="VOL-01",
        group="usage",
        unit="share",
        window="7d",
        direction=1,
        label="Requests over the rate limit",
        analyst_text="{value} of requests in 7 days met the rate limit (smoothed).",
        misleads="Batch jobs and migrations run into limits too.",
        missing="no traffic with a status in 7 days",
        source=tokens,
        value=lambda t: smoothed(t.refused, t.requests, doubt=100),
        floor=Floor("request_count_7d", 100),
        customer_safe_key="usage_pattern",
    ),
    Feature(
        name="output_token_ratio_7d",
        family="VOL",
        code="VOL-02",
        group="usage",
        unit="share",
        window="7d",
        direction=1,
        label="Output share of tokens",
        analyst_text="{value} of the tokens of 7 days were output.",
        misleads="Writers and code generators buy output as well.",
        missing="no tokens in 7 days",
        source=tokens,
        value=lambda t: smoothed(t.output, t.input + t.output, doubt=20_000, prior=0.2),
        floor=Floor("request_count_7d", 50),
    ),
    Feature(
        name="growth_times_24h",
        family="VOL",
        code="VOL-03",
        group="usage",
        unit="times",
        window="24h",
        direction=1,
        label="Growth over the account's own past",
        analyst_text="The last day had {value} times the account's usual requests.",
        misleads="Product launches, project restarts and stolen keys of honest owners.",
        missing="no traffic before the last day",
        source=volume,
        # ten requests are added to both sides, so that 1 after 0 is no growth
        value=lambda t: some(
            t.before, (t.last_day + 10) / (t.before * 24 / t.span.nullif(0) + 10)
        ),
        floor=Floor("request_count_30d", 200),
        customer_safe_key="account_security",
    ),
    Feature(
        name="created_key_count_7d",
        family="KEY",
        code="KEY-01",
        group="usage",
        unit="count",
        window="7d",
        direction=1,
        label="API keys created",
        analyst_text="API keys created in 7 days: {value}.",
        misleads="Teams rotate keys and give one to each service.",
        missing="the account has no API key",
        source=keys,
        value=lambda t: some(t.keys, t.fresh),
        customer_safe_key="account_security",
    ),
    Feature(
        name="oldest_key_age_days",
        family="KEY",
        code="KEY-02",
        group="usage",
        unit="days",
        window="all",
        direction=-1,
        label="Age of the oldest API key",
        analyst_text="The oldest API key was created {value} days ago.",
        misleads="Careful owners rotate keys often, so that all are young.",
        missing="the account never had an API key",
        source=keys,
        value=lambda t: some(t.keys, t.oldest / _DAY),
    ),
    Feature(
        name="named_end_user_ratio_30d",
        family="KEY",
        code="KEY-03",
        group="usage",
        unit="share",
        window="30d",
        direction=-1,
        label="Requests that name their end user",
        analyst_text="{value} of exchanges in 30 days name an end user.",
        misleads="Ids can be invented; private use has no end users to name.",
        missing="no exchange in 30 days",
        source=singles,
        value=lambda t: smoothed(t.named, t.month, doubt=10),
        customer_safe_key="usage_pattern",
    ),
    Feature(
        name="client_change_ratio_7d",
        family="CLI",
        code="CLI-02",
        group="usage",
        unit="share",
        window="7d",
        direction=1,
        label="Change of client software",
        analyst_text="{value} of pairs of requests in 7 days used different clients.",
        misleads="Products with several services, and honest gateways.",
        missing="fewer than two requests with a known client in 7 days",
        source=clients,
        value=unequal_share,
        floor=Floor("exchange_count_7d", 20),
        customer_safe_key="account_security",
    ),
)
