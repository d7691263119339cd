"""What the service answers, as frozen records; unknown fields are kept in `raw`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

# allow, observe, challenge, limit, review, hold, suspend; open: a later service may
# name others, so match with a default case.
Action = str


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    direction: str
    points: float
    text: str
    customer_safe_key: str | None = None

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        return cls(
            raw["code"],
            raw["direction"],
            raw["points"],
            raw["text"],
            raw.get("customer_safe_key"),
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer about one account. `source` is "fallback" when no service answered."""

    account_id: str
    action: Action
    id: str | None = None
    probability: float | None = None
    interval: Interval | None = None
    band: str | None = None
    reasons: tuple[Reason, ...] = ()
    customer_message: Mapping[str, Any] | None = None
    case_id: str | None = None
    degraded: bool = False
    missing: tuple[str, ...] = ()
    source: Literal["service", "fallback"] = "service"
    limits: Mapping[str, int] = field(default_factory=dict)  # of a fallback
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """Read the body of POST or GET /v1/assessments."""
        interval = raw.get("interval")
        return cls(
            account_id=raw["account_id"],
            action=raw["action"],
            id=raw.get("id"),
            probability=raw.get("probability"),
            interval=Interval(**interval) if interval else None,
            band=raw.get("band"),
            reasons=tuple(map(Reason.read, raw.get("reasons", ()))),
            customer_message=raw.get("customer_message"),
            case_id=raw.get("case_id"),
            degraded=bool(raw.get("degraded")),
            missing=tuple(raw.get("missing", ())),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What became of the rows of a batch; `rejected` names each bad row by index."""

    accepted: int
    duplicates: int
    rejected: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        return cls(raw["accepted"], raw["duplicates"], tuple(raw.get("rejected", ())))


def as_read(raw: Any) -> Any:
    """Return an answer as it came: for records that have no class of their own."""
    return raw


def read_assessments(raw: Mapping[str, Any]) -> list[Assessment]:
    return [Assessment.read(one) for one in raw["data"]]
