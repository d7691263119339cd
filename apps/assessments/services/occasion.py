from dataclasses import dataclass
from datetime import datetime

from apps.audit.services import Actor


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why, as of when, and for whom an assessment is made."""

    event: str
    as_of: datetime
    at: datetime
    actor: Actor
    request_id: str | None = None
