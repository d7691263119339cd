"""Equal inputs give an equal digest, across versions of the code."""

from dataclasses import replace
from types import SimpleNamespace

from apps.assessments.selectors.digests import facts_digest
from ml.frames import RingPart, Scored

POLICY = SimpleNamespace(sha256="ab" * 32)
RING = RingPart("ring_1", 0.75, 0.5, "core", ("payment",))
SCORED = Scored(
    "acc", "mdl", ("one",), (1.5,), (0.2, -3.0), -2.8, 0.1, 0.05, 0.2, 0.4, RING
)


def test_a_ring_without_company_has_the_digest_of_before_company_was_kept():
    known = "9fb68e6dbc788b9248bc3442d814a6668cedcb47501c0805910bbbef05f16521"
    assert facts_digest(SCORED, POLICY, {"ip": "9f"}) == known


def test_company_is_an_input():
    kept = replace(SCORED, ring=replace(RING, company=1.0))
    more = replace(SCORED, ring=replace(RING, company=1.1))
    digests = {facts_digest(one, POLICY, {}) for one in (SCORED, kept, more)}
    assert len(digests) == 3
