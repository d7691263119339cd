import ipaddress
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.reference import policy
from apps.reference.services import addresses, ranges
from apps.reference.services.ranges import Range

SPANS = st.lists(
    st.tuples(
        st.integers(0, 60), st.integers(0, 20), st.integers(0, 4), st.integers(0, 2)
    ),
    max_size=12,
)


def painted(given: list[Range]) -> dict[int, int]:
    """Say what each address is worth, one by one."""
    found: dict[int, tuple[int, int, int]] = {}
    for one in given:
        for at in range(one.start, one.end + 1):
            claim = (one.rank, -(one.end - one.start), one.value)
            if at not in found or claim[:2] > found[at][:2]:
                found[at] = claim
    return {at: claim[2] for at, claim in found.items()}


@settings(deadline=None)
@given(SPANS)
def test_resolved_ranges_are_disjoint_and_complete(spans) -> None:
    """Ties in rank and width aside, every address keeps its strongest statement."""
    seen = set()
    raw = []
    for start, width, value, rank in spans:
        if (width, rank) not in seen:
            seen.add((width, rank))
            raw.append(Range(start, start + width, value, rank))
    resolved = ranges.resolve(raw)
    assert all(a.end < b.start for a, b in itertools.pairwise(resolved))
    flat = {at: r.value for r in resolved for at in range(r.start, r.end + 1)}
    assert flat == painted(raw)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.ip_addresses().map(str), st.text(max_size=9))))
def test_parsing_few_and_many_agree(texts) -> None:
    texts = [
        t for t in texts if t is None or not any("\ud800" <= c <= "\udfff" for c in t)
    ]
    padded = [*texts, *["192.0.2.1"] * 40]
    few = [numbers(addresses._parse_few([text])) for text in padded]
    assert numbers(addresses.parse(padded)) == [one for (one,) in few]


def numbers(parsed: addresses.Addresses) -> list[object]:
    every = [*parsed.v4.tolist(), *(raw.ljust(16, b"\0") for raw in parsed.v6.tolist())]
    return [None if at < 0 else every[at] for at in parsed.which]


@settings(deadline=None)
@given(st.lists(st.ip_addresses(v=6), min_size=1, max_size=20, unique=True))
def test_ipv6_is_found_by_its_number(given_ones) -> None:
    each = [Range(int(a), int(a), n) for n, a in enumerate(sorted(given_ones))]
    table = ranges.columns(each, ranges.V6)
    question = addresses.parse([str(a) for a in given_ones])
    mapped = [a.ipv4_mapped is not None for a in given_ones]
    if not any(mapped):
        order = {a: n for n, a in enumerate(sorted(given_ones))}
        found = table.find(question.v6)
        at = question.which - len(question.v4)
        assert found[at].tolist() == [order[a] for a in given_ones]
        before = int(min(given_ones)) - 1
        if before >= 0:
            raw = np.array([before.to_bytes(16, "big")], dtype="S16")
            assert table.find(raw).tolist() == [-1]


def test_split_refuses_reversed_or_mixed_ranges() -> None:
    for first, last in (("192.0.2.9", "192.0.2.1"), ("192.0.2.1", "::1")):
        with pytest.raises(ValueError, match=r"192\.0\.2"):
            ranges.split([(first, last, 1, 0)])


def test_blocks_take_networks_and_single_addresses() -> None:
    assert list(ranges.blocks(["192.0.2.0/30", "2001:db8::1"])) == [
        ("192.0.2.0", "192.0.2.3"),
        ("2001:db8::1", "2001:db8::1"),
    ]
    assert ipaddress.ip_address("192.0.2.3") in ipaddress.ip_network("192.0.2.0/30")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("University of Example", "education"),
        ("Universidad Nacional de Ejemplo", "education"),
        ("University Hospital Example", None),
        ("T-Mobile Austria GmbH", "mobile"),
        ("China Mobile", "mobile"),
        ("State Farm Mutual Automobile Insurance", None),
        ("Sandhills Wireless, LLC", None),
        ("Mobile Technology Ventures Inc", None),
        ("Example Cloud", None),
    ],
)
def test_name_of_a_network(name: str, expected: str | None) -> None:
    assert policy.class_from_name(name) == expected


def test_every_class_but_unknown_has_a_rank() -> None:
    assert set(policy.CLASS_NUMBER) - set(policy.CLASS_RANK) == {"unknown"}
    ranks = policy.CLASS_RANK
    assert ranks["tor"] > ranks["relay"] > ranks["vpn"] > ranks["hosting"]


def test_size_band() -> None:
    assert policy.size_changed(10_000, 7_900)
    assert policy.size_changed(10_000, 12_100)
    assert not policy.size_changed(10_000, 8_100)
    assert not policy.size_changed(100, 1)
