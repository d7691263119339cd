"""Features of values that an account shares with others: cards, devices, networks.

A shared value is counted, never listed, and counts are of other accounts. A value that
strangers share by nature (a campus or a mobile carrier) is no evidence and is left out;
so is a card or a device that the few people of one home or organization share.
"""

from typing import Any, Final

import numpy as np

from ml.features.entry import EntryFacts, Numbers, is_shared_network
from ml.features.feature import Feature
from ml.features.known import Known

WINDOWS: Final = {"24h": 1, "7d": 7, "30d": 30, "90d": 90}
KINDS: Final = (
    "card",
    "device",
    "net",
    "email",
    "phone",
    "email_pattern",
    "phone_block",
    "bin_day",
)
# What people who live or work together share: their sign-ups came from one network,
# or each proved a mailbox of one organization.
HOME_KINDS: Final = ("card", "device", "email", "phone")
# Networks that are rented, or of a carrier: who is in them lives nowhere.
AWAY_CLASSES: Final = ("hosting", "vpn", "tor", "relay", "mobile")
HOME_MOST: Final = 5  # others who are left out; a farm on one line is no family


def counts(known: Known) -> Any:
    """Return account_id, kind and a count for each window: `24h`, `7d`, `30d`, `90d`.

    Counts distinct other accounts with an equal (kind, value), both known by `as_of`,
    theirs seen within the window before it. Of HOME_KINDS up to HOME_MOST others at
    home (see `_at_home`) are left out; of an account of which no home is known, up to
    as many others, wherever they are. Of several values of one kind the most shared
    one counts. Linear in the rows: sharing accounts are never paired up.
    """
    rows = known.table("account_values", "seen_at", everybody=True)
    rows = rows.filter(rows.kind.isin(KINDS))
    own = rows.group_by("account_id", "kind", "value").aggregate(
        seen=rows.seen_at.max()
    )
    own = own.mutate(
        **{
            f"in_{window}": (own.seen > known.moment(own.seen, days)).ifelse(1, 0)
            for window, days in WINDOWS.items()
        }
    )
    all_of = own.group_by("kind", "value").aggregate(
        **{f"all_{window}": own[f"in_{window}"].sum() for window in WINDOWS}
    )
    home = _at_home(known, own)
    if known.account_ids is not None:
        own = own.filter(own.account_id.isin(known.account_ids))
    joined = own.join(all_of, ["kind", "value"])
    joined = joined.left_join(home, ["account_id", "kind", "value"])
    return joined.group_by("account_id", "kind").aggregate(
        **{window: _elsewhere(joined, window).max() for window in WINDOWS}
    )


def _elsewhere(joined: Any, window: str) -> Any:
    """Others with a value, less those at home where the kind has homes."""
    others = joined[f"all_{window}"] - joined[f"in_{window}"]
    home = joined[f"home_{window}"].fill_null(others)
    home = (home > HOME_MOST).ifelse(HOME_MOST, home)
    return others - joined.kind.isin(HOME_KINDS).ifelse(home, 0)


def _at_home(known: Known, own: Any) -> Any:
    """Return account_id, kind, value and the others at home of each window.

    `own` holds what each account showed. At home are the others with the same value
    in that of the account's homes (see `_homes`) where most of them are; nobody is at
    home in a rented place.
    """
    held = own.filter(own.kind.isin(HOME_KINDS)).join(_homes(known), "account_id")
    together = held.group_by("kind", "value", "home").aggregate(
        **{f"near_{window}": held[f"in_{window}"].sum() for window in WINDOWS}
    )
    pairs = held.join(together, ["kind", "value", "home"])
    return pairs.group_by("account_id", "kind", "value").aggregate(
        **{
            f"home_{window}": (
                (pairs[f"near_{window}"] - pairs[f"in_{window}"]) * (1 - pairs.away)
            ).max()
            for window in WINDOWS
        }
    )


def _homes(known: Known) -> Any:
    """Return account_id, home, away: small networks at sign-up, and organizations.

    `away` is 1 for a network of AWAY_CLASSES. Where an account signed up later, or
    made keys, is no home: anybody could be brought there. A domain can be bought: of
    an organization with more accounts than are left out nobody is. An account of which
    neither is known has no row.
    """
    accounts = known.table("accounts", "created_at", everybody=True)
    accounts = accounts.select(
        "account_id",
        "created_at",
        away=accounts.signup_ip_class.isin(AWAY_CLASSES).fill_null(False).cast("int64"),
    )
    values = known.table("account_values", "seen_at", everybody=True)
    nets = values.filter(values.kind == "net")
    nets = nets.select("account_id", "seen_at", home="value")
    nets = nets.join(
        accounts,
        [nets.account_id == accounts.account_id, nets.seen_at == accounts.created_at],
    )
    nets = nets.select("account_id", "home", "away").distinct()
    firms = values.filter(values.kind == "organization")
    firms = firms.select("account_id", home="value").distinct()
    sizes = firms.group_by("home").aggregate(accounts=firms.count())
    small = sizes.filter(sizes.accounts <= HOME_MOST + 1)
    firms = firms.semi_join(small, "home").mutate(none=0)
    firms = firms.select("account_id", "home", away=firms.none.cast("int64"))
    return nets.union(firms)


