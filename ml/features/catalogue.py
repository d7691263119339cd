"""The catalogue: one tuple is documentation, training columns and serving columns."""

import hashlib
import json
from functools import cache
from typing import Final

from ml.features import (
    breadth,
    cohort,
    crowd,
    elicitation,
    keyring,
    links,
    network,
    pace,
    payment,
    rhythm,
    shape,
    signup,
    ties,
    usage,
)
from ml.features.feature import Evidence, Feature, check

# Raise it when a definition changes its meaning under an unchanged name: models and
# stored values of another number are then refused.
DEFINITIONS: Final = 3

FEATURES: Final[tuple[Feature, ...]] = (
    *signup.FEATURES,
    *links.FEATURES,
    *payment.FEATURES,
    *ties.FEATURES,
    *network.FEATURES,
    *crowd.FEATURES,
    *usage.FEATURES,
    *keyring.FEATURES,
    *rhythm.FEATURES,
    *pace.FEATURES,
    *shape.FEATURES,
    *breadth.FEATURES,
    *elicitation.FEATURES,
    *cohort.FEATURES,
)
EVIDENCE: Final[tuple[Evidence, ...]] = usage.EVIDENCE
COLUMNS: Final[tuple[Feature | Evidence, ...]] = (*FEATURES, *EVIDENCE)
NAMES: Final = tuple(item.name for item in COLUMNS)

check(FEATURES, EVIDENCE)


@cache
def catalogue_hash() -> str:
    """Return 16 hex digits that change with names, order, directions or definitions."""
    content = {
        "definitions": DEFINITIONS,
        "features": [[item.name, item.code, item.direction] for item in FEATURES],
        "evidence": [item.name for item in EVIDENCE],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
