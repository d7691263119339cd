"""What a model must show before people may put it in use.

Each gate compares one number with that of the model in use. What cannot be measured,
as on a site with few labels, neither passes nor refuses: it is told to the people who
decide.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from ml.manifest import Manifest
    from ml.model import RiskModel

RECALL: Final = "recall_at_1pct_fpr"
FEW: Final = 30  # abusive accounts; a calibration error of fewer is mostly chance
MOST_CALIBRATION_ERROR: Final = 0.05
CALIBRATION_NOISE: Final = 0.02  # what two samples of some hundreds differ by
MOST_MILLISECONDS: Final = 5.0  # what the request path owes, for one row with parts
LATENCY_SHARE: Final = 0.95
ROUNDS: Final = 5
_POSITIVES: Final = (
    "late_positives",
    "audited_abusive_accounts",
    "held_out_abusive_accounts",
)


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition: what was found, what is asked, and whether it holds.

    `passed` is None where it could not be measured or compared.
    """

    name: str
    found: str
    asked: str
    passed: bool | None


def gates(model: "RiskModel", in_use: "RiskModel | None") -> tuple[Gate, ...]:
    """Judge a loaded model beside the one in use, if there is one.

    That its files are whole and its golden answers exact was checked when it loaded.
    """
    files = Gate("files", "signed, whole, golden answers exact", "this", passed=True)
    other = in_use.manifest if in_use is not None else None
    told = recall(model.manifest, other), calibration(model.manifest, other)
    return (files, *told, latency(model, in_use))


def recall(mine: "Manifest", other: "Manifest | None") -> Gate:
    """Ask for no less abuse found at 1 % false alarms, as far as intervals can tell."""
    own, theirs = mine.metrics.get(RECALL), _comparable(mine, other, RECALL)
    if own is None:
        return Gate("recall", "not measurable", "an interval", passed=None)
    found = f"{own['value']:.1%} ({own['low']:.1%} to {own['high']:.1%})"
    if theirs is None:
        return Gate("recall", found, "nothing to compare with", passed=None)
    return Gate(
        "recall",
        found,
        f"reaches {theirs['low']:.1%}, the least of the model in use",
        passed=own["high"] >= theirs["low"],
    )


def calibration(mine: "Manifest", other: "Manifest | None") -> Gate:
    """Ask that probabilities lie near what was seen, or as near as those in use."""
    error = mine.metrics.get("calibration_error")
    if error is None or _positives(mine) < FEW:
        asked = f"{FEW} abusive accounts to measure it on"
        return Gate("calibration", "not measurable", asked, passed=None)
    theirs = _comparable(mine, other, "calibration_error")
    most = max(MOST_CALIBRATION_ERROR, (theirs or 0.0) + CALIBRATION_NOISE)
    holds = error <= most
    return Gate(
        "calibration",
        f"{error:.2%} off on average",
        f"at most {most:.2%}",
        passed=True if holds else None if theirs is None else False,
    )


def latency(model: "RiskModel", in_use: "RiskModel | None") -> Gate:
    """Ask one row at a time, as a request does; the processor's time counts."""
    slow = _milliseconds(model)
    most = MOST_MILLISECONDS
    if slow > most and in_use is not None:
        most = max(most, _milliseconds(in_use))
    return Gate(
        "latency",
        f"{slow:.1f} ms at the 95th percentile",
        f"at most {most:.1f} ms",
        passed=slow <= most,
    )


def refusals(judged: Sequence[Gate]) -> list[str]:
    """Say of each gate that refuses what was found and asked."""
    return [
        f"{gate.name}: {gate.found}, asked is {gate.asked}"
        for gate in judged
        if gate.passed is False
    ]


def _comparable(mine: "Manifest", other: "Manifest | None", metric: str) -> Any:
    """Return a number of the model in use where it was measured on the same kind.

    Those of a starter come from simulated worlds, those of others from a site's later
    accounts or from its random audits: one says nothing about the other.
    """
    if other is None or _measured_on(other) != _measured_on(mine):
        return None
    return other.metrics.get(metric)


def _measured_on(manifest: "Manifest") -> str:
    if manifest.adaptation == "starter":
        return "worlds"
    return "audits" if "audited_accounts" in manifest.rows else "later accounts"


def _positives(manifest: "Manifest") -> int:
    return max(manifest.rows.get(name, 0) for name in _POSITIVES)


def _milliseconds(model: "RiskModel") -> float:
    """Return the best of some rounds: what disturbs one is not the model's fault."""
    return min(_round(model) for _ in range(ROUNDS))


def _round(model: "RiskModel") -> float:
    rows = np.array(model.manifest.golden.rows, dtype=np.float64)
    spent = []
    for at in range(len(rows)):
        start = time.thread_time()
        model.predict(rows[at : at + 1])
        spent.append((time.thread_time() - start) * 1000.0)
    return sorted(spent)[math.ceil(LATENCY_SHARE * len(spent)) - 1]
