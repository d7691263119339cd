"""What a signup flow does while the service cannot be reached: decided beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from kycrisk_client.answers import Assessment


@dataclass(frozen=True, slots=True)
class Fallback:
    """The action that stands in for an answer; None raises `Unavailable` instead."""

    action: str | None
    limits: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def review(cls, **limits: int) -> Self:
        """Let a person look later; until then the account has these limits."""
        return cls("review", limits)

    @classmethod
    def hold(cls) -> Self:
        """Give no capacity until the service answers."""
        return cls("hold")

    @classmethod
    def raises(cls) -> Self:
        """Raise `Unavailable`: the caller decides each time."""
        return cls(None)

    def assessment(self, account_id: str) -> Assessment | None:
        if self.action is None:
            return None
        return Assessment(
            account_id=account_id,
            action=self.action,
            degraded=True,
            source="fallback",
            limits=dict(self.limits),
        )
