"""Anticipated errors: a sentence for a person, a stable code for a program."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field; never holds the value itself."""

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """Base of every error that a caller can cause."""

    code = "domain_error"
    status = 422

    def __init__(self, detail: str, *, problems: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problems = problems


class NotFoundError(DomainError):
    code = "not_found"
    status = 404


class NotAllowedError(DomainError):
    code = "permission"
    status = 403


class ConflictError(DomainError):
    code = "conflict"
    status = 409


class InvalidError(DomainError):
    code = "validation_failed"
    status = 422


class AppendOnlyError(ConflictError):
    code = "append_only"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is append-only; write a new row instead.")
