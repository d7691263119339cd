"""Features of single API keys: who uses one, from where, and how they are made."""

from typing import Any, Final

from ml.features.feature import Feature, Floor
from ml.features.known import Known, pairs_of, settled, some, unequal_share
from ml.features.sums import PLACES, Daily, Rows

_HOUR: Final = 3600
_TEN_MINUTES: Final = 600


def journeys(known: Known) -> Any:
    """Return account_id, pairs, equal: of networks (ASN) inside each key of 7 days."""
    rows = settled(known.sums(PLACES, 7))
    return pairs_of(rows, ["asn"], by=["key_id"])


def hands(known: Known) -> Any:
    """Return account_id, most: client stacks at once behind one key in 7 days."""
    days = known.sums(HANDS, 7)
    return days.group_by("account_id").aggregate(most=days.most.max())


def _hands(rows: Rows) -> Any:
    """Return account_id, most; no ten minutes are of two days."""
    exchanges = rows.exchanges
    exchanges = exchanges.filter(exchanges.client.notnull())
    cells = exchanges.select(
        "account_id",
        "key_id",
        "client",
        slot=exchanges.occurred_at.epoch_seconds() // _TEN_MINUTES,
    ).distinct()
    slots = cells.group_by("account_id", "key_id", "slot").aggregate(n=cells.count())
    return slots.group_by("account_id").aggregate(most=slots.n.max())


HANDS: Final = Daily("hands", (7,), _hands)


def bursts(known: Known) -> Any:
    """Return account_id, most: API keys created within one clock hour of 30 days."""
    rows = known.table("api_keys", "created_at", 30)
    rows = rows.select(
        "account_id", "key_id", hour=rows.created_at.epoch_seconds() // _HOUR
    ).distinct()
    hours = rows.group_by("account_id", "hour").aggregate(n=rows.count())
    return hours.group_by("account_id").aggregate(most=hours.n.max())


FEATURES: Final = (
    Feature(
        name="key_asn_change_ratio_7d",
        family="KEY",
        code="KEY-04",
        group="network",
        unit="share",
        window="7d",
        direction=1,
        label="Change of networks behind one key",
        analyst_text=(
            "{value} of pairs of requests with the same key came from different "
            "networks."
        ),
        misleads="One key in a product that runs in several clouds.",
        missing="no key made two requests from networks that stay with one customer",
        source=journeys,
        value=unequal_share,
        floor=Floor("exchange_count_7d", 20),
        customer_safe_key="account_security",
    ),
    Feature(
        name="concurrent_client_count_7d",
        family="KEY",
        code="KEY-05",
        group="usage",
        unit="count",
        window="7d",
        direction=1,
        label="Client software at the same time behind one key",
        analyst_text=(
            "Kinds of client that used one key within ten minutes, at most: {value}."
        ),
        misleads="A team that shares a key, and gateways that pass clients through.",
        missing="no request with a known client in 7 days",
        source=hands,
        value=lambda t: some(t.most, t.most),
        floor=Floor("exchange_count_7d", 20),
        customer_safe_key="account_security",
    ),
    Feature(
        name="created_key_burst_count_30d",
        family="KEY",
        code="KEY-06",
        group="usage",
        unit="count",
        window="30d",
        direction=1,
        label="API keys created in one hour",
        analyst_text="API keys created within one hour of 30 days, at most: {value}.",
        misleads="Automated setups give each service its key at once.",
        missing="no API key was created in 30 days",
        source=bursts,
        value=lambda t: some(t.most, t.most),
    ),
)
