"""Keyed hashes of values that accounts can share, and the forms they are made from.

HMAC-SHA-256 under KYCRISK_PSEUDONYM_KEY with the kind as domain separation, cut to
96 bits (24 hex characters): equal values meet, nobody without the key can guess them.
"""

import hmac
import itertools
import re
import socket
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.conf import settings

LENGTH: Final = 12  # bytes
PHONE_BLOCK: Final = 4  # digits: blocks of 10,000 numbers
PATTERN_LENGTH: Final = 48
# Providers that ignore dots in the local part, and names for the same mailboxes.
_DOTLESS: Final = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
# Providers whose mailboxes take `user-tag@`; all others take `user+tag@`.
_DASHED: Final = frozenset({"yahoo.com", "ymail.com", "rocketmail.com"})
_MAPPED: Final = b"\0" * 10 + b"\xff\xff"
_NOT_WORD: Final = re.compile(r"[\W_]+")


def mac(purpose: str, text: bytes) -> bytes:
    """Return HMAC-SHA-256 of a text under KYCRISK_PSEUDONYM_KEY, by purpose.

    `hmac.digest` would look up the algorithm and give way to other threads each time:
    four times as long alone, and a hundred times beside a thread that computes.
    """
    begun = _begun(settings.KYCRISK_PSEUDONYM_KEY, purpose).copy()
    begun.update(text)
    return begun.digest()


@lru_cache(maxsize=64)
def _begun(key: bytes, purpose: str) -> hmac.HMAC:
    return hmac.new(key, purpose.encode() + b"\0", "sha256")


def keyed(kind: str, values: Sequence[str | None]) -> list[str | None]:
    """Return the keyed hash of each value (None stays None); equal values cost once."""
    known: dict[str | None, str | None] = {None: None}
    for value in values:
        if value not in known and value is not None:
            known[value] = mac(kind, value.encode())[:LENGTH].hex()
    return [known[value] for value in values]


def key_of(kind: str, value: str | None) -> str | None:
    """Return the keyed hash of one value."""
    return keyed(kind, (value,))[0]


def address_keys(
    addresses: Sequence[str | None],
) -> tuple[list[str | None], list[str | None]]:
    """Return hashes of the canonical address and of its /24 (IPv6: /48).

    What is no address gives None in both.
    """
    known = {text: _address_forms(text) for text in set(addresses)}
    forms = [known[text] for text in addresses]
    return (
        keyed("ip", [address for address, _ in forms]),
        keyed("net", [net for _, net in forms]),
    )


def _address_forms(text: str | None) -> tuple[str | None, str | None]:
    """Return the canonical address and its network as text."""
    if not text:
        return None, None
    try:
        if ":" not in text:
            canonical = socket.inet_ntoa(socket.inet_pton(socket.AF_INET, text))
            return canonical, f"{canonical.rpartition('.')[0]}.0/24"
        raw = socket.inet_pton(socket.AF_INET6, text)
    except OSError:
        return None, None
    if raw.startswith(_MAPPED):
        return _address_forms(socket.inet_ntoa(raw[12:]))
    network = socket.inet_ntop(socket.AF_INET6, raw[:6] + b"\0" * 10)
    return socket.inet_ntop(socket.AF_INET6, raw), f"{network}/48"


def mailbox(email: str) -> str:
    """Return the mailbox that an address reaches: lower case, no tag, no idle dots."""
    local, _, domain = email.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), _DOTLESS[domain]
    elif domain in _DASHED:
        local = local.partition("-")[0] or local
    return f"{local}@{domain}"


def email_pattern(email: str, email_class: str) -> str:
    """Return the shape of an address: `maria.lopez07@gmail.com` is `L5.L5D2@free`.

    Letters of any script are L and digits D, with the length of each run; other
    characters stand for themselves. No name can be read back.
    """
    local = email.rpartition("@")[0]
    runs = [
        (mark, sum(1 for _ in group))
        for mark, group in itertools.groupby(local, key=_mark)
    ]
    shape = "".join(f"{m}{n}" if m in "LD" else m * n for m, n in runs)
    return f"{shape[:PATTERN_LENGTH]}@{email_class}"


def _mark(character: str) -> str:
    if character.isalpha():
        return "L"
    return "D" if character.isdecimal() else character


def email_domain(email: str | None) -> str | None:
    return email.rpartition("@")[2].lower() if email else None


def phone_block(phone: str) -> str:
    """Return the number without its last four digits."""
    return phone[:-PHONE_BLOCK]


def bin_day(card_bin: str, day: datetime) -> str:
    """Return a BIN on a day of sign-up: virtual cards come in runs."""
    return f"{card_bin}|{day:%Y-%m-%d}"


def plain_text(text: str) -> str:
    """Return letters and digits without case, accents or punctuation."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(mark for mark in folded if not unicodedata.combining(mark))
    return _NOT_WORD.sub(" ", bare).strip()


def address_form(*parts: str | None) -> str | None:
    """Return a postal address in one form, or None when there is no street line."""
    if not parts or not parts[0]:
        return None
    return "|".join(plain_text(part or "") for part in parts)


def payer_form(name: str) -> str:
    """Return a payer's name with its words in one order."""
    return " ".join(sorted(plain_text(name).split()))


def registration_form(number: str, country: str | None) -> str:
    return f"{country or ''}|{plain_text(number).replace(' ', '')}"
