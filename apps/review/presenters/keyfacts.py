"""The eight key facts, always the same and always in the same order."""

from typing import NamedTuple

from apps.review import policy
from apps.review.presenters.evidence import KIND_WORDS, TELLING, rarity
from apps.review.selectors.facts import Facts

UNKNOWN = "not known"


class KeyFact(NamedTuple):
    label: str
    value: str
    detail: str


def key_facts(
    facts: Facts, *, tokens_30d: int | None, earlier: int
) -> tuple[KeyFact, ...]:
    """Return who pays, how verified, how old, how much, from where, keys, links, past.

    `tokens_30d` is None where no usage is known; `earlier` counts people's decisions.
    """
    return (
        _pays(facts),
        _verified(facts),
        _age(facts),
        _volume(tokens_30d),
        _origin(facts),
        _keys(facts),
        _links(facts),
        _past(facts, earlier),
    )


def _pays(facts: Facts) -> KeyFact:
    paid = facts.payments
    row = facts.version
    method = facts.methods[0] if facts.methods else None
    words = [
        (method.funding if method else row.payment_funding if row else None) or "",
        (method.type if method else row.payment_type if row else None) or "",
    ]
    value = " ".join(word for word in words if word not in {"", "unknown", "none"})
    detail = f"{paid.succeeded} paid, {paid.failed} failed, {paid.disputed} disputed"
    return KeyFact("Pays", value.capitalize() or "No method", detail)


def _verified(facts: Facts) -> KeyFact:
    row = facts.version
    yes = list(facts.verified)
    if row and row.email_verified:
        yes.append("e-mail")
    if row and row.phone_verified:
        yes.append("phone")
    given = "registration given" if row and row.registration_given else ""
    return KeyFact(
        "Verified", ", ".join(yes).capitalize() or "Nothing", given or "no registration"
    )


def _age(facts: Facts) -> KeyFact:
    age = policy.duration(facts.at - facts.account.created_at)
    return KeyFact("Age", age, f"since {facts.account.created_at:%-d %b %Y}")


def _volume(tokens: int | None) -> KeyFact:
    if tokens is None:
        return KeyFact("Volume", "No usage", "in the last 30 days")
    return KeyFact("Volume", f"{policy.compact(tokens)} tokens", "in the last 30 days")


def _origin(facts: Facts) -> KeyFact:
    row = facts.version
    network = row.signup_ip_class if row else None
    places = [row.declared_country, row.signup_ip_country] if row else []
    said = " / ".join(place or "?" for place in places)
    detail = f"declared / network {said}" if any(places) else UNKNOWN
    value = policy.network_of(network)
    return KeyFact("From", value[0].upper() + value[1:], detail)


def _keys(facts: Facts) -> KeyFact:
    total, live = len(facts.keys), len(facts.live_keys)
    revoked = f"{total - live} revoked" if total > live else "none revoked"
    return KeyFact("Keys", f"{live} active", revoked)


def _links(facts: Facts) -> KeyFact:
    strength = {one: rarity(one, facts.accounts_total) for one in facts.connections}
    telling = [one for one in strength if strength[one] in TELLING]
    if not telling:
        return KeyFact("Linked to", "No one", "nothing uncommon is shared")
    most = min(telling, key=lambda one: (TELLING.index(strength[one]), -one.others))
    others = f"{most.others:,} account{'s' if most.others > 1 else ''}"
    return KeyFact("Linked to", others, f"by {KIND_WORDS.get(most.kind, most.kind)}")


def _past(facts: Facts, earlier: int) -> KeyFact:
    newest = facts.outcomes[0].label.replace("_", " ") if facts.outcomes else "none"
    value = f"{earlier} by people" if earlier else "None"
    return KeyFact("Decisions", value, f"outcome: {newest}")
