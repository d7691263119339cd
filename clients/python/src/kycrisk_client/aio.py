"""The asynchronous client: the same calls, awaited."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self, TypeVar, Unpack

import httpx

from kycrisk_client import calls, transport
from kycrisk_client.answers import Assessment, BatchAnswer
from kycrisk_client.calls import Call, Row
from kycrisk_client.errors import ApiError, RateLimited, Unavailable
from kycrisk_client.fallback import Fallback
from kycrisk_client.inputs import AssessmentInput, BufferOptions
from kycrisk_client.pending import FIRST_WAIT, LONGEST_WAIT, Counters, Pending

T = TypeVar("T")


class AsyncKYCRisk:
    """`KYCRisk` for asyncio; close it with `aclose`, or use `async with`."""

    def __init__(
        self,
        *,
        on_unavailable: Fallback,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 0.8,
        max_retries: int = 2,
        http: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.settings = transport.settings_of(api_key, base_url, timeout, max_retries)
        self.on_unavailable = on_unavailable
        self._http = httpx.AsyncClient(
            base_url=self.settings.base_url,
            headers=self.settings.headers(),
            timeout=timeout,
            transport=http,
        )
        self.assessments = AsyncAssessments(self)
        self.events = AsyncEvents(self)

    def __repr__(self) -> str:
        return f"AsyncKYCRisk({self.settings.base_url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_raised: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Send a call, again with jittered waits where that may help."""
        for tries in range(self.settings.max_retries + 1):
            last = tries == self.settings.max_retries
            try:
                response = await self._http.request(
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
            await asyncio.sleep(transport.wait_before(tries, self.settings, after))
        raise AssertionError("The last try returns or raises.")

    async def put_account(self, account_id: str, record: Row) -> dict[str, Any]:
        """Store a new version of an account."""
        return await self.send(calls.put("accounts", account_id, record))

    async def put_customer(self, customer_id: str, record: Row) -> dict[str, Any]:
        """Store a new version of a customer."""
        return await self.send(calls.put("customers", customer_id, record))

    async def put_api_key(self, key_id: str, record: Row) -> dict[str, Any]:
        """Store a new version of an API key."""
        return await self.send(calls.put("api_keys", key_id, record))

    async def record_provider(self, row: Row) -> dict[str, Any]:
        """Record a release, an incident or a change of protection."""
        return await self.send(calls.provider(row))

    async def record_outcomes(self, rows: Iterable[Row]) -> BatchAnswer:
        """Record what was learned about accounts; each outcome_id counts once."""
        return await self.send(calls.batch("outcomes", rows))

    async def audit_checkpoint(self) -> dict[str, Any]:
        return await self.send(calls.checkpoint())

    async def audit_proof(self, entry: str) -> dict[str, Any]:
        return await self.send(calls.proof(entry))


class AsyncAssessments:
    def __init__(self, client: AsyncKYCRisk) -> None:
        self._client = client

    async def create(self, **body: Unpack[AssessmentInput]) -> Assessment:
        """Assess an account; the fallback answers when the service does not."""
        try:
            return await self._client.send(calls.assess(**body))
        except Unavailable:
            account_id = str(body["account"]["id"])
            instead = self._client.on_unavailable.assessment(account_id)
            if instead is None:
                raise
            return instead

    async def get(self, assessment_id: str) -> Assessment:
        return await self._client.send(calls.assessment(assessment_id))

    async def explanation(self, assessment_id: str) -> dict[str, Any]:
        return await self._client.send(calls.explanation(assessment_id))

    async def of_account(self, account_id: str) -> list[Assessment]:
        """Return the stored assessments of an account, the newest first."""
        return await self._client.send(calls.assessments_of(account_id))


class AsyncEvents:
    def __init__(self, client: AsyncKYCRisk) -> None:
        self._client = client

    async def send(self, rows: Iterable[Row]) -> BatchAnswer:
        """Send up to 10,000 rows; what is accepted or duplicate is committed."""
        return await self._client.send(calls.batch("events", rows))

    def buffer(self, **options: Unpack[BufferOptions]) -> "AsyncEventBuffer":
        """Return a buffer that sends in a task of its own; use it with `async with`."""
        return AsyncEventBuffer(self._client.send, **options)


class AsyncEventBuffer:
    """`events.EventBuffer` on the running event loop; `put` never waits."""

    def __init__(
        self,
        send: Callable[[Call[BatchAnswer]], Awaitable[BatchAnswer]],
        *,
        max_items: int = 10_000,
        max_bytes: int = 16 * 1024 * 1024,
        batch_items: int = 1_000,
        flush_s: float = 2.0,
        on_rejected: Callable[[Row], None] | None = None,
    ) -> None:
        self._send = send
        self._pending = Pending(max_items, max_bytes)
        self._batch_items = batch_items
        self._flush_s = flush_s
        self._on_rejected = on_rejected
        self._counters = Counters()
        self._full = asyncio.Event()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_raised: object) -> None:
        await self.aclose()

    @property
    def counters(self) -> Counters:
        """What became of the rows so far."""
        return replace(self._counters)

    def put(self, row: Row) -> None:
        """Add a row of usage, usage_window or events; raise for what is no JSON."""
        if self._task is None or self._closing.is_set():
            raise RuntimeError("The buffer is not open: use it with `async with`.")
        self._counters.dropped += self._pending.add(calls.encoded(row))
        if len(self._pending) >= self._batch_items:
            self._full.set()

    async def aclose(self, timeout: float = 10.0) -> Counters:  # noqa: ASYNC109 - as `EventBuffer.close`
        """Send what waits, for at most `timeout` seconds; count the rest as dropped."""
        self._closing.set()
        self._full.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=timeout)
            self._task.cancel()
            await asyncio.wait({self._task})
        self._counters.dropped += self._pending.clear()
        return self.counters

    async def _run(self) -> None:
        while self._pending or not self._closing.is_set():
            with suppress(TimeoutError):  # the flush time is over: send what there is
                await asyncio.wait_for(self._full.wait(), self._flush_s)
            lines = self._pending.take(self._batch_items)
            if len(self._pending) < self._batch_items and not self._closing.is_set():
                self._full.clear()
            if lines:
                await self._deliver(lines)

    async def _deliver(self, lines: list[bytes]) -> None:
        wait = FIRST_WAIT
        try:
            while not await self._try(lines):
                await self._pause(wait)
                wait = min(2 * wait, LONGEST_WAIT)
        except asyncio.CancelledError:
            self._counters.dropped += len(lines)
            raise

    async def _pause(self, wait: float) -> None:
        """Wait before another try; `aclose` cuts a long wait, and cancels the last."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), wait)
        if self._closing.is_set():
            await asyncio.sleep(FIRST_WAIT)  # the service shall not be hammered

    async def _try(self, lines: list[bytes]) -> bool:
        """Send a batch; return whether that is settled."""
        try:
            answer = await self._send(calls.packed("events", lines))
        except (Unavailable, RateLimited):
            self._counters.retries += 1
            return False
        except ApiError:
            self._counters.refused += len(lines)
            return True
        self._counters.accepted += answer.accepted
        self._counters.duplicates += answer.duplicates
        self._counters.rejected += len(answer.rejected)
        if self._on_rejected is not None:
            for row in answer.rejected:
                self._on_rejected(row)
        return True
