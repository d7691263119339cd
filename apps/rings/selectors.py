import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.db.models import Q, QuerySet

from apps.core import canonical
from apps.core.sql import ask
from apps.rings.models import Association, Membership, Ring, RingChange, RingRun
from ml.frames import RingPart
from ml.rings.place import LONE_VIEW, place

# The level of an account that stands in no ring, but shares rare values with accounts
# whose own conduct is suspicious.
ASSOCIATE: Final = "associate"
# What one account brings: the newest pass, its own place in it, and its values.
_SIGNUP_SQL = """
WITH run AS (
    SELECT id, created_at FROM rings_ringrun
    WHERE as_of <= $1 AND created_at <= $1
    ORDER BY as_of DESC, id DESC LIMIT 1
), mine AS (
    SELECT id FROM customers_account WHERE account_id = $2
)
SELECT (SELECT id FROM run), (SELECT created_at FROM run),
  (SELECT json_agg(json_build_array(
       r.ring_id, r.probability, m.level, m.agreement, m.views))
   FROM rings_membership m JOIN rings_ring r ON r.id = m.ring_id
   WHERE m.account_id = (SELECT id FROM mine) AND r.run_id = (SELECT id FROM run)),
  (SELECT json_build_array(probability, "values") FROM rings_association
   WHERE account_id = (SELECT id FROM mine) AND run_id = (SELECT id FROM run)),
  (SELECT json_agg(DISTINCT kind || ':' || value)
   FROM customers_accountvalue WHERE account_id = (SELECT id FROM mine))
"""


@dataclass(frozen=True, slots=True)
class Bond:
    """A value that holds a ring together, seen from an account that brings it."""

    ring_id: str
    probability: float
    view: str
    points: float


def latest_run(*, as_of: datetime, known_at: datetime | None = None) -> RingRun | None:
    """Return the newest ring pass over a moment up to `as_of`, made by `known_at`."""
    runs = RingRun.objects.filter(as_of__lte=as_of)
    if known_at is not None:
        runs = runs.filter(created_at__lte=known_at)
    return runs.order_by("-as_of", "-id").first()


def ring_parts(*, as_of: datetime) -> dict[str, RingPart]:
    """Return each account's strongest ring in the newest pass up to `as_of`.

    Beside it, or alone, stands what it shares with suspicious others.
    """
    run = latest_run(as_of=as_of)
    rows = Membership.objects.filter(ring__run=run).select_related("ring", "account")
    best: dict[str, RingPart] = {}
    for row in rows.order_by("pk") if run else ():
        part = RingPart(
            ring_id=row.ring.ring_id,
            probability=row.ring.probability,
            agreement=row.agreement,
            level=row.level,
            views=tuple(row.views),
        )
        held = best.get(row.account.account_id)
        if held is None or _force(part) > _force(held):
            best[row.account.account_id] = part
    found = Association.objects.filter(run=run) if run else Association.objects.none()
    told = found.values_list("account__account_id", "probability", "values")
    for name, chance, values in told.iterator(chunk_size=2000):
        best[name] = _in_company(best.get(name), chance, values)
    return best


def _in_company(
    ring: RingPart | None, chance: float, values: Sequence[Mapping[str, Any]]
) -> RingPart:
    """Return an account's place in a ring, or none, with the company it keeps.

    A place that holds for nothing of the account is none: company alone speaks.
    """
    company = math.fsum(one["log_odds"] for one in values)
    if ring is not None and _force(ring)[0] > 0.0:
        return replace(ring, company=company)
    views = tuple(one["view"] for one in values)
    return RingPart(None, chance, 0.0, ASSOCIATE, views, company)


def association_of(
    *, account_id: str, as_of: datetime, known_at: datetime
) -> Association | None:
    """Return in what company the newest pass up to `as_of` saw an account.

    Of passes made after `known_at` nothing is told.
    """
    run = latest_run(as_of=as_of, known_at=known_at)
    rows = Association.objects.filter(run=run)
    return rows.filter(account__account_id=account_id).first()


def ask_ring_part_for_signup(
    *, account_id: str, as_of: datetime
) -> Callable[[], RingPart | None]:
    """Ask for the ring an account is in, or lands in by what it shares; one query.

    An account that came after the pass belongs by the values that hold the ring
    together: its agreement is computed as for members, one strongest value a view.
    """
    asked = ask(_SIGNUP_SQL, as_of, account_id)
    return lambda: _ring_part(*asked()[0])


def _ring_part(
    run_id: int | None,
    made_at: datetime,
    places: Sequence[Sequence[Any]] | None,
    company: tuple[float, Sequence[Mapping[str, Any]]] | None,
    values: Sequence[str] | None,
) -> RingPart | None:
    if run_id is None:
        return None
    parts = [
        RingPart(ring_id, probability, agreement, level, tuple(views))
        for ring_id, probability, level, agreement, views in places or ()
    ]
    best = max(parts, key=_force, default=None)
    best = _landing(_bonds(run_id, made_at), values or (), best)
    return best if company is None else _in_company(best, *company)


