"""When a site has learnt enough to leave the starter."""

from datetime import UTC, datetime

import pytest

from apps.scoring.services.enough import counted, lacks
from apps.scoring.services.examples import Facts, Label

AT = datetime(2026, 3, 1, tzinfo=UTC)


def facts(honest: int, *rings: str | None, source: str = "investigation") -> Facts:
    labels = {f"h{at}": Label(0.0, source, None) for at in range(honest)}
    labels |= {f"x{at}": Label(1.0, source, ring) for at, ring in enumerate(rings)}
    return Facts(AT, dict.fromkeys(labels, AT), frozenset(), labels)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (facts(150, *["a", "b", "c"] * 16), "198 accounts with a label; 200"),
        (facts(400, *["a", "b", "c"] * 6), "18 accounts with a label of abuse"),
        (facts(400, *["a", "b"] * 20), "2 rings or single abusive accounts; 3"),
        (facts(400, *["a", "b", "c"] * 7), ""),
        (facts(400, *[None] * 20), ""),
    ],
)
def test_labels_abuse_and_groups_must_all_be_there(known: Facts, reason: str):
    assert lacks("activity", known).startswith(reason)
    assert bool(lacks("activity", known)) == bool(reason)


def test_a_ring_is_never_learnt_from_labels():
    assert "likelihood ratios" in lacks("ring", facts(900, *[None] * 300))


def test_random_audits_are_counted_apart():
    assert counted(facts(5, None).labels).audits == 0
    assert counted(facts(5, None, source="random_audit").labels).audits == 6
