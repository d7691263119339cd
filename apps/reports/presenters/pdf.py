"""A document as PDF/A-3b, by typst: the same document gives the same bytes."""

import json
import unicodedata
from datetime import datetime
from typing import Any, Final

from django.conf import settings

STANDARD: Final = "a-3b"


def render_pdf(document: dict[str, Any], *, snapshot: str) -> bytes:
    """Typeset a document and attach what proves it.

    Only the fonts inside typst are used and its clock is the assessment's, so no
    machine makes another file. Raises typst.TypstError where the template is broken.
    """
    # typst brings 40 MB of code and fonts: only processes that typeset load it
    import typst

    template = (settings.BASE_DIR / "templates/reports/explanation.typ").read_bytes()
    inputs = {
        "document": json.dumps(printable(document), sort_keys=True),
        "snapshot": snapshot,
        "proof": json.dumps(document["integrity"]["proof"], indent=1, sort_keys=True),
    }
    made = typst.compile(
        template,
        font_paths=typst.Fonts(include_system_fonts=False),
        sys_inputs=inputs,
        pdf_standards=[STANDARD],
        timestamp=_seconds(document["control"]["created_at"]),
    )
    return bytes(made)


def printable(value: Any) -> Any:
    """Return a value whose texts the fonts of typst can show.

    What they cannot is written as its code point, [U+6F22]: an archive holds no empty
    box, and nothing that turns or hides the text around it. The attached snapshot has
    every text as it was.
    """
    if isinstance(value, str):
        return "".join(one if _shows(one) else f"[U+{ord(one):04X}]" for one in value)
    if isinstance(value, dict):
        return {key: printable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [printable(inner) for inner in value]
    return value


# Latin, Greek and Cyrillic, as far as both fonts have them, and our own punctuation.
_ALPHABETS: Final = ((0x20, 0x24F), (0x386, 0x3CE), (0x400, 0x45F))
_SIGNS: Final = frozenset("\n\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u20ac\u2212")


def _shows(character: str) -> bool:
    if character in _SIGNS:
        return True
    point = ord(character)
    known = any(first <= point <= last for first, last in _ALPHABETS)
    return known and not unicodedata.category(character).startswith(("C", "M"))


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