def shared_card_count_90d(facts: EntryFacts) -> Numbers:
    """Other accounts that paid with the same card, those of one home left out."""
    return facts.others("card", "90d")


def shared_device_count_90d(facts: EntryFacts) -> Numbers:
    """Other accounts on the same device, those of one home left out."""
    return facts.others("device", "90d")


def shared_net_count_7d(facts: EntryFacts) -> Numbers:
    """Other accounts in the same small network, where it is not shared by nature."""
    return np.where(is_shared_network(facts), np.nan, facts.others("net", "7d"))


def shared_contact_count_90d(facts: EntryFacts) -> Numbers:
    """Other accounts behind the same mailbox or phone number; the larger of the two."""
    return np.fmax(facts.others("email", "90d"), facts.others("phone", "90d"))


def email_pattern_surge_times_7d(facts: EntryFacts) -> Numbers:
    """How many times the usual rate equally built mail addresses appeared in a week."""
    return _surge(facts, "email_pattern")


def phone_block_surge_times_7d(facts: EntryFacts) -> Numbers:
    """How many times the usual rate numbers of the same block appeared in a week."""
    return _surge(facts, "phone_block")


def shared_bin_day_count_90d(facts: EntryFacts) -> Numbers:
    """Other accounts with a card of the same issuer range added on the same day."""
    return facts.others("bin_day", "90d")


def _surge(facts: EntryFacts, kind: str) -> Numbers:
    """Compare a week with the week expected from 90 days, each with one more added."""
    expected = facts.others(kind, "90d") * (WINDOWS["7d"] / WINDOWS["90d"])
    return (facts.others(kind, "7d") + 1) / (expected + 1)


FEATURES: Final = (
    Feature(
        name="shared_card_count_90d",
        family="LNK",
        code="LNK-01",
        group="entry",
        unit="accounts",
        window="90d",
        direction=1,
        label="Accounts with the same card",
        analyst_text=(
            "Other accounts that used the same card in 90 days, without a few of its "
            "own home or organization: {value}."
        ),
        misleads="A student away from home, and grant cards that pay for several.",
        missing="no card is known",
        value=shared_card_count_90d,
        customer_safe_key="payment_method",
    ),
    Feature(
        name="shared_device_count_90d",
        family="LNK",
        code="LNK-02",
        group="entry",
        unit="accounts",
        window="90d",
        direction=1,
        label="Accounts on the same device",
        analyst_text=(
            "Other accounts on the same device in 90 days, without a few of its own "
            "home or organization: {value}."
        ),
        misleads="Libraries, devices that were sold, and cloned company images.",
        missing="no device is known",
        value=shared_device_count_90d,
    ),
    Feature(
        name="shared_net_count_7d",
        family="LNK",
        code="LNK-03",
        group="entry",
        unit="accounts",
        window="7d",
        direction=1,
        label="Accounts in the same small network",
        analyst_text=(
            "Other accounts that appeared in the same network in 7 days: {value}."
        ),
        misleads=(
            "Carriers put strangers behind one address; offices and events do too."
        ),
        missing="no network is known, or it is shared by nature",
        value=shared_net_count_7d,
    ),
    Feature(
        name="shared_contact_count_90d",
        family="LNK",
        code="LNK-04",
        group="entry",
        unit="accounts",
        window="90d",
        direction=1,
        label="Accounts behind the same mailbox or phone",
        analyst_text=(
            "Other accounts with the same mailbox or phone number, without a few of "
            "its own home or organization: {value}."
        ),
        misleads="Shared mailboxes of teams that work in several places.",
        missing="neither a mail address nor a phone number is known",
        value=shared_contact_count_90d,
        customer_safe_key="identity_details",
    ),
    Feature(
        name="email_pattern_surge_times_7d",
        family="LNK",
        code="LNK-05",
        group="entry",
        unit="times",
        window="7d",
        direction=1,
        label="Surge of equally built mail addresses",
        analyst_text="Mail addresses built like this came at {value} times their rate.",
        misleads="Schools and companies issue addresses by one rule at term start.",
        missing="no mail address is known",
        value=email_pattern_surge_times_7d,
    ),
    Feature(
        name="phone_block_surge_times_7d",
        family="LNK",
        code="LNK-06",
        group="entry",
        unit="times",
        window="7d",
        direction=1,
        label="Surge of one block of phone numbers",
        analyst_text="Numbers of this phone block came at {value} times their rate.",
        misleads="Companies own blocks of numbers and enroll their staff at once.",
        missing="no phone number is known",
        value=phone_block_surge_times_7d,
    ),
    Feature(
        name="shared_bin_day_count_90d",
        family="LNK",
        code="LNK-07",
        group="entry",
        unit="accounts",
        window="90d",
        direction=1,
        label="Cards of one issuer range on one day",
        analyst_text=(
            "Other accounts that added a card of this range that day: {value}."
        ),
        misleads="Large national banks issue most cards of a place from few ranges.",
        missing="no card with a known issuer range",
        value=shared_bin_day_count_90d,
    ),
)
