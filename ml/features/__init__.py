"""Features: numbers about accounts, computed from facts as of one moment."""

from ml.features.catalogue import (
    DEFINITIONS,
    EVIDENCE,
    FEATURES,
    NAMES,
    catalogue_hash,
)
from ml.features.compute import compute, compute_entry, missing_shared
from ml.features.entry import EntryFacts
from ml.features.feature import (
    CUSTOMER_TEXTS,
    FAMILIES,
    GROUPS,
    UNITS,
    Evidence,
    Feature,
    Floor,
    shown,
)
from ml.features.percentiles import may_show, percentiles, place

__all__ = [
    "CUSTOMER_TEXTS",
    "DEFINITIONS",
    "EVIDENCE",
    "FAMILIES",
    "FEATURES",
    "GROUPS",
    "NAMES",
    "UNITS",
    "EntryFacts",
    "Evidence",
    "Feature",
    "Floor",
    "catalogue_hash",
    "compute",
    "compute_entry",
    "may_show",
    "missing_shared",
    "percentiles",
    "place",
    "shown",
]
