"""The feature and reason-code dictionaries as documents, always from the catalogue."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ml import explain
from ml.features import (
    CUSTOMER_TEXTS,
    EVIDENCE,
    FAMILIES,
    FEATURES,
    UNITS,
    Evidence,
    Feature,
    shown,
)

_BY_NAME: Final = {feature.name: feature for feature in FEATURES}
_WRITTEN: Final = "<!-- Written by `manage.py features_docs`; do not edit. -->"
_ABOUT_FEATURES: Final = (
    "Every number that a score may use, as of one moment. Missing is a value of its"
    " own: it never raises a score. Windows end at that moment. Country, language and"
    " name are never features; a country counts only where stated facts disagree."
)
_ABOUT_EVIDENCE: Final = (
    "How much was seen. These counts decide what may be shown about one account; no"
    " model reads them, because volume alone says nothing about intent."
)
_DIRECTIONS: Final = {
    1: "a higher value can only raise risk",
    -1: "a higher value can only lower risk",
    0: "either way",
}


def features_page() -> str:
    """Return docs/reference/features.md."""
    parts = [
        "# Features",
        _WRITTEN,
        _ABOUT_FEATURES,
    ]
    for family, title in FAMILIES.items():
        members = [feature for feature in FEATURES if feature.family == family]
        if members:
            parts += [f"## {title}", *(_feature(feature) for feature in members)]
    texts = ((f"`{key}`", text) for key, text in CUSTOMER_TEXTS.items())
    parts += [
        "## Evidence",
        _ABOUT_EVIDENCE,
        _table(("Name", "What"), (_evidence(item) for item in EVIDENCE)),
        "## What a customer may be told",
        _table(("Key", "Text"), texts),
    ]
    return "\n\n".join(parts) + "\n"


def reason_codes_page() -> str:
    """Return docs/reference/reason_codes.md."""
    codes = explain.reason_codes({feature.name: feature for feature in FEATURES})
    families = ((f"`{family}`", title) for family, title in FAMILIES.items())
    rows = (
        (f"`{code}`", meaning, _features_of(code), _keys_of(code))
        for code, (_, meaning) in codes.items()
    )
    parts = [
        "# Reason codes",
        _WRITTEN,
        "A code is a family and a number. Codes are stable and never reused.",
        "## Families",
        _table(("Family", "What"), families),
        "## Codes",
        _table(("Code", "Stands for", "Features", "Customer text"), rows),
    ]
    return "\n\n".join(parts) + "\n"


def _feature(feature: Feature) -> str:
    floor = feature.floor
    shown = f"from {floor.least} of `{floor.evidence}` on" if floor else "always"
    rows = (
        ("Reason code", f"`{feature.code}`"),
        ("Says", feature.analyst_text.replace("{value}", "*value*")),
        ("Unit", UNITS[feature.unit]),
        ("Window", feature.window),
        ("Group", feature.group),
        ("Direction", _DIRECTIONS[feature.direction]),
        ("Shown as a reason", shown),
        ("Not counted under", _permits(feature)),
        ("Missing when", feature.missing),
        ("Can mislead", feature.misleads),
        ("Customer text", _key(feature)),
    )
    return f"### `{feature.name}`\n\n{feature.label}\n\n{_table(('', ''), rows)}"


def _permits(feature: Feature) -> str:
    """Name the registered permits that exempt an account from this feature."""
    return ", ".join(f"`{one}`" for one in feature.exempt) or "no permit"


def _evidence(item: Evidence) -> tuple[str, str]:
    return f"`{item.name}`", item.label


def _key(feature: Feature) -> str:
    key = feature.customer_safe_key
    return f"`{key}`" if key else "nothing is said"


def _features_of(code: str) -> str:
    return ", ".join(f"`{one.name}`" for one in FEATURES if one.code == code)


def _keys_of(code: str) -> str:
    return ", ".join(_key(feature) for feature in FEATURES if feature.code == code)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, slots=True)
class Described:
    """One value of one feature in words, for a report."""

    label: str
    family: str
    code: str
    value: str
    sentence: str
    window: str
    unit: str
    misleads: str
    missing: str


def described(name: str, value: float) -> Described:
    """Say what a stored value means; NaN is missing.

    A feature that the catalogue has since dropped keeps its name and bare number.
    """
    feature = _BY_NAME.get(name)
    missing = math.isnan(value)
    if feature is None:
        text = "" if missing else f"{value:,.4g}"
        return Described(name, "", "", text, "", "", "", "", "")
    return Described(
        label=feature.label,
        family=feature.family,
        code=feature.code,
        value="" if missing else shown(value, feature.unit),
        sentence=feature.tell(value),
        window=feature.window,
        unit=UNITS[feature.unit],
        misleads=feature.misleads,
        missing=feature.missing,
    )
