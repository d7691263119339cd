"""Train, choose and apply risk models."""

from apps.scoring.services.again import columns_of, rescore_batch
from apps.scoring.services.champions import champion, forget_models, model_of
from apps.scoring.services.drawing import Candidate, draw_for_audit
from apps.scoring.services.drifting import Drift, drift
from apps.scoring.services.estimates import Estimates, estimates
from apps.scoring.services.promotion import approve, judge, promote, rollback
from apps.scoring.services.scoring import kinds_for, rescore, score, score_with
from apps.scoring.services.shadowing import Shadow, shadow
from apps.scoring.services.starter import ensure_starter
from apps.scoring.services.stored import from_row, score_rows
from apps.scoring.services.training import Trained, train

__all__ = [
    "Candidate",
    "Drift",
    "Estimates",
    "Shadow",
    "Trained",
    "approve",
    "champion",
    "columns_of",
    "draw_for_audit",
    "drift",
    "ensure_starter",
    "estimates",
    "forget_models",
    "from_row",
    "judge",
    "kinds_for",
    "model_of",
    "promote",
    "rescore",
    "rescore_batch",
    "rollback",
    "score",
    "score_rows",
    "score_with",
    "shadow",
    "train",
]
