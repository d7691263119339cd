"""What a batch answers: counts, and why rows were refused."""

from dataclasses import dataclass, field
from typing import Final

from apps.signals.choices import Verdict
from apps.signals.services.problems import detail

_ID_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why one row of a batch was refused; `field` is a path, never a value."""

    index: int
    id: str | None
    code: str
    field: str

    @property
    def detail(self) -> str:
        return detail(self.field, self.code)


@dataclass(slots=True)
class BatchReport:
    accepted: int = 0
    duplicates: int = 0
    rejected: list[RowProblem] = field(default_factory=list)
    unknown_fields: set[str] = field(default_factory=set)

    def refuse(self, index: int, row_id: object, code: str, name: str) -> None:
        """Note a refused row; an id that is no short text is not repeated."""
        shown = row_id if isinstance(row_id, str) and len(row_id) <= _ID_MAX else None
        self.rejected.append(RowProblem(index, shown, code, name))

    def count(
        self, index: int, row_id: str, verdict: Verdict, *, name: str = "event_id"
    ) -> None:
        if verdict is Verdict.ACCEPTED:
            self.accepted += 1
        elif verdict is Verdict.DUPLICATE:
            self.duplicates += 1
        else:
            self.refuse(index, row_id, verdict.value, name)