def _landing(
    bonds: Mapping[str, list[Bond]], values: Iterable[str], best: RingPart | None
) -> RingPart | None:
    """Return `best`, or the stronger ring that these values bring an account to.

    A value that is common among rings leads to hundreds: those that could not win,
    whatever their points, are not looked at.
    """
    shared: dict[tuple[str, float], list[tuple[str, float]]] = {}
    for bond in (bond for value in values for bond in bonds.get(value, ())):
        one = shared.setdefault((bond.ring_id, bond.probability), [])
        one.append((bond.view, bond.points))
    reach = {ring: ring[1] * _most(found) for ring, found in shared.items()}
    for ring in sorted(reach, key=reach.__getitem__, reverse=True):
        if best is not None and reach[ring] < _force(best)[0]:
            break
        level, agreement, views = place(shared[ring])
        part = RingPart(ring[0], ring[1], agreement, level, views)
        best = part if best is None else max(best, part, key=_force)
    return best


def _most(found: Sequence[tuple[str, float]]) -> float:
    """Return the highest agreement that these views could give."""
    return 1.0 if len({view for view, _ in found}) > 1 else LONE_VIEW


@lru_cache(maxsize=2)
def _bonds(run_id: int, made_at: datetime) -> dict[str, list[Bond]]:
    """Return, by `kind:value`, what holds the rings of one pass.

    A pass never changes; its id and time together name it for good.
    """
    bonds: dict[str, list[Bond]] = {}
    rings = Ring.objects.filter(run=run_id, run__created_at=made_at).order_by("pk")
    for ring_id, probability, evidence in rings.values_list(
        "ring_id", "probability", "evidence"
    ):
        for value in evidence["values"]:
            bond = Bond(ring_id, probability, value["view"], value["points"])
            bonds.setdefault(f"{value['kind']}:{value['value']}", []).append(bond)
    return bonds


def _force(part: RingPart) -> tuple[float, str]:
    return part.probability * part.agreement, part.ring_id or ""


def rings_of_run(run: RingRun) -> QuerySet[Ring]:
    """Return the rings of one pass, the most probable and largest first."""
    return Ring.objects.filter(run=run).order_by("-probability", "-size", "ring_id")


def newest_ring(ring_id: str) -> Ring | None:
    """Return the ring as the newest pass that contains it saw it."""
    rows = Ring.objects.filter(ring_id=ring_id).select_related("run")
    return rows.order_by("-run__as_of", "-run_id").first()


def members_of(ring: Ring) -> QuerySet[Membership]:
    """Return the members of a ring, those who agree most first."""
    rows = Membership.objects.filter(ring=ring).select_related("account")
    return rows.order_by("-agreement", "account__account_id")


def changes_of(ring_id: str) -> QuerySet[RingChange]:
    """Return what passes saw happen to a ring, or to others by it, newest first."""
    rows = RingChange.objects.filter(Q(ring_id=ring_id) | Q(other=ring_id))
    return rows.select_related("run").order_by("-run__as_of", "-pk")


def ring_content(row: Ring, members: Sequence[Membership]) -> dict[str, Any]:
    """Return the audited content of one ring and its members."""
    ranked = sorted(members, key=lambda one: one.account_id)
    places = [
        [one.account_id, one.level, one.agreement.hex(), list(one.views)]
        for one in ranked
    ]
    tested: dict[str, Any] = {}
    if row.tested_to is not None and row.log_e is not None:
        tested = {
            "e_value": None if row.e_value is None else row.e_value.hex(),
            "log_e": row.log_e.hex(),
            "tested_to": row.tested_to.isoformat(),
            "confirmed": row.confirmed,
        }
    return tested | {
        "members_sha256": canonical.digest(places),
        "ring_id": row.ring_id,
        "size": row.size,
        "probability": row.probability.hex(),
        "log_odds": row.log_odds.hex(),
        "views": list(row.views),
        "evidence_sha256": canonical.digest(row.evidence),
        "first_seen_at": row.first_seen_at.isoformat(),
    }


def association_content(one: Association, account_id: str) -> list[Any]:
    """Return the audited content of one association."""
    odds = [one.probability.hex(), one.log_odds.hex(), one.own.hex()]
    return [account_id, *odds, canonical.digest(one.values)]


def run_content(
    run: RingRun,
    rings: list[dict[str, Any]],
    changes: Sequence[RingChange],
    company: Sequence[list[Any]],
) -> dict[str, Any]:
    """Return the audited content of one pass: its inputs and a digest of each ring.

    `company` is the content of its associations. Passes from before
    changes or associations were kept have none, and their content names none.
    """
    seen = [
        [one.ring_id, one.kind, one.other, one.joined, one.left]
        for one in sorted(changes, key=lambda one: one.ring_id)
    ]
    content: dict[str, Any] = {"changes_sha256": canonical.digest(seen)} if seen else {}
    if company:
        told = sorted(company, key=lambda one: str(one[0]))
        content["associations_sha256"] = canonical.digest(told)
    if run.basis_id is not None:
        content["basis"] = str(run.basis_id)
    return content | {
        "as_of": run.as_of.isoformat(),
        "facts_digest": run.facts_digest,
        "code_version": run.code_version,
        "accounts": run.accounts,
        "links": run.links,
        "rings": {f"{at}": canonical.digest(ring) for at, ring in enumerate(rings)},
    }


def audited_runs() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield every pass as it stands in the database now."""
    for run in RingRun.objects.order_by("pk").iterator():
        rings = Ring.objects.filter(run=run).order_by("pk")
        rows = rings.prefetch_related("memberships")
        contents = [ring_content(row, row.memberships.all()) for row in rows]
        company = [
            association_content(one, one.account.account_id)
            for one in run.associations.select_related("account")
        ]
        yield str(run.pk), 1, run_content(run, contents, run.changes.all(), company)
