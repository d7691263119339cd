"""The synchronous client."""

import time
from collections.abc import Iterable
from typing import Any, Self, TypeVar, Unpack

import httpx

from kycrisk_client import calls, transport
from kycrisk_client.answers import Assessment, BatchAnswer
from kycrisk_client.calls import Call, Row
from kycrisk_client.errors import Unavailable
from kycrisk_client.events import EventBuffer
from kycrisk_client.fallback import Fallback
from kycrisk_client.inputs import AssessmentInput, BufferOptions

T = TypeVar("T")


class KYCRisk:
    """One connection pool to the service; thread-safe; close it, or use `with`.

    `on_unavailable` says what an assessment answers when no service does: there is no
    default, so that nobody fails open by accident.
    """

    def __init__(
        self,
        *,
        on_unavailable: Fallback,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 0.8,
        max_retries: int = 2,
        http: httpx.BaseTransport | None = None,
    ) -> None:
        self.settings = transport.settings_of(api_key, base_url, timeout, max_retries)
        self.on_unavailable = on_unavailable
        self._http = httpx.Client(
            base_url=self.settings.base_url,
            headers=self.settings.headers(),
            timeout=timeout,
            transport=http,
        )
        self.assessments = Assessments(self)
        self.events = Events(self)

    def __repr__(self) -> str:
        return f"KYCRisk({self.settings.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """Send a call, again with jittered waits where that may help."""
        for tries in range(self.settings.max_retries + 1):
            last = tries == self.settings.max_retries
            try:
                response = self._http.request(
                    call.method, call.path, content=call.content, headers=call.headers
                )
            except httpx.TransportError as error:
                if last:
                    raise Unavailable(type(error).__name__) from error
                after = None
            else:
                if last or not transport.may_retry(response):
                    return transport.result(call, response)
                after = transport.retry_after(response)
            # A jittered wait, so that clients do not come back in step.
            time.sleep(transport.wait_before(tries, self.settings, after))
        raise AssertionError("The last try returns or raises.")

    def put_account(self, account_id: str, record: Row) -> dict[str, Any]:
        """Store a new version of an account."""
        return self.send(calls.put("accounts", account_id, record))

    def put_customer(self, customer_id: str, record: Row) -> dict[str, Any]:
        """Store a new version of a customer."""
        return self.send(calls.put("customers", customer_id, record))

    def put_api_key(self, key_id: str, record: Row) -> dict[str, Any]:
        """Store a new version of an API key."""
        return self.send(calls.put("api_keys", key_id, record))

    def record_provider(self, row: Row) -> dict[str, Any]:
        """Record a release, an incident or a change of protection."""
        return self.send(calls.provider(row))

    def record_outcomes(self, rows: Iterable[Row]) -> BatchAnswer:
        """Record what was learned about accounts; each outcome_id counts once."""
        return self.send(calls.batch("outcomes", rows))

    def audit_checkpoint(self) -> dict[str, Any]:
        return self.send(calls.checkpoint())

    def audit_proof(self, entry: str) -> dict[str, Any]:
        return self.send(calls.proof(entry))


class Assessments:
    def __init__(self, client: KYCRisk) -> None:
        self._client = client

    def create(self, **body: Unpack[AssessmentInput]) -> Assessment:
        """Assess an account; the fallback answers when the service does not."""
        try:
            return self._client.send(calls.assess(**body))
        except Unavailable:
            account_id = str(body["account"]["id"])
            instead = self._client.on_unavailable.assessment(account_id)
            if instead is None:
                raise
            return instead

    def get(self, assessment_id: str) -> Assessment:
        return self._client.send(calls.assessment(assessment_id))

    def explanation(self, assessment_id: str) -> dict[str, Any]:
        return self._client.send(calls.explanation(assessment_id))

    def of_account(self, account_id: str) -> list[Assessment]:
        """Return the stored assessments of an account, the newest first."""
        return self._client.send(calls.assessments_of(account_id))


class Events:
    def __init__(self, client: KYCRisk) -> None:
        self._client = client

    def send(self, rows: Iterable[Row]) -> BatchAnswer:
        """Send up to 10,000 rows; what is accepted or duplicate is committed."""
        return self._client.send(calls.batch("events", rows))

    def buffer(self, **options: Unpack[BufferOptions]) -> EventBuffer:
        """Return a buffer that sends in the background; use it with `with`."""
        return EventBuffer(self._client.send, **options)
