"""What the starter finds in worlds it never saw; no ring has a part in these scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml import evaluate
from ml.evaluate import Share
from ml.frames import FeatureFrame
from ml.model import RiskModel
from ml.starter.views import without
from ml.starter.worlds import World

RATE: Final = 0.01  # of honest accounts that may be flagged
VALIDATED_BEFORE: Final = 4  # weeks before the end; later moments are the test


@dataclass(frozen=True, slots=True)
class Found:
    """Recall by level and false alarms by archetype, at one threshold."""

    threshold: float
    realised: Share
    recall: Mapping[str, Share]
    look_alikes: Mapping[str, Share]
    roc_auc: float


def judge(
    worlds: Sequence[World],
    models: Mapping[str, RiskModel],
    lacking: Sequence[str] = (),
) -> Found:
    """Score accounts by the highest probability they ever had, as ml.benchmark does.

    The threshold comes from the honest of the earlier moments, all figures from the
    later ones. `lacking` names views that every account lacks.
    """
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    for world in worlds:
        for moment in world.moments["activity"]:
            part = before if moment.back >= VALIDATED_BEFORE else after
            said = probabilities(without(moment.frame, lacking), models)
            for account_id, value in said.items():
                name = f"{world.seed} {account_id}"
                part[name] = max(value, part.get(name, 0.0))
    truth = {f"{w.seed} {one.account_id}": one for w in worlds for one in w.truth}
    calm = [value for name, value in before.items() if truth[name].honest]
    threshold = evaluate.threshold_at(np.array(calm), RATE)
    seen = [truth[name] for name in after]
    scores = np.array(list(after.values()))
    flagged = scores > threshold
    honest = np.array([one.honest for one in seen])
    levels = np.array([one.level or "" for one in seen])
    kinds = np.array([one.archetype for one in seen])
    guilty = levels != ""
    rings = {name: levels == name for name in sorted(set(levels[guilty].tolist()))}
    calmer = {name: honest & (kinds == name) for name in set(kinds[honest].tolist())}
    return Found(
        threshold,
        evaluate.share(flagged[honest]),
        {k: evaluate.share(flagged[v]) for k, v in (rings | {"all": guilty}).items()},
        {k: evaluate.share(flagged[v]) for k, v in sorted(calmer.items())},
        evaluate.roc_auc(
            guilty[honest | guilty].astype(float), scores[honest | guilty]
        ),
    )


def as_text(name: str, found: Found) -> str:
    """Return one line for each level and the worst look-alike."""
    kind = max(found.look_alikes, key=lambda each: found.look_alikes[each].value)
    lines = [
        f"{name}: ROC-AUC {found.roc_auc:.3f}, realised {_told(found.realised)}",
        *(f"  recall {level:<4} {_told(one)}" for level, one in found.recall.items()),
        f"  worst look-alike: {kind} {_told(found.look_alikes[kind])}",
    ]
    return "\n".join(lines)


def _told(one: Share) -> str:
    return f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}] of {one.count:,}"


def probabilities(
    frame: FeatureFrame, models: Mapping[str, RiskModel]
) -> dict[str, float]:
    """Ask the activity model about accounts with usage, the entry model about others.

    One monotone reading of both: the calibrated probability.
    """
    said: dict[str, float] = {}
    for kind, active in (("activity", True), ("entry", False)):
        part, model = frame.rows(frame.has_usage == active), models[kind]
        read = model.manifest.calibration.probability
        margins = model.margins(model.values(part)).tolist()
        said |= zip(part.account_ids, map(read, margins), strict=True)
    return said
