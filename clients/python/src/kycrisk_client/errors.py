"""What can go wrong in a call; every error names its request for support."""

from dataclasses import dataclass
from typing import Any, Final


class KYCRiskError(Exception):
    """The root of everything that this library raises."""


class Unavailable(KYCRiskError):  # noqa: N818 - the words of the API
    """The service did not answer in time, or answered that it cannot serve now."""


class SignatureError(KYCRiskError):
    """A webhook that was not signed with a known key, or is too old."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document (RFC 9457); `errors` holds {pointer, code, detail}."""

    status: int
    code: str
    title: str
    detail: str
    errors: tuple[dict[str, Any], ...] = ()
    request_id: str | None = None
    retry_after: float | None = None  # seconds


class ApiError(KYCRiskError):
    """The service refused the request; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem


class AuthenticationFailed(ApiError):  # noqa: N818 - as above
    """The key is missing, unknown or revoked."""


class PermissionDenied(ApiError):  # noqa: N818 - as above
    """The key lacks the scope of this call."""


class NotFound(ApiError):  # noqa: N818 - as above
    """There is no such record."""


class Conflict(ApiError):  # noqa: N818 - as above
    """The same key is in use, or the record says something else."""


class ValidationProblem(ApiError):  # noqa: N818 - as above
    """The body has fields that the service cannot take; see `problem.errors`."""


class RateLimited(ApiError):  # noqa: N818 - as above
    """Too many requests; try again after `problem.retry_after` seconds."""


_CLASSES: Final[dict[int, type[ApiError]]] = {
    400: ValidationProblem,
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    413: ValidationProblem,
    422: ValidationProblem,
    429: RateLimited,
}


def error_of(problem: Problem) -> ApiError:
    """Return the exception that fits a problem."""
    return _CLASSES.get(problem.status, ApiError)(problem)
