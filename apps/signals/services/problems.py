"""Sentences for refused rows; none ever holds a value."""

from typing import Final

from apps.core.validation.codes import DETAILS

_DETAILS: Final = {
    "unreadable_file": "ends early or is damaged; what stood before is kept.",
    "body_too_large": "is longer than one mebibyte.",
    "csv_row_width": "has another number of cells than the header.",
    "csv_row_broken": "is not well-formed CSV.",
    "not_utf8": "is not UTF-8.",
    "unknown_account": "names an account that is not known.",
    "event_conflict": "has the id of another fact with a different body.",
    "too_late": "is more than 7 days old; send it in a bundle.",
    "duplicate_key": "appears twice in one object.",
    "too_deep": "is nested too deeply.",
    "too_many_keys": "holds too many fields.",
}


def detail(field: str, code: str) -> str:
    """Return the sentence for a code."""
    sentence = _DETAILS.get(code) or DETAILS.get(code, "is not acceptable.")
    return f"{field} {sentence}"
