"""Pure rules: which evidence about an address or a domain wins."""

import re
from typing import Final

from ml.schema import EMAIL_CLASSES, IP_CLASSES

# Kinds of sets; the first three answer for addresses.
KINDS: Final = ("ip_asn", "ip_country", "ip_class", "email_domains", "bins")
# Names of sanctions lists: a gate beside the score, so their absence degrades no score.
SANCTIONS: Final = "sanctions"

# The strongest evidence first. A relay also stands in data-center ranges, and a VPN
# exit in hosting ranges: the more specific statement wins.
_RANKED: Final = (
    "tor",
    "relay",
    "vpn",
    "hosting",
    "education",
    "mobile",
    "business",
    "residential",
    "isp",
)
CLASS_RANK: Final = {name: len(_RANKED) - at for at, name in enumerate(_RANKED)}
CLASS_NUMBER: Final = {name: at for at, name in enumerate(IP_CLASSES)}
EMAIL_NUMBER: Final = {name: at for at, name in enumerate(EMAIL_CLASSES)}
# Aliases forward to a person's own mailbox: they are not throw-away addresses.
EMAIL_RANK: Final = ("alias", "disposable", "free", "education", "corporate")

# A refresh may not change the size of a set by more than this without saying so.
SIZE_BAND: Final = 0.2
SMALL_SET: Final = 1000  # rows; below it sizes move freely

# Read by hand against the names of 91,064 networks (ip-location-db, CC BY 4.0): of 100
# drawn education names 99 were right; of all 87 mobile names 85 are carriers, 2
# unclear. "Mobile" anywhere was right in about 75 of 100 only: many firms that are no
# carrier use the word. Recall is low by choice; the rest is 'isp'.
_EDUCATION = re.compile(
    r"\b(?:universit\w*|universidad\w*|hochschule|college|schools?|academ\w+"
    r"|polytechni\w+|institute? of technology|nren)\b",
    re.IGNORECASE,
)
_NOT_EDUCATION = re.compile(
    r"\b(?:hospital|ospedalier\w*|telecom\w*|press|bank|broadband|hosting|realty"
    r"|music|specialty)\b",
    re.IGNORECASE,
)
_MOBILE = re.compile(
    r"\b(?:t-mobile|china mobile|two degrees mobile|rakuten mobile|hot mobile"
    r"|yemen mobile|gtel mobile|liberty mobile|consumer cellular|netone cellular"
    r"|smartone|telef[oó]nica m[oó]vil\w*|am[eé]rica m[oó]vil|mobile telesystems"
    r"|mobile telecommunications?|mobile telephon\w+|mobile communications?"
    r"|mobile comm\.|verizon wireless|cellco)",
    re.IGNORECASE,
)
_NOT_MOBILE = re.compile(
    r"\b(?:sony|microsoft|lenovo|fixed|security|international)\b", re.IGNORECASE
)
_EDUCATION_DOMAIN = re.compile(r"(?:^|\.)(?:edu|ac|edu\.[a-z]{2}|ac\.[a-z]{2})$")


def class_from_name(name: str) -> str | None:
    """Return what the name of a network says of it: education, mobile or nothing."""
    if _EDUCATION.search(name) and not _NOT_EDUCATION.search(name):
        return "education"
    if _MOBILE.search(name) and not _NOT_MOBILE.search(name):
        return "mobile"
    return None


def is_education_domain(domain: str) -> bool:
    """Whether the suffix is one that registries keep for schools and universities."""
    return bool(_EDUCATION_DOMAIN.search(domain))


def size_changed(before: int, now: int) -> bool:
    """Whether a set grew or shrank by more than the band allows."""
    return before >= SMALL_SET and abs(now - before) > SIZE_BAND * before


def funding_of(card_type: str, category: str) -> str:
    """Return the funding that a BIN table's words mean."""
    words = f"{card_type} {category}".lower()
    for name in ("prepaid", "virtual", "credit", "debit"):
        if name in words:
            return name
    return "unknown"
