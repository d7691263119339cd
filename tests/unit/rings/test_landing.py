"""Where a sign-up lands: the strongest ring, whichever are looked at."""

from hypothesis import given
from hypothesis import strategies as st

from apps.rings.selectors import Bond, _force, _landing
from ml.frames import RingPart
from ml.rings.place import VIEW_NAMES, place

PROBABILITIES = (0.2, 0.5, 0.9, 0.999)
BONDS = st.builds(
    lambda ring, view, points: Bond(f"R{ring}", PROBABILITIES[ring % 4], view, points),
    st.integers(0, 9),
    st.sampled_from(VIEW_NAMES),
    st.floats(0, 30),
)
VALUES = st.dictionaries(st.sampled_from("abcdef"), st.lists(BONDS, max_size=12))


def _all(bonds, values):
    rings = {}
    for value in values:
        for bond in bonds.get(value, ()):
            rings.setdefault((bond.ring_id, bond.probability), []).append(
                (bond.view, bond.points)
            )
    for (ring_id, probability), found in rings.items():
        level, agreement, views = place(found)
        yield RingPart(ring_id, probability, agreement, level, views)


@given(bonds=VALUES, values=st.sets(st.sampled_from("abcdefg")))
def test_the_strongest_ring_is_found(bonds, values):
    every = list(_all(bonds, values))
    assert _landing(bonds, values, None) == max(every, key=_force, default=None)
    member = RingPart("R5", 0.5, 0.4, "likely", ("payment", "device"))
    assert _landing(bonds, values, member) == max([member, *every], key=_force)
