"""Features of places: how crowded a network is for its class, and how one stays in it.

Strangers behind one carrier share an address by nature, so a count of neighbors is
compared with what networks of the same class have: a likelihood ratio, shrunk to 1.
"""

from typing import Any, Final

from ml.features.feature import Feature, Floor
from ml.features.known import Known, pairs_of, settled, smoothed, unequal_share
from ml.features.sums import PLACES, WINDOW_PLACES

_DOUBT: Final = 3
_DAY: Final = 86_400
_DAYS: Final = 90


def crowds(known: Known) -> Any:
    """Return account_id, crowd: neighbors in its networks of 7 days, for their class.

    With k other accounts in a network, and E in that of an average account of the same
    class: (k + 3) / (E + 3). Of several networks the most crowded counts.
    """
    columns = ("account_id", "net", "ip_class")
    exchanges = known.sums(PLACES, 7, everybody=True).select(*columns)
    windows = known.sums(WINDOW_PLACES, 7, everybody=True).select(*columns)
    rows = exchanges.union(windows)
    rows = rows.filter(rows.net.notnull())
    rows = rows.mutate(ip_class=rows.ip_class.fill_null("unknown")).distinct()
    nets = rows.group_by("net", "ip_class").aggregate(n=rows.count())
    classes = nets.group_by("ip_class").aggregate(
        seen=nets.n.sum().cast("int64"),
        pairs=(nets.n * (nets.n - 1)).sum().cast("int64"),
    )
    if known.account_ids is not None:
        rows = rows.filter(rows.account_id.isin(known.account_ids))
    rows = rows.join(nets, ["net", "ip_class"]).join(classes, "ip_class")
    crowd = ((rows.n - 1 + _DOUBT) * rows.seen) / (rows.pairs + _DOUBT * rows.seen)
    rows = rows.mutate(crowd=crowd)
    return rows.group_by("account_id").aggregate(crowd=rows.crowd.max())


def signups(known: Known) -> Any:
    """Return account_id, surge: sign-ups of its network's owner on the same day.

    With d others on the account's own day and n others in 90 days: (d + 3) / (n / 90
    + 3). Known for accounts opened within 90 days.
    """
    rows = known.table("accounts", "created_at", _DAYS, everybody=True)
    rows = rows.filter(rows.signup_asn.notnull(), rows.signup_asn >= 0)
    rows = rows.select(
        "account_id",
        asn="signup_asn",
        day=rows.created_at.epoch_seconds() // _DAY,
    )
    days = rows.group_by("asn", "day").aggregate(day_all=rows.count())
    whole = rows.group_by("asn").aggregate(whole=rows.count())
    if known.account_ids is not None:
        rows = rows.filter(rows.account_id.isin(known.account_ids))
    rows = rows.join(days, ["asn", "day"]).join(whole, "asn")
    surge = ((rows.day_all - 1 + _DOUBT) * _DAYS) / (rows.whole - 1 + _DOUBT * _DAYS)
    return rows.select("account_id", surge=surge)


def returns(known: Known) -> Any:
    """Return account_id, seen, home: exchanges of 30 days, from the first ASN."""
    accounts = known.table("accounts", "created_at")
    accounts = accounts.filter(accounts.signup_asn >= 0)
    accounts = accounts.select("account_id", "signup_asn")
    rows = known.sums(PLACES, 30)
    rows = rows.filter(rows["asn"] >= 0).select("account_id", "asn", "n")
    rows = rows.join(accounts, "account_id")
    at_home = rows["asn"] == rows.signup_asn
    return rows.group_by("account_id").aggregate(
        seen=rows.n.sum().cast("int64"),
        home=rows.n.sum(where=at_home).fill_null(0).cast("int64"),
    )


def nets(known: Known) -> Any:
    """Return account_id, pairs, equal: of the small networks (/24, /48) of 7 days."""
    rows = settled(known.sums(PLACES, 7))
    return pairs_of(rows.filter(rows.net.notnull()), ["net"])


FEATURES: Final = (
    Feature(
        name="net_change_ratio_7d",
        family="NET",
        code="NET-06",
        group="network",
        unit="share",
        window="7d",
        direction=1,
        label="Change of small networks",
        analyst_text="{value} of pairs of requests in 7 days came from different /24.",
        misleads="Serverless platforms and large offices leave by many addresses.",
        missing="fewer than two exchanges from addresses that stay with one customer",
        source=nets,
        value=unequal_share,
        floor=Floor("exchange_count_7d", 20),
        customer_safe_key="account_security",
    ),
    Feature(
        name="crowded_net_times_7d",
        family="NET",
        code="NET-07",
        group="network",
        unit="times",
        window="7d",
        direction=1,
        label="Crowded network for its class",
        analyst_text=(
            "A network it works from holds {value} times the accounts that networks of "
            "its class usually hold."
        ),
        misleads="One campus or office among small ones of the same class.",
        missing="no network is known in 7 days",
        source=crowds,
        value=lambda t: t.crowd,
        floor=Floor("request_count_7d", 20),
    ),
    Feature(
        name="asn_signup_surge_times_90d",
        family="NET",
        code="NET-08",
        group="network",
        unit="times",
        window="90d",
        direction=1,
        label="Sign-ups in waves from one provider",
        analyst_text=(
            "On the day of its sign-up its internet provider brought {value} times the "
            "usual number of accounts."
        ),
        misleads="A class, a conference or a campaign brings many people in one day.",
        missing="opened more than 90 days ago, or from an unknown network",
        source=signups,
        value=lambda t: t.surge,
    ),
    Feature(
        name="signup_asn_ratio_30d",
        family="NET",
        code="NET-09",
        group="network",
        unit="share",
        window="30d",
        direction=-1,
        label="Use from where the account was opened",
        analyst_text="{value} of exchanges came from the network of the sign-up.",
        misleads="Products are built at home and run in a data center.",
        missing="no exchange with a known network in 30 days",
        source=returns,
        value=lambda t: smoothed(t.home, t.seen, doubt=10),
        floor=Floor("exchange_count_30d", 20),
        customer_safe_key="account_security",
    ),
)
