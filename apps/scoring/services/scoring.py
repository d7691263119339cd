"""Ask the models about accounts: margin, parts, probability, ring, reasons."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.scoring.choices import ModelKind
from apps.scoring.services.champions import Loaded, champions, model_of
from apps.scoring.services.stored import from_row
from ml.calibrate import logit
from ml.features import EVIDENCE
from ml.frames import FeatureFrame, Reason, RingPart, Scored

if TYPE_CHECKING:
    from apps.scoring.models import Score
    from ml.model import Prediction

CERTAIN: Final = 1.0 - 1e-12  # keeps the log-odds of a joined probability finite


class _Judged(NamedTuple):
    """What one margin means: alone, joined with its ring, and within which bounds."""

    own: float
    joined: float
    low: float
    high: float


def score(
    *,
    frame: FeatureFrame,
    rings: Mapping[str, RingPart],
    as_of: datetime,  # noqa: ARG001 - names the moment of frame and rings
    models: Mapping[str, Loaded] | None = None,
) -> list[Scored]:
    """Score every account of the frame, in its order.

    The activity model answers where the account has usage, else the entry model; where
    one of them is absent the other answers for all. Raise NoChampionError,
    UnusableModelError, or ml.manifest.ModelFileError where the frame comes from
    another catalogue than the model.
    """
    chosen = champions() if models is None else models
    by_usage = {True: _first(chosen, True), False: _first(chosen, False)}
    answers: dict[str, Scored] = {}
    for active, loaded in by_usage.items():
        mask = frame.has_usage == active
        if mask.any():
            part = frame.rows(mask)
            answers |= zip(part.account_ids, _apply(loaded, part, rings), strict=True)
    return [answers[account_id] for account_id in frame.account_ids]


def score_with(
    *, model_id: str, frame: FeatureFrame, rings: Mapping[str, RingPart]
) -> list[Scored]:
    """Score every account by one model, whether in use or not."""
    return _apply(model_of(model_id), frame, rings)


def rescore(*, row: "Score", account_id: str) -> Scored:
    """Compute a stored score again from its stored values, to compare bit for bit."""
    stored = from_row(row=row, account_id=account_id)
    frame = FeatureFrame(
        (account_id,),
        stored.names,
        np.array([stored.features]),
        np.array([True]),
        row.catalogue,
    )
    rings = {account_id: stored.ring} if stored.ring else {}
    [again] = score_with(model_id=row.model_id, frame=frame, rings=rings)
    return again


def kinds_for(frame: FeatureFrame) -> tuple[str, ...]:
    """Return the kinds of models that answer for the accounts of a frame."""
    wanted = {ModelKind.ACTIVITY: frame.has_usage, ModelKind.ENTRY: ~frame.has_usage}
    return tuple(kind for kind, asked in wanted.items() if asked.any())


def _first(chosen: Mapping[str, Loaded], active: bool) -> Loaded:
    order = (ModelKind.ACTIVITY, ModelKind.ENTRY)
    for kind in order if active else order[::-1]:
        if kind in chosen:
            return chosen[kind]
    return next(iter(chosen.values()))


def _apply(
    loaded: Loaded, frame: FeatureFrame, rings: Mapping[str, RingPart]
) -> list[Scored]:
    model = loaded.model
    values = model.values(frame)
    prediction = model.predict(values)
    parts = [rings.get(account_id) for account_id in frame.account_ids]
    judged = [
        _judge(loaded, margin, ring)
        for margin, ring in zip(prediction.margins.tolist(), parts, strict=True)
    ]
    evidence = {
        item.name: frame.column(item.name)
        for item in EVIDENCE
        if item.name in frame.names
    }
    reasons = loaded.explainer.reasons(
        values,
        prediction,
        evidence,
        parts,
        [logit(joined) - logit(own) for own, joined, *_ in judged],
    )
    return _assemble(loaded, frame, prediction, judged, parts, reasons)


def _judge(loaded: Loaded, margin: float, ring: RingPart | None) -> _Judged:
    """Return own probability, joined probability and the joined interval."""
    calibration = loaded.model.manifest.calibration
    own = calibration.probability(margin)
    low, high = calibration.interval(margin)
    return _Judged(own, join(own, ring), join(low, ring), join(high, ring))


def join(own: float, ring: RingPart | None) -> float:
    """Return the chance that the account or its part in the ring is abusive.

    Company is evidence about the account itself, and adds to its log-odds.
    """
    if ring is None:
        return own
    if ring.company:
        raised = own * math.exp(ring.company)
        own = raised / (1.0 - own + raised)
    return min(1.0 - (1.0 - own) * (1.0 - ring.probability * ring.agreement), CERTAIN)


def _assemble(
    loaded: Loaded,
    frame: FeatureFrame,
    prediction: "Prediction",
    judged: Sequence[_Judged],
    rings: Sequence[RingPart | None],
    reasons: Sequence[tuple[Reason, ...]],
) -> list[Scored]:
    # infinities are unknown to the model too, and PostgreSQL keeps NaN apart from null
    values = np.where(np.isfinite(frame.values), frame.values, math.nan)
    rows = zip(
        frame.account_ids,
        values.tolist(),
        _contributions(loaded, frame, prediction).tolist(),
        prediction.margins.tolist(),
        judged,
        rings,
        reasons,
        strict=True,
    )
    return [
        Scored(
            account_id=account_id,
            model_id=loaded.id,
            names=frame.names,
            features=tuple(features),
            contributions=tuple(parts),
            margin=margin,
            own_probability=chance.own,
            low=chance.low,
            high=chance.high,
            probability=chance.joined,
            ring=ring,
            reasons=told,
            adaptation=loaded.model.manifest.adaptation,
        )
        for account_id, features, parts, margin, chance, ring, told in rows
    ]


def _contributions(
    loaded: Loaded, frame: FeatureFrame, prediction: "Prediction"
) -> NDArray[np.float64]:
    """Spread contributions over all columns of the frame, the base last."""
    index = {name: at for at, name in enumerate(frame.names)}
    wide = np.zeros((len(frame.account_ids), len(frame.names) + 1))
    columns = [index[name] for name in loaded.model.names]
    wide[:, [*columns, len(frame.names)]] = prediction.contributions
    return wide
