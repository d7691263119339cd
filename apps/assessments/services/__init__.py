"""The conductor: one account now, or everybody as of a moment."""

from apps.assessments.services.occasion import Occasion
from apps.assessments.services.pipeline import assess_account
from apps.assessments.services.population import Assessed, assess_all, assess_changed
from apps.assessments.services.store import Judged, Stored
from apps.assessments.services.warm import warm

__all__ = [
    "Assessed",
    "Judged",
    "Occasion",
    "Stored",
    "assess_account",
    "assess_all",
    "assess_changed",
    "warm",
]
