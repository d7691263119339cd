"""Actions and bands, in the words of the API contract."""

from enum import Enum

from django.db.models import TextChoices


class Action(TextChoices):
    """In rising severity; SEVERITY is the order that decides every conflict."""

    ALLOW = "allow"
    OBSERVE = "observe"
    CHALLENGE = "challenge"
    LIMIT = "limit"
    REVIEW = "review"
    HOLD = "hold"
    SUSPEND = "suspend"


class Source(TextChoices):
    MACHINE = "machine"
    PERSON = "person"


class Effect(Enum):
    """What a matched rule does with the action that the thresholds gave."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"


BANDS = ("minimal", "low", "elevated", "high", "severe")
SEVERITY: dict[str, int] = {action: at for at, action in enumerate(Action.values)}
# The machine alone goes no further than these, and only until they expire.
MACHINE_MAXIMUM = Action.HOLD
# A model that knows only simulated worlds asks people and adds no friction by itself.
STARTER_MAY = (Action.ALLOW, Action.OBSERVE, Action.REVIEW)
FRICTION = frozenset({Action.CHALLENGE, Action.LIMIT, Action.HOLD})
EXPIRES_AFTER_DAYS = 14
