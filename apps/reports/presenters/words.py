"""Fixed texts of reports. Plain words: a person of fourteen should follow them."""

from datetime import UTC, datetime
from typing import Any, Final

EVENT: Final = "The account is, or will be, confirmed as abusive by people."
FAMILIES: Final = {
    "IDN": "Identity",
    "PAY": "Payment",
    "NET": "Network",
    "CLI": "Client and device",
    "KEY": "API keys",
    "VOL": "Volume",
    "RHY": "Rhythm and timing",
    "SHP": "Shape of prompts",
    "LNK": "Shared with other accounts",
    "RNG": "Joint behavior of a group",
    "ANS": "Answers to our own actions",
    "DAT": "Missing data",
}
ACTIONS: Final = {
    "allow": "Nothing was done to the account.",
    "observe": "The account was marked for a closer look; nothing changed for it.",
    "challenge": "The account was asked for one more proof.",
    "limit": "The account got starting limits.",
    "review": "The account was put before a person; nothing changed for it.",
    "hold": "New capacity of the account was put on hold.",
    "suspend": "The account was suspended.",
}
NOT_USED: Final = [
    "The text of prompts and answers: it never enters this system",
    "Name, nationality, language, religion, health, or anything like them",
    "Country by itself: it counts only where two stated facts disagree",
    "Data about other customers, beyond how many share a value and look abusive",
]
STEPS: Final = [
    (
        "Facts that had been reported and recorded by the stated moment were read;"
        " nothing later counts."
    ),
    "Each feature was computed from these facts by its published definition.",
    (
        "The model added up one part for each feature. A missing value is read as that"
        " of a typical honest account."
    ),
    (
        "The sum was turned into a probability, measured on accounts that the model"
        " had not learnt from."
    ),
    (
        "What the account shares with accounts whose own conduct is suspicious was"
        " added to the sum, as points of its own."
    ),
    (
        "Where the account stands in a group of accounts, the group's probability was"
        " joined to it by a fixed formula."
    ),
    (
        "The published policy turned the probability into an action; its rules may"
        " raise or cap the action."
    ),
    (
        "The machine alone goes no further than a hold of new capacity, which ends by"
        " itself. Suspending takes people."
    ),
]
LIMITS: Final = [
    "A part of the sum says what moved this score, not what caused anything.",
    (
        "Features that say similar things share the credit; their family's total"
        " is more telling than each of them alone."
    ),
    (
        "The probability is about accounts that look like this one. It does not prove"
        " anything about this customer."
    ),
    (
        "Parts are exact for the model (TreeSHAP, path-dependent): they add up to its"
        " sum without a rest. Another method would split the same sum otherwise."
    ),
    (
        "The model learnt from confirmed cases. Abuse of a kind that nobody has"
        " confirmed yet is not in it."
    ),
]
TERMS: Final = [
    {
        "term": "Evidence points",
        "text": "10 times the logarithm of the factor by which the odds change: +3"
        " doubles the odds, +10 makes them ten times, negative points lower them.",
    },
    {
        "term": "Interval",
        "text": "Where the probability likely lies, from how often accounts with such"
        " a sum were confirmed as abusive.",
    },
    {
        "term": "Percentile",
        "text": "The share of the accounts that the model learnt from whose value is"
        " lower.",
    },
]
# What accounts can share, for a reader; values themselves are never shown.
LEAST_SHOWN: Final = 0.05  # points: less is shown as none
SHARED: Final = {
    "card": "payment card",
    "bin_day": "card range on one day",
    "device": "device",
    "ja4": "TLS fingerprint",
    "ip": "network address",
    "net": "small network",
    "email": "mailbox",
    "email_pattern": "form of the e-mail address",
    "phone": "phone number",
    "phone_block": "block of phone numbers",
    "address": "postal address",
    "payer": "payer",
    "registration": "registration number",
    "scaffold": "recurring prompt wrapper",
    "client": "client software",
    "params": "sampling parameters",
    "schema": "output schema",
    "tools_hash": "set of tools",
    "exits": "carrier through whose networks it wanders",
    "silence": "hours in which several fell silent",
    "joint_work": "work that is divided",
}
# Said elsewhere in the report, or of no meaning to a reader.
HIDDEN_FACTS: Final = frozenset({"account_id", "recorded_at", "history"})
SOURCES: Final = {
    "signup_ip_class": "address lists, by the sign-up address",
    "signup_asn": "address lists, by the sign-up address",
    "signup_ip_country": "address lists, by the sign-up address",
    "email_class": "lists of e-mail domains",
    "email_pattern": "the form of the e-mail address, as a keyed hash",
    "payment_funding": "card number ranges, or the provider",
    "payment_country": "card number ranges, or the provider",
    "org_domain_matches": "compared when the record came in",
    "payer_matches": "compared when the record came in",
    "phone_country": "the country code of the phone number",
}


def commands(assessment_id: str) -> list[dict[str, str]]:
    """Return how a reader checks the report, and what they then see."""
    return [
        {
            "command": "manage.py verify_audit --full",
            "expect": "The log is clean: every entry, the tree, its checkpoints.",
        },
        {
            "command": f"manage.py replay --assessment {assessment_id}",
            "expect": "1 assessment recomputed, bit-identical.",
        },
    ]


def moment(text: str) -> str:
    """Write a stored time for a reader, in UTC."""
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def signed(points: float) -> str:
    """Write points with their sign, a true minus included."""
    text = f"{points:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text.replace("-", "\N{MINUS SIGN}")


def fact(value: Any) -> str:
    """Write one reported value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and len(value) >= _DATED and value[10:11] == "T":
        return moment(value)
    return str(value)


_DATED: Final = 19  # the shortest RFC 3339 date and time
