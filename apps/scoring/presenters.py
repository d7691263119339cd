"""Models as their pages show them."""

from dataclasses import dataclass
from typing import Any

from apps.scoring.models import ModelVersion
from apps.scoring.selectors import adaptation_of
from apps.scoring.services import Estimates
from apps.scoring.services.enough import (
    AUDITS_TO_CALIBRATE,
    LEAST_GROUPS,
    LEAST_LABELS,
    LEAST_POSITIVES,
    Labels,
)
from ml.evaluate import Share
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
_ADAPTATIONS = {
    "starter": (
        "Starter: shipped with the product, learned from simulated providers alone."
        " With it the machine goes no further than to observe and to ask for a review."
    ),
    "calibrated": (
        "Calibrated: the starter's trees, with probabilities that fit this site's"
        " random audits."
    ),
    "trained": "Trained: learned from this site's own labels.",
}
_READ_BY_LABELS = (
    "Calibrated: the starter's trees, read by this site's labels. Trees of the site's"
    " own were not clearly better on later accounts, or too few of these had a label."
)
_LED = " Accounts without a label taught it what the starter takes them for."
_GOES_ON = " Its trees go on from the starter's."
_MEASURED = {
    "labels": (
        "Measured on the later accounts that also moved its probabilities, each by a"
        " reading of the others. Accounts without a label count as honest there, so the"
        " numbers are pessimistic."
    ),
    "starter": (
        "Measured on simulated providers that it did not learn from, at an assumed"
        " share of abuse."
    ),
    "calibrated": "Measured on the audited accounts that also moved its probabilities.",
    "trained": (
        "Measured on accounts created later than those that the trees saw. Accounts"
        " without a label count as honest there, so the numbers are pessimistic."
    ),
}
_READ_ON = {
    "labels": "later accounts",
    "starter": "rows of simulated accounts",
    "calibrated": "audited accounts",
    "trained": "later accounts",
}
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
    adaptation: str
    measured: str
    calibration: str
    interval: str
    metrics: list[tuple[str, str]]
    calibration_table: list[tuple[str, str, str]]
    features: list[dict[str, Any]]
    excluded: list[tuple[str, str]]
    counts: list[tuple[str, str]]
    libraries: list[tuple[str, str]]
    approvers: int


@dataclass(frozen=True, slots=True)
class Step:
    """How far a site has come toward one goal."""

    what: str
    have: int
    need: int

    @property
    def reached(self) -> bool:
        return self.have >= self.need


def path(known: Labels) -> list[Step]:
    """Return the steps from the starter to a model of this site's own."""
    return [
        Step("accounts with an independent label", known.labels, LEAST_LABELS),
        Step("of them abusive", known.positives, LEAST_POSITIVES),
        Step("rings or single abusive accounts", known.groups, LEAST_GROUPS),
        Step("random audits, to calibrate", known.audits, AUDITS_TO_CALIBRATE),
    ]


@dataclass(frozen=True, slots=True)
class Audited:
    """What random audits say of one model: counts, and shares with their intervals."""

    drawn: int
    decided: int
    undecided: int
    shares: list[tuple[str, str, int]]


def audited(found: Estimates) -> Audited:
    """Return the estimates as the model's page says them."""
    return Audited(
        found.drawn,
        found.decided,
        found.undecided,
        [
            (what, _share(one), one.count)
            for what, one in (
                ("Abuse among all accounts", found.prevalence),
                ("Abuse among those that it asked people about", found.precision),
                ("Of all abuse, asked people about", found.recall),
            )
        ],
    )


def _share(one: Share) -> str:
    if not one.count:
        return "not measurable yet"
    return f"{one.value:.1%} ({one.low:.1%} to {one.high:.1%})"


def _by_labels(manifest: dict[str, Any]) -> bool:
    """Say whether the starter's trees were read by labels, not by audits alone."""
    calibrated = adaptation_of(manifest) == "calibrated"
    return calibrated and "late_rows" in manifest["rows"]


def _read_on(manifest: dict[str, Any]) -> str:
    """Return the adaptation whose accounts probabilities and metrics come from."""
    return "labels" if _by_labels(manifest) else adaptation_of(manifest)


def _adaptation(manifest: dict[str, Any]) -> str:
    if _by_labels(manifest):
        return _READ_BY_LABELS
    return _ADAPTATIONS[adaptation_of(manifest)]


def card(row: ModelVersion, approvers: int) -> Card:
    """Return what the model's page says, from its manifest alone."""
    manifest = row.manifest
    calibration, metrics = manifest["calibration"], manifest["metrics"]
    read_on = _read_on(manifest)
    return Card(
        row=row,
        cutoff=manifest["cutoff"],
        sha256=manifest["text_sha256"],
        event="The account is, or will be, confirmed as abusive.",
        adaptation=_adaptation(manifest)
        + (_GOES_ON if manifest.get("goes_on") else "")
        + (_LED if manifest.get("prior") else ""),
        measured=_MEASURED[read_on],
        calibration=(
            f"{_METHODS[calibration['method']]}, on {calibration['rows']:,}"
            f" {_READ_ON[read_on]}, {calibration['positives']:,} of them abusive"
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
