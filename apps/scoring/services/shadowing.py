"""What a challenger would have said: the stored values of scores, asked once more.

Values are frozen with every score, so a challenger needs no place in the request path:
its answer today is the one that it would have given then.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.scoring import selectors
from apps.scoring.errors import NothingToCompareError
from apps.scoring.models import AuditDraw, Score
from apps.scoring.services.champions import Loaded, model_of
from apps.scoring.services.estimates import findings
from ml import evaluate

Floats = NDArray[np.float64]

TOPS: Final = (0.01, 0.05)  # of accounts, by probability: what people get to see


@dataclass(frozen=True, slots=True)
class Shadow:
    """A challenger beside the model in use, each alone, without the ring's part.

    `kept` is, by share of accounts, how much of the top of the model in use is in the
    challenger's top. The losses are those of log-loss on audited accounts, by one over
    their chance; NaN where nobody was audited.
    """

    in_use: str
    scores: int
    kept: Mapping[float, float]
    median_move: float
    largest_move: float
    audits: int
    loss_in_use: float
    loss: float


def shadow(*, model_id: str, most: int, at: datetime) -> Shadow:
    """Ask a model about the newest scores of the one in use, `most` at most.

    Raise NothingToCompareError where there is none in use, none of its scores, or
    where the models read different catalogues; UnknownModelError, UnusableModelError.
    """
    row = selectors.model_by_id(model_id)
    in_use = selectors.champion_of(row.kind)
    if in_use is None or in_use == row:
        raise NothingToCompareError(f"No other {row.kind} model is in use.")
    challenger, champion = model_of(row.id), model_of(in_use.id)
    if challenger.model.manifest.catalogue != champion.model.manifest.catalogue:
        raise NothingToCompareError("The two models read different catalogues.")
    rows = Score.objects.filter(model=in_use).order_by("-as_of", "-id")[:most]
    stored = list(rows.values_list("features", "own_probability"))
    if not stored:
        raise NothingToCompareError("The model in use has scored nobody yet.")
    theirs = np.array([probability for _, probability in stored])
    own = _asked(challenger, champion, [values for values, _ in stored])
    moved = np.abs(own - theirs)
    return Shadow(
        in_use.id,
        len(stored),
        {share: _kept(theirs, own, share) for share in TOPS},
        float(np.median(moved)),
        float(moved.max()),
        *_on_audits(challenger, champion, at),
    )


def _asked(
    challenger: Loaded, champion: Loaded, stored: Sequence[Sequence[float]]
) -> Floats:
    """Return the challenger's probabilities of values that the champion was given."""
    columns = champion.model.manifest.columns
    places = [columns.index(name) for name in challenger.model.names]
    values = np.array(stored, dtype=np.float64).reshape(-1, len(columns))[:, places]
    read = challenger.model.manifest.calibration.probability
    return np.array([read(one) for one in challenger.model.margins(values).tolist()])


def _kept(theirs: Floats, own: Floats, share: float) -> float:
    size = math.ceil(share * len(own))
    one, other = (np.argsort(-each, kind="stable")[:size] for each in (theirs, own))
    return len(np.intersect1d(one, other)) / size


def _on_audits(
    challenger: Loaded, champion: Loaded, at: datetime
) -> tuple[int, float, float]:
    """Return how many audits there are, and the log-loss of the old and the new."""
    said = findings(at=at)
    draws = AuditDraw.objects.filter(score__model_id=champion.id, drawn_at__lte=at)
    rows = [
        (*row, said[draw_id])
        for draw_id, *row in draws.order_by("id").values_list(
            "id", "chance", "score__own_probability", "score__features"
        )
        if said.get(draw_id) is not None
    ]
    if not rows:
        return 0, math.nan, math.nan
    weights = np.array([1.0 / chance for chance, *_ in rows])
    labels = np.array([label for *_, label in rows], dtype=np.float64)
    theirs = np.array([probability for _, probability, *_ in rows])
    own = _asked(challenger, champion, [values for *_, values, _ in rows])
    before = evaluate.log_loss(labels, theirs, weights)
    return len(rows), before, evaluate.log_loss(labels, own, weights)
