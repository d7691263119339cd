"""Features of values shared with others that the request path cannot wait for.

Addresses and payers, accounts that were confirmed abusive, and what an account did in
answer to our own action. Bulk runs compute them; a request reads the last run's.
"""

from datetime import timedelta
from typing import Any, Final

from ml.features.feature import Feature
from ml.features.known import Known, smoothed, some

_KINDS: Final = ("address", "payer")
# What one person or firm holds; a network alone never ties two accounts.
_FIRM: Final = ("card", "device", "email", "phone", "address", "payer")
_ABUSE: Final = ("confirmed_abuse", "chargeback")
_CLEARED: Final = ("confirmed_legitimate", "appeal_upheld")
# Found out by people or told from outside; the machine's own decisions teach nothing.
_SOURCES: Final = ("investigation", "random_audit", "chargeback", "partner_tip")
_ANSWER: Final = timedelta(days=3)
_PREPAID: Final = ("prepaid", "virtual")


def neighbors(known: Known) -> Any:
    """Return account_id, address, payer: other accounts with the same, 90 days."""
    rows = known.table("account_values", "seen_at", 90, everybody=True)
    rows = rows.filter(rows.kind.isin(_KINDS))
    own = rows.select("account_id", "kind", "value").distinct()
    holders = own.group_by("kind", "value").aggregate(n=own.count())
    if known.account_ids is not None:
        own = own.filter(own.account_id.isin(known.account_ids))
    rows = own.join(holders, ["kind", "value"])
    return rows.group_by("account_id").aggregate(
        address=(rows.n - 1).max(where=rows.kind == "address"),
        payer=(rows.n - 1).max(where=rows.kind == "payer"),
    )


def condemned(known: Known) -> Any:
    """Return account_id: accounts whose last finding known by then is abuse."""
    rows = known.table("outcomes", "known_at", everybody=True)
    replaced = rows.filter(rows.supersedes.notnull()).select(outcome_id="supersedes")
    rows = rows.anti_join(replaced, "outcome_id")
    rows = rows.filter(rows.source.isin(_SOURCES))
    seen = rows.group_by("account_id").aggregate(
        abuse=rows.known_at.max(where=rows.label.isin(_ABUSE)),
        cleared=rows.known_at.max(where=rows.label.isin(_CLEARED)),
    )
    seen = seen.filter(seen.abuse.notnull())
    kept = seen.filter(seen.cleared.isnull() | (seen.abuse > seen.cleared))
    return kept.select("account_id")


def reopened(known: Known) -> Any:
    """Return account_id, abusive: most abusive others behind one of its values."""
    rows = known.table("account_values", "seen_at", everybody=True)
    rows = rows.filter(rows.kind.isin(_FIRM))
    own = rows.select("account_id", "kind", "value").distinct()
    bad = condemned(known).mutate(bad=1)
    own = own.left_join(bad, "account_id")
    own = own.select("account_id", "kind", "value", bad=own.bad.fill_null(0))
    holders = own.group_by("kind", "value").aggregate(all_bad=own.bad.sum())
    if known.account_ids is not None:
        own = own.filter(own.account_id.isin(known.account_ids))
    joined = own.join(holders, ["kind", "value"])
    return joined.group_by("account_id").aggregate(
        abusive=(joined.all_bad - joined.bad).max()
    )


def answers(known: Known) -> Any:
    """Return account_id, actions, renewed: keys and cards added soon after an action.

    Counts what was new within three days of any action of 30 days, each thing once.
    """
    events = known.table("events", "occurred_at", 30)
    actions = events.filter(events.type == "action.taken")
    actions = actions.select(
        "account_id", acted="occurred_at", until=actions.occurred_at + _ANSWER
    ).distinct()
    keys = known.table("api_keys", "created_at", 30)
    cards = known.table("payment_methods", "added_at", 30)
    added = keys.select("account_id", thing="key_id", at="created_at").union(
        cards.select("account_id", thing="fingerprint", at="added_at")
    )
    after = added.join(
        actions,
        [
            added.account_id == actions.account_id,
            added["at"] > actions.acted,
            added["at"] <= actions.until,
        ],
    )
    after = after.select("account_id", "thing").distinct()
    renewed = after.group_by("account_id").aggregate(renewed=after.count())
    acted = actions.group_by("account_id").aggregate(actions=actions.count())
    rows = acted.left_join(renewed, "account_id")
    return rows.select("account_id", "actions", renewed=rows.renewed.fill_null(0))


def fundings(known: Known) -> Any:
    """Return account_id, told, prepaid: payment methods added in 90 days."""
    rows = known.table("payment_methods", "added_at", 90)
    rows = rows.select("account_id", "fingerprint", "funding").distinct()
    funding = rows.funding.fill_null("unknown")
    return rows.group_by("account_id").aggregate(
        told=rows.count(where=funding != "unknown"),
        prepaid=rows.count(where=funding.isin(_PREPAID)),
    )


FEATURES: Final = (
    Feature(
        name="shared_address_count_90d",
        family="LNK",
        code="LNK-08",
        group="payment",
        unit="accounts",
        window="90d",
        direction=1,
        label="Accounts at the same postal address",
        analyst_text=(
            "Other accounts that gave the same postal address in 90 days: {value}."
        ),
        misleads="Shared housing, dormitories and office buildings.",
        missing="no postal address is known",
        source=neighbors,
        value=lambda t: t.address,
        customer_safe_key="identity_details",
    ),
    Feature(
        name="shared_payer_count_90d",
        family="LNK",
        code="LNK-09",
        group="payment",
        unit="accounts",
        window="90d",
        direction=1,
        label="Accounts with the same payer",
        analyst_text="Other accounts that are paid for under the same name: {value}.",
        misleads="Common names, parents and companies that pay for their staff.",
        missing="no payer is known",
        source=neighbors,
        value=lambda t: t.payer,
        customer_safe_key="payment_method",
    ),
    Feature(
        name="abusive_link_count",
        family="LNK",
        code="LNK-10",
        group="payment",
        unit="accounts",
        window="all",
        direction=1,
        label="Shares a value with accounts found abusive",
        analyst_text=(
            "Accounts found abusive that show the same card, device, "
            "mailbox, phone, address or payer: {value}."
        ),
        misleads="Second-hand phones and cards, and family of a person who was banned.",
        missing="no such value is known of the account",
        source=reopened,
        value=lambda t: t.abusive,
    ),
    Feature(
        name="renewed_after_action_count_30d",
        family="ANS",
        code="ANS-01",
        group="payment",
        unit="count",
        window="30d",
        direction=1,
        label="New keys and cards after an action",
        analyst_text="Keys and cards added soon after an action: {value}.",
        misleads="Who is asked for another card adds one.",
        missing="no action was taken in 30 days",
        source=answers,
        value=lambda t: some(t.actions, t.renewed),
    ),
    Feature(
        name="prepaid_method_ratio_90d",
        family="PAY",
        code="PAY-06",
        group="payment",
        unit="share",
        window="90d",
        direction=1,
        label="Prepaid and virtual payment methods",
        analyst_text="{value} of payment methods of 90 days are prepaid (smoothed).",
        misleads="Careful people and companies use a virtual card for each service.",
        missing="no payment method with a known type of funding was added in 90 days",
        source=fundings,
        value=lambda t: smoothed(t.prepaid, t.told, doubt=2, prior=0.1),
        customer_safe_key="payment_method",
    ),
)
