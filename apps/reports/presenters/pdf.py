"""A document as PDF/A-3b, by typst: the same document gives the same bytes."""

import json
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
        "document": json.dumps(document, sort_keys=True),
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


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
