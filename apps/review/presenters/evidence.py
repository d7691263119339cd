"""Facts as evidence, in words: what points to abuse beside what points the other way.

Each rule reads facts only. The model has no part in what is said or in its order, so
this may stand on the page before the first impression.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from apps.review import policy
from apps.review.selectors.facts import Connection, Facts

# Shares of all accounts; the counts keep a small provider's shares meaningful.
RARE_SHARE, COMMON_SHARE = 0.002, 0.02
RARE_MOST, COMMON_LEAST = 5, 20
# What `rarity` says of links that mean something, the strongest first.
TELLING = ("rare, strong", "uncommon")
YOUNG, OLD = timedelta(days=14), timedelta(days=180)
PLACELESS = frozenset({"hosting", "vpn", "tor", "relay"})
KIND_WORDS = {
    "card": "payment card",
    "bin_day": "card series on one day",
    "device": "device",
    "ja4": "client fingerprint",
    "ip": "network address",
    "net": "network block",
    "email": "mailbox",
    "email_pattern": "e-mail pattern",
    "phone": "phone number",
    "phone_block": "phone number block",
    "address": "postal address",
    "payer": "payer name",
    "registration": "registration number",
    "organization": "organization's own mail domain",
    "scaffold": "prompt template",
    "client": "client software",
    "params": "sampling parameters",
    "schema": "output schema",
    "tools_hash": "set of tools",
    "filler": "prompt content",
    "joint_work": "work divided among accounts",
    "exits": "changing networks of one carrier",
    "silence": "hours in which use ended",
}


class Item(NamedTuple):
    """One piece of evidence; `weight` orders it, and is never shown."""

    text: str
    source: str
    weight: float


class Weighed(NamedTuple):
    abuse: list[Item]
    legitimate: list[Item]


Rule = Callable[[Facts], Iterable[Item]]


def weigh(facts: Facts) -> Weighed:
    """Return both sides, the strongest first."""
    sides = []
    for rules in (TOWARD_ABUSE, TOWARD_LEGITIMATE):
        found = [item for rule in rules for item in rule(facts)]
        sides.append(sorted(found, key=lambda item: -item.weight))
    return Weighed(*sides)


def rarity(one: Connection, total: int) -> str:
    """Say how much it means to share a value, given how common it is."""
    if not one.others:
        return "not shared"
    if one.kind == "organization":  # explains other links, and is none by itself
        return "colleagues"
    if one.others >= max(COMMON_LEAST, COMMON_SHARE * total):
        return "common, weak"
    rare = one.others <= max(RARE_MOST, RARE_SHARE * total)
    return "rare, strong" if rare else "uncommon"


def _shared(facts: Facts) -> Iterable[Item]:
    for one in facts.connections:
        strength = rarity(one, facts.accounts_total)
        if one.kind in {"email", "client", "ja4"} or strength not in TELLING:
            continue
        name = KIND_WORDS.get(one.kind, one.kind)
        count = f"{one.others:,} other account{'s' if one.others > 1 else ''}"
        weight = 6.0 if strength == "rare, strong" else 2.0
        yield Item(f"Same {name} as {count}", f"{strength} link", weight)


def _ring(facts: Facts) -> Iterable[Item]:
    part = facts.membership
    if part and part.level in {"core", "likely"}:
        text = f"Among {part.ring.size} accounts that share rare values ({part.level})"
        yield Item(text, part.ring.ring_id, 7.0)


def _payment_trouble(facts: Facts) -> Iterable[Item]:
    paid = facts.payments
    if paid.disputed:
        yield Item(f"{paid.disputed} disputed payment(s)", "payment events", 5.0)
    if paid.failed > max(2, paid.succeeded):
        text = f"{paid.failed} failed payments, {paid.succeeded} succeeded"
        yield Item(text, "payment events", 3.0)
    funding = {method.funding for method in facts.methods}
    if funding & {"prepaid", "virtual"}:
        yield Item("Pays with a prepaid or virtual card", "card number range", 2.5)


def _identity_trouble(facts: Facts) -> Iterable[Item]:
    row = facts.version
    if row is None:
        return
    if row.email_class == "disposable":
        yield Item("Throw-away e-mail provider", "domain list", 3.5)
    places = {row.declared_country, row.signup_ip_country, row.payment_country} - {None}
    if len(places) > 1 and row.signup_ip_class not in PLACELESS:
        said = ", ".join(sorted(str(place) for place in places))
        yield Item(f"Declared, network and card name {said}", "facts disagree", 2.0)
    if row.org_domain_matches is False:
        text = "E-mail domain is not the organization's"
        yield Item(text, "sign-up facts", 1.5)
    if row.payer_matches is False:
        yield Item("Payer's name is not the account's", "sign-up facts", 1.5)
    if row.signup_form_ms is not None and row.signup_form_ms < 3000:  # noqa: PLR2004 - three seconds
        text = f"Sign-up form filled in {row.signup_form_ms / 1000:.1f} s"
        yield Item(text, "sign-up facts", 2.0)


def _origin(facts: Facts) -> Iterable[Item]:
    row = facts.version
    if row and row.signup_ip_class in PLACELESS:
        text = f"Signed up from a {policy.network_of(row.signup_ip_class)}"
        yield Item(text, "address lists", 2.2)
    if facts.networks >= 10:  # noqa: PLR2004 - more networks than people use
        yield Item(f"Logins from {facts.networks} networks", "login events", 2.4)


def _bad_outcomes(facts: Facts) -> Iterable[Item]:
    for one in facts.outcomes:
        if one.label in {"confirmed_abuse", "chargeback"}:
            text = one.label.replace("_", " ").capitalize()
            yield Item(text, f"outcome by {one.source.replace('_', ' ')}", 8.0)


def _young(facts: Facts) -> Iterable[Item]:
    age = facts.at - facts.account.created_at
    if age < YOUNG:
        text = f"Account is {policy.duration(age)} old"
        yield Item(text, "account record", 1.0)


def _standing(facts: Facts) -> Iterable[Item]:
    age = facts.at - facts.account.created_at
    if age > OLD:
        text = f"Account is {policy.duration(age)} old"
        yield Item(text, "account record", 2.5)
    row = facts.version
    if row and row.contract:
        yield Item("Signed contract", "account record", 5.0)
    if row and row.permitted_scope:
        scope = row.permitted_scope.split(":")[0]
        yield Item(f"Registered permission: {scope}", "account record", 4.5)


def _paid(facts: Facts) -> Iterable[Item]:
    paid = facts.payments
    if paid.succeeded >= 2 and not paid.disputed:  # noqa: PLR2004 - once proves little
        text = f"{paid.succeeded} payments, none disputed"
        yield Item(text, "payment events", min(4.0, 1.5 + paid.succeeded / 4))
    if facts.version and facts.version.payment_type == "invoice":
        yield Item("Pays by invoice", "account record", 2.0)


def _confirmed(facts: Facts) -> Iterable[Item]:
    if facts.verified:
        text = f"Passed verification: {', '.join(facts.verified)}"
        yield Item(text, "verification events", 4.0)
    row = facts.version
    if row is None:
        return
    if row.org_domain_matches and row.email_verified:
        text = "Verified mailbox at the organization's domain"
        yield Item(text, "sign-up facts", 2.5)
    if row.registration_given:
        yield Item("Gave a company registration number", "sign-up facts", 1.5)
    if row.phone_verified:
        yield Item("Verified phone number", "sign-up facts", 1.2)
    if row.email_class == "education":
        yield Item("Mailbox of a university", "domain list", 1.5)
    places = [row.declared_country, row.signup_ip_country, row.payment_country]
    if None not in places and len(set(places)) == 1:
        text = "Declared country, network and card agree"
        yield Item(text, "three facts", 1.4)


def _good_outcomes(facts: Facts) -> Iterable[Item]:
    for one in facts.outcomes:
        if one.label in {"confirmed_legitimate", "appeal_upheld"}:
            text = one.label.replace("_", " ").capitalize()
            yield Item(text, f"outcome by {one.source.replace('_', ' ')}", 8.0)


def _common(facts: Facts) -> Iterable[Item]:
    """Say that what is shared is what many honest customers share."""
    for one in facts.connections:
        if one.kind in {"ip", "net"} and (
            rarity(one, facts.accounts_total) == "common, weak"
        ):
            text = f"Shared {KIND_WORDS[one.kind]} serves {one.others:,} accounts"
            yield Item(text, "common infrastructure", 1.0)


TOWARD_ABUSE: tuple[Rule, ...] = (
    _shared,
    _ring,
    _payment_trouble,
    _identity_trouble,
    _origin,
    _bad_outcomes,
    _young,
)
TOWARD_LEGITIMATE: tuple[Rule, ...] = (
    _standing,
    _paid,
    _confirmed,
    _good_outcomes,
    _common,
)
