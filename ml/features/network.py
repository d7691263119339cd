"""Features of the networks that an account works from."""

from typing import Any, Final

from ml.features.feature import Feature, Floor
from ml.features.known import (
    Known,
    pairs_of,
    settled,
    smoothed,
    some,
    unequal_share,
)
from ml.features.sums import (
    PLACES,
    WINDOW_PLACES,
    Daily,
    Rows,
    added,
    counted,
)

_HOURS_OF_DAY: Final = 24
_TEN_MINUTES: Final = 600


def sightings(known: Known) -> Any:
    """Return account_id, pairs, equal: of the networks (ASN) seen in 7 days.

    An exchange and an hourly window are one sighting each. Networks that change by
    nature (mobile carriers, relays) and campuses are left out.
    """
    columns = ("account_id", "asn", "ip_class", "n")
    rows = known.sums(PLACES, 7).select(*columns)
    rows = rows.union(known.sums(WINDOW_PLACES, 7).select(*columns))
    return pairs_of(settled(rows), ["asn"])


def crowding(known: Known) -> Any:
    """Return account_id, most: the most networks (ASN) within ten minutes in 7 days."""
    days = known.sums(CROWDING, 7)
    return days.group_by("account_id").aggregate(most=days.most.max())


def _crowding(rows: Rows) -> Any:
    """Return account_id, most; no ten minutes are of two days."""
    exchanges = rows.exchanges
    exchanges = exchanges.mutate(
        slot=exchanges.occurred_at.epoch_seconds() // _TEN_MINUTES
    )
    cells = settled(exchanges).select("account_id", "slot", "asn").distinct()
    slots = cells.group_by("account_id", "slot").aggregate(n=cells.count())
    return slots.group_by("account_id").aggregate(most=slots.n.max())


def hops(known: Known) -> Any:
    """Return account_id, moves, steps: network changes inside conversations of 7 days.

    A conversation of n turns has n - 1 steps; k networks in it mean k - 1 moves.
    """
    cells = added(known.sums(TALKS, 7), ["account_id", "conversation_id", "asn"])
    talks = cells.group_by("account_id", "conversation_id").aggregate(
        moves=cells.count() - 1, steps=cells.n.sum().cast("int64") - 1
    )
    return talks.group_by("account_id").aggregate(
        moves=talks.moves.sum().cast("int64"), steps=talks.steps.sum().cast("int64")
    )


def _talks(rows: Rows) -> Any:
    """Return account_id, conversation_id, asn, n."""
    exchanges = rows.exchanges
    exchanges = settled(exchanges.filter(exchanges.conversation_id.notnull()))
    return counted(exchanges, "conversation_id", "asn")


CROWDING: Final = Daily("crowding", (7,), _crowding)
TALKS: Final = Daily("talks", (7,), _talks)


def at_home(known: Known) -> Any:
    """Return account_id, consumer, seen, awake: 7 days of requests by network class.

    `awake` counts the hours of the day (UTC), of 24, in which anything was sent.
    """
    hours = known.hours(7)
    hours = hours.mutate(clock=hours.hour % _HOURS_OF_DAY)
    clocks = hours.group_by("account_id", "clock").aggregate(
        consumer=hours.consumer.sum().cast("int64"), seen=hours.seen.sum().cast("int64")
    )
    return clocks.group_by("account_id").aggregate(
        consumer=clocks.consumer.sum().cast("int64"),
        seen=clocks.seen.sum().cast("int64"),
        awake=clocks.count(),
    )


FEATURES: Final = (
    Feature(
        name="server_from_home_ratio_7d",
        family="NET",
        code="NET-02",
        group="network",
        unit="share",
        window="7d",
        direction=1,
        label="Round-the-clock traffic from consumer networks",
        analyst_text=(
            "Consumer networks carried the traffic round the clock to a degree of "
            "{value} in 7 days."
        ),
        misleads="Enthusiasts run servers at home; small offices use consumer lines.",
        missing="no traffic in 7 days",
        source=at_home,
        value=lambda t: (
            smoothed(t.consumer, t.seen, doubt=10) * t.awake / _HOURS_OF_DAY
        ),
        floor=Floor("request_count_7d", 200),
    ),
    Feature(
        name="asn_change_ratio_7d",
        family="NET",
        code="NET-03",
        group="network",
        unit="share",
        window="7d",
        direction=1,
        label="Change of networks",
        analyst_text=(
            "{value} of pairs of requests in 7 days came from different networks; "
            "carriers, campuses and relays are left out."
        ),
        misleads="Travelers, teams in several places and work across several clouds.",
        missing="fewer than two requests from networks that stay with one customer",
        source=sightings,
        value=unequal_share,
        floor=Floor("exchange_count_7d", 20),
        customer_safe_key="account_security",
    ),
    Feature(
        name="concurrent_asn_count_7d",
        family="NET",
        code="NET-04",
        group="network",
        unit="count",
        window="7d",
        direction=1,
        label="Networks at the same time",
        analyst_text="Networks in use within ten minutes, at most: {value}.",
        misleads="Teams who share a key, and build systems in several regions.",
        missing="no request in 7 days from a network that stays with one customer",
        source=crowding,
        value=lambda t: some(t.most, t.most),
        floor=Floor("exchange_count_7d", 20),
        customer_safe_key="account_security",
    ),
    Feature(
        name="conversation_hop_ratio_7d",
        family="NET",
        code="NET-05",
        group="network",
        unit="share",
        window="7d",
        direction=1,
        label="Network changes inside a conversation",
        analyst_text="{value} of steps inside conversations changed the network.",
        misleads="A laptop that moves between home, office and a company gateway.",
        missing="no conversation of two turns in 7 days",
        source=hops,
        value=lambda t: smoothed(t.moves, t.steps, doubt=20),
        floor=Floor("exchange_count_7d", 20),
        customer_safe_key="account_security",
    ),
)
