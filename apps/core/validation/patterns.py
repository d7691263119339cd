"""Patterns that accept only what a rule accepts unchanged (tests hold them to it)."""

from typing import Final

from apps.core.validation import values

# Twelve digits in all, or eleven between two letters, cannot be a card number.
_FEW_DIGITS: Final = r"^(?:[{0}/:-~]*[0-9]){{0,12}}[{0}/:-~]*$"
FAST: Final[dict[str, str]] = {
    "id": rf"^{values.ID}$",
    "phone": rf"^{values.PHONE}$",
    "bin": rf"^{values.BIN}$",
    "surface": rf"^(?:{values.SURFACE})$",
    "ip": rf"^{values.QUAD}$",
    "opaque": _FEW_DIGITS.format("!-")
    + r"|^(?:[0-9]{0,11}[A-Za-z_.:]){1,64}[0-9]{0,11}$",
    "token": r"^[!-~]+$",
    "text": _FEW_DIGITS.format(" -"),
    "hex": r"^[0-9a-f]+$",
}
# Arrow reads these as the rule does, or refuses them (a 30th of February).
TIME: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+\-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)
