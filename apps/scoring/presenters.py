"""Models as their pages show them."""

from dataclasses import dataclass
from typing import Any

from apps.scoring.models import ModelVersion
from ml.features import FAMILIES, FEATURES

_BY_NAME = {feature.name: feature for feature in FEATURES}
_METRICS = (
    ("pr_auc", "Average precision"),
    ("roc_auc", "Area under the ROC curve"),
    ("recall_at_1pct_fpr", "Abuse found at 1 % false alarms"),
    ("recall_at_5pct_fpr", "Abuse found at 5 % false alarms"),
    ("brier", "Brier score"),
    ("log_loss", "Log loss"),
    ("calibration_error", "Calibration error (adaptive)"),
    ("base_rate", "Share of labeled abuse"),
)
_DIRECTIONS = {1: "can only raise", -1: "can only lower", 0: "either way"}
_METHODS = {
    "none": "none: too few labels",
    "shift": "a shift of the log-odds",
    "beta": "beta calibration (three parameters)",
}


@dataclass(frozen=True, slots=True)
class Card:
    """A model card, ready to print."""

    row: ModelVersion
    cutoff: str
    sha256: str
    event: str
    calibration: str
    interval: str
    metrics: list[tuple[str, str]]
    calibration_table: list[tuple[str, str, str]]
    features: list[dict[str, Any]]
    excluded: list[tuple[str, str]]
    counts: list[tuple[str, str]]
    libraries: list[tuple[str, str]]
    approvers: int


def card(row: ModelVersion, approvers: int) -> Card:
    """Return what the model's page says, from its manifest alone."""
    manifest = row.manifest
    calibration, metrics = manifest["calibration"], manifest["metrics"]
    return Card(
        row=row,
        cutoff=manifest["cutoff"],
        sha256=manifest["text_sha256"],
        event="The account is, or will be, confirmed as abusive.",
        calibration=(
            f"{_METHODS[calibration['method']]}, on {calibration['rows']:,} later"
            f" accounts, {calibration['positives']:,} of them abusive"
        ),
        interval=(
            f"{calibration['level']:.0%}: Venn-Abers pair, widened by the Wilson"
            " interval of accounts with such a score"
        ),
        metrics=[
            (label, _number(metrics[name]))
            for name, label in _METRICS
            if name in metrics
        ],
        calibration_table=[
            (f"{b['predicted']:.1%}", f"{b['observed']:.1%}", f"{b['weight']:,.0f}")
            for b in metrics.get("calibration_table", [])
        ],
        features=[_feature(feature) for feature in manifest["features"]],
        excluded=sorted(manifest["excluded"].items()),
        counts=[
            (name.replace("_", " "), f"{count:,}")
            for name, count in sorted(manifest["rows"].items())
        ],
        libraries=sorted(manifest["libraries"].items()),
        approvers=approvers,
    )


def _feature(feature: dict[str, Any]) -> dict[str, Any]:
    known = _BY_NAME.get(feature["name"])
    return {
        "name": feature["name"],
        "label": known.label if known else feature["name"],
        "family": FAMILIES[known.family] if known else "",
        "direction": _DIRECTIONS[feature["direction"]],
        "fill": f"{feature['fill']:,.4g}",
        "misleads": known.misleads if known else "",
    }


def _number(value: Any) -> str:
    """Write a metric, with its interval where it has one."""
    if value is None:
        return "not measurable"
    if isinstance(value, dict):
        return f"{value['value']:.1%} ({value['low']:.1%} to {value['high']:.1%})"
    return f"{value:.4f}"
