"""How many labels a site needs before a model of its own beats the starter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apps.scoring.choices import ModelKind
from apps.scoring.services.examples import Facts, Label, latest_labels
from apps.signals.selectors.facts import outcomes_table

# Independent labels: from outside, never the machine's own decisions.
LEAST_LABELS: Final = 200
LEAST_POSITIVES: Final = 20
# Trees that saw one ring find that ring again. Outcomes seldom name a ring, so an
# abusive account without one counts as a group of its own.
LEAST_GROUPS: Final = 3
# Reviewed whatever their score: the only labels that say how much abuse there is.
AUDITS_TO_CALIBRATE: Final = 300


@dataclass(frozen=True, slots=True)
class Labels:
    """How many labels are known: accounts, and groups of abusive ones."""

    labels: int
    positives: int
    groups: int
    audits: int


def labels_known(*, at: datetime) -> Labels:
    """Count the labels that are known by a moment."""
    return counted(latest_labels(outcomes_table(as_of=at).to_pylist()))


def counted(labels: Mapping[str, Label]) -> Labels:
    """Count each account's label, where a model may learn from it."""
    abusive = {name: one for name, one in labels.items() if one.value == 1.0}
    return Labels(
        labels=len(labels),
        positives=len(abusive),
        groups=len({one.ring or name for name, one in abusive.items()}),
        audits=sum(one.source == "random_audit" for one in labels.values()),
    )


def lacks(kind: str, facts: Facts) -> str:
    """Return why a kind cannot be learned from these labels, or nothing."""
    if kind == ModelKind.RING:
        return (
            "a ring's probability is a sum of measured likelihood ratios;"
            " nothing of it is learnt from labels"
        )
    known = counted(facts.labels)
    if known.labels < LEAST_LABELS:
        return _stays(f"{known.labels} accounts with a label", LEAST_LABELS)
    if known.positives < LEAST_POSITIVES:
        return too_few(known.positives, "known by then")
    if known.groups < LEAST_GROUPS:
        return _stays(f"{known.groups} rings or single abusive accounts", LEAST_GROUPS)
    return ""


def too_few(count: int, which: str) -> str:
    """Say that too few accounts are labeled as abuse."""
    return _stays(f"{count} accounts with a label of abuse {which}", LEAST_POSITIVES)


def _stays(what: str, needed: int) -> str:
    return f"{what}; {needed} are needed, so the model in use stays"
