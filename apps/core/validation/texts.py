"""Rules for text: letters, addresses of mail, names of domains, card numbers."""

import re
import unicodedata
from typing import Final

from apps.core.validation.columns import RawColumn

DOMAIN: Final = r"(?:[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9])?\.)+[a-z0-9\-]{2,63}"
LOCAL: Final = r"[^\s@\"(),:;<>\[\]\\]{1,64}"
_DOMAIN = re.compile(DOMAIN)
_LOCAL = re.compile(LOCAL)
_PLAIN = re.compile(r"[ -~]*")
# a run inside a longer word is part of an opaque id, such as a hash
_CARD_RUN = re.compile(r"(?<![0-9A-Za-z])[2-6](?:[ \-]?\d){12,18}(?![0-9A-Za-z])")
# Marks that reorder or hide text; joiners (U+200C, U+200D) are part of real names.
_HIDDEN = frozenset("\u061c\u200b\u200e\u200f\u2060\ufeff") | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


class BadValueError(ValueError):
    """One value breaks its rule; `code` is a key of `codes.DETAILS`."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


def is_card_number(text: str) -> bool:
    """Whether the text holds 13-19 digits that pass the Luhn check."""
    return any(_luhn(run.group()) for run in _CARD_RUN.finditer(text))


def _luhn(run: str) -> bool:
    digits = [int(mark) for mark in run if mark.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def string_of(value: object) -> str:
    if not isinstance(value, str):
        raise BadValueError("wrong_type")
    return value


def clean_text(value: object, column: RawColumn, allowed: str = "") -> str:
    """Return checked text that holds no card number."""
    text = _checked(value, column, allowed)
    if is_card_number(text):
        raise BadValueError("pan_detected")
    return text


def clean_token(value: object, column: RawColumn) -> str:
    """Return an id that was made by a machine, printable and not empty.

    It is not searched for card numbers: of random ids of 16 hexadecimal digits one in
    20,000 looks like one.
    """
    text = _checked(value, column, "")
    if not text:
        raise BadValueError("bad_text")
    return text


def _checked(value: object, column: RawColumn, allowed: str) -> str:
    """Return NFC text without control, direction or unassigned characters."""
    text = string_of(value)
    if not _PLAIN.fullmatch(text):
        text = _unusual(text, allowed)
    if len(text) > column.high:
        raise BadValueError("bad_text")
    return text


def _unusual(text: str, allowed: str) -> str:
    if "\0" in text:
        raise BadValueError("nul_not_allowed")
    for mark in text:
        category = unicodedata.category(mark)
        if category == "Cs":
            raise BadValueError("bad_unicode")
        if mark in _HIDDEN or (category in {"Cc", "Cn"} and mark not in allowed):
            raise BadValueError("bad_text")
    return unicodedata.normalize("NFC", text)


def clean_opaque(value: object, column: RawColumn) -> str:
    """Return a provider's own token: printable, not empty, never a card number."""
    text = clean_text(value, column)
    if not text:
        raise BadValueError("bad_text")
    return text


def clean_email(value: object, _: RawColumn) -> str:
    text = unicodedata.normalize("NFC", clean_text(value, RawColumn("email", "text")))
    local, at, domain = text.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(text) > 254:  # noqa: PLR2004 - RFC 5321
        raise BadValueError("bad_email")
    if ".." in local or local[0] == "." or local[-1] == ".":
        raise BadValueError("bad_email")
    return f"{local}@{domain_name(domain, 'bad_email')}"


def domain_name(text: str, code: str) -> str:
    """Return the lower-case A-label form."""
    try:
        name = text.lower() if text.isascii() else text.encode("idna").decode().lower()
    except UnicodeError as error:
        raise BadValueError(code) from error
    if len(name) > 253 or not _DOMAIN.fullmatch(name):  # noqa: PLR2004 - RFC 1035
        raise BadValueError(code)
    return name
