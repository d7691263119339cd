"""How calls are sent: what is retried, how long to wait, what an answer means."""

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx

from kycrisk_client.calls import Call
from kycrisk_client.errors import Problem, Unavailable, error_of

T = TypeVar("T")
_RETRIED: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_IN_PROGRESS: Final = 409
_FIRST_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_LONGEST_WAIT: Final = 30.0  # seconds
_jitter = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Settings:
    """Where and how to call; the key never shows in a repr."""

    base_url: str
    api_key: str = field(repr=False)
    timeout: float = 0.8  # seconds for one try
    max_retries: int = 2
    first_wait: float = 0.1  # seconds; doubles, and is drawn at random up to that

    def headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.api_key}",
            "Accept": "application/json",
            "User-Agent": "kycrisk-client-python/0.1",
        }


def settings_of(
    api_key: str | None, base_url: str | None, timeout: float, max_retries: int
) -> Settings:
    """Take what is not given from KYCRISK_API_KEY and KYCRISK_URL."""
    key = api_key or os.environ.get("KYCRISK_API_KEY")
    url = base_url or os.environ.get("KYCRISK_URL")
    if not key or not url:
        raise ValueError("Give api_key and base_url, or KYCRISK_API_KEY, KYCRISK_URL.")
    return Settings(url.rstrip("/"), key, timeout, max_retries)


def wait_before(tries: int, settings: Settings, retry_after: float | None) -> float:
    """Return the seconds to wait after `tries` failures: full jitter, never in step."""
    if retry_after is not None:
        return min(retry_after, _LONGEST_WAIT) + _jitter.uniform(0, settings.first_wait)
    return _jitter.uniform(0, min(_LONGEST_WAIT, settings.first_wait * 2**tries))


def may_retry(response: httpx.Response) -> bool:
    """Whether the same call may succeed later."""
    if response.status_code == _IN_PROGRESS:
        return "Retry-After" in response.headers
    return response.status_code in _RETRIED


def retry_after(response: httpx.Response) -> float | None:
    """Return Retry-After in seconds, None where it is absent or a date."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None


def result(call: Call[T], response: httpx.Response) -> T:
    """Return what a good answer says; raise for any other."""
    if response.status_code < _FIRST_ERROR:
        return call.read(response.json())
    problem = _problem(response)
    if response.status_code >= _SERVER_ERROR:
        raise Unavailable(f"{problem.status} {problem.code}, {problem.request_id}")
    raise error_of(problem)


def _problem(response: httpx.Response) -> Problem:
    body = _document(response)
    return Problem(
        status=response.status_code,
        code=str(body.get("code", "unknown")),
        title=str(body.get("title", response.reason_phrase)),
        detail=str(body.get("detail", "")),
        errors=tuple(body.get("errors", ())),
        request_id=body.get("request_id") or response.headers.get("Request-Id"),
        retry_after=retry_after(response),
    )


def _document(response: httpx.Response) -> Mapping[str, Any]:
    """Return the problem document; a proxy on the way may answer something else."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
