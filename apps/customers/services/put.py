"""The way of one chunk: compare with what is stored, write, record."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, Literal

from django.db import transaction

from apps.audit import services as audit
from apps.core import canonical
from apps.core.ahead import ahead
from apps.customers import policy
from apps.customers.models import Account
from apps.customers.policy import Shape
from apps.customers.services import facts as enrichment
from apps.customers.services import vault, writing
from apps.customers.services.facts import Facts
from apps.customers.services.writing import Batch, Known
from apps.reference import services as reference

Source = Literal["bundle", "api"]
CHUNK: Final = 1000  # rows under one audit entry
_TRIES: Final = 3


@dataclass(slots=True)
class PutReport:
    """How many versions are new, how many were known, which rows name no account."""

    accepted: int = 0
    duplicates: int = 0
    orphans: list[int] = field(default_factory=list)  # places in the given rows


class Put:
    """One call: what all its chunks share."""

    def __init__(
        self,
        shape: Shape,
        source: Source,
        at: datetime,
        actor: audit.Actor,
        request_id: str | None,
        history: str = "versioned",
    ) -> None:
        self.shape = shape
        self.source = source
        self.at = at
        self.actor = actor
        self.request_id = request_id
        self.history = history
        self._row = itemgetter(*(name for name, _ in shape.columns))
        self.report = PutReport()
        self.parent_pks: dict[str, int] = {}
        self.made: dict[str, vault.SubjectKey] = {}  # parents of this call

    def all(
        self,
        enrich: Callable[[Sequence[Mapping[str, Any]]], list[Facts]],
        rows: Iterator[dict[str, Any]],
    ) -> PutReport:
        """Write all rows; of a bundle, the next are enriched while some are stored."""
        if self.source == "api":
            return self._each(map(enrich, _chunks(rows)))
        with reference.held():  # a thread asks nothing of the database
            return self._each(ahead(enrich, _chunks(rows), threads=1))

    def _each(self, chunks: Iterator[list[Facts]]) -> PutReport:
        first = 0
        for facts in chunks:
            self.chunk(facts, range(first, first + len(facts)))
            first += len(facts)
        return self.report

    @transaction.atomic(savepoint=False)
    def chunk(self, facts: Sequence[Facts], places: Sequence[int]) -> None:
        """Write one chunk; who lost a race for a new account tries again."""
        waiting = dict(zip(places, facts, strict=True))
        for _ in range(_TRIES):
            waiting = self._write(waiting)
            if not waiting:
                return
        raise RuntimeError("accounts that exist could not be read")

    def _write(self, waiting: dict[int, Facts]) -> dict[int, Facts]:
        """Write what can be written; return what must be tried again."""
        keys = {one.key for one in waiting.values()}
        known = writing.known_parents(self.shape, sorted(keys))
        chunk = uuid.uuid4() if self.source == "bundle" else None
        batch = Batch(self.at, chunk, known={k: one.pk for k, one in known.items()})
        rows = self._rows(waiting, known, batch)
        self.parent_pks |= batch.known
        if not batch.versions:
            self.report.duplicates += len(rows)
            return {}
        written = writing.write(self.shape, batch)
        reached = {one.key: one.parent_pk for one in written}
        self.parent_pks |= reached
        stored = {
            (one.key, one.digest): one.version_pk
            for one in written
            if one.version_pk is not None
        }
        self._record(batch, stored)
        done = {place for place in rows if waiting[place].key in reached}
        self.report.accepted += len(stored)
        self.report.duplicates += len(done) - len(stored)
        return {place: waiting[place] for place in rows if place not in done}

    def _rows(
        self, waiting: dict[int, Facts], known: dict[str, Known], batch: Batch
    ) -> list[int]:
        """Fill the batch; return the places of the rows that have a parent."""
        made = self.made = {}
        fresh: set[tuple[str, bytes]] = set()
        placed = []
        for place, one in waiting.items():
            parent = known.get(one.key)
            if parent is None and self._is_child():
                self.report.orphans.append(place)
                continue
            placed.append(place)
            start, recorded = self._moments(one, parent)
            digest = enrichment.digest_of(one.raw, start)
            if (one.key, digest) in fresh or (parent and digest in parent.digests):
                continue
            fresh.add((one.key, digest))
            if parent is None and one.key not in made:
                made[one.key] = vault.new_key()
                batch.parents.append((one.key, made[one.key], self._birth(one)))
            key = parent.key if parent else made[one.key]
            self._add(batch, one, (start, recorded, digest), key)
        return placed

    def _is_child(self) -> bool:
        return self.shape in {policy.API_KEY, policy.PAYMENT_METHOD}

    def _birth(self, one: Facts) -> tuple[Any, ...]:
        """Return the extra columns of a new parent."""
        if self.shape.parent is policy.CUSTOMER:
            return ()
        known_from = one.created_at if self.source == "bundle" else self.at
        return one.created_at, known_from

    def _moments(
        self, one: Facts, parent: Known | None
    ) -> tuple[datetime | None, datetime]:
        """Return when the version starts and when it could first be known."""
        if self._is_child():
            known_from = one.created_at if self.source == "bundle" else self.at
            return None, known_from or self.at
        start = one.valid_from or one.created_at or self.at
        if self.source == "bundle":
            known_from = one.valid_from or one.created_at
            return self._same_start(one, parent, start), known_from or self.at
        if one.valid_from is None and parent is not None and parent.latest:
            start = self._same_start(one, parent, self.at)
        return start, self.at

    def _same_start(
        self, one: Facts, parent: Known | None, start: datetime
    ) -> datetime:
        """Return the latest version's start where it says the same as this row."""
        if one.valid_from is not None or parent is None or parent.latest is None:
            return start
        before, digest = parent.latest
        same = enrichment.digest_of(one.raw, before) == digest
        return before if same else start

    def _add(
        self,
        batch: Batch,
        one: Facts,
        moments: tuple[datetime | None, datetime, bytes],
        key: vault.SubjectKey | None,
    ) -> None:
        start, recorded, digest = moments
        stored = one.columns | {
            "valid_from": start,
            "recorded_at": recorded,
            "digest": digest,
            "history": self.history,
        }
        batch.versions.append((one.key, self._row(stored)))
        for kind, value in one.values:
            signup = kind in enrichment.SIGNUP_KINDS or start is None
            seen = one.created_at if signup else start
            batch.values.append((one.key, kind, value, seen or recorded, recorded))
        if key is not None:
            sealed = vault.seal(key, one.personal)
            batch.sealed.extend((*value, recorded) for value in sealed)

    def _record(
        self, batch: Batch, stored: dict[tuple[str, bytes | None], Any]
    ) -> None:
        """Record the stored versions: one entry a chunk, or one a row by API."""
        at = [name for name, _ in self.shape.columns].index("digest")
        contents = {
            str(stored[key, row[at]]): policy.row_content(self.shape, key, row)
            for key, row in batch.versions
            if (key, row[at]) in stored
        }
        if not contents:
            return
        shared: dict[str, Any] = {
            "kind": self.shape.audit_kind,
            "object_type": self.shape.object_type,
            "actor": self.actor,
            "at": self.at,
            "request_id": self.request_id,
        }
        if batch.chunk is not None:
            rows = {pk: canonical.digest(content) for pk, content in contents.items()}
            audit.record_chunk(chunk=batch.chunk, rows=rows, **shared)
            return
        for pk, content in contents.items():
            audit.record(object_id=pk, version=1, content=content, **shared)

    def account(self, one: Facts) -> Account:
        """Return the account that this call has reached; a new one without a query."""
        pk = self.parent_pks[one.key]
        key = self.made.get(one.key)
        if key is None or one.created_at is None:
            return Account.objects.get(pk=pk)
        return Account(
            pk=pk,
            account_id=one.key,
            created_at=one.created_at,
            recorded_at=self.at,
            ingested_at=self.at,
            subject=key.subject,
        )


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == CHUNK:
            yield some
            some = []
    if some:
        yield some
