"""Canonical JSON, held against the reference package and the standard's examples."""

import json
import math
import struct

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core import canonical

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=6), inner, max_size=5)
    ),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(values)
def test_the_bytes_are_those_of_the_reference(value):
    assert canonical.dumps(value) == rfc8785.dumps(value)
    again = json.loads(canonical.dumps(value), parse_int=float)
    assert canonical.dumps(again) == canonical.dumps(value)


@settings(max_examples=1500, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_any_finite_bits_of_a_float_come_back(bits):
    number = struct.unpack(">d", struct.pack(">Q", bits))[0]
    if not math.isfinite(number):
        return
    text = canonical.dumps(number)
    assert text == rfc8785.dumps(number)
    assert float(text) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (0.000001, "0.000001"),
        (1e16, "10000000000000000"),
        (333333333.33333329, "333333333.3333333"),
        ("\u20ac$\u000f\nA'\u0042\"\\\"/", '"\u20ac$\\u000f\\nA\'B\\"\\\\\\"/"'),
        ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6},
         '{"\\r":2,"1":4,"\u0080":6,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'),
    ],
)  # fmt: skip
def test_examples_of_the_standard(value, text):
    assert canonical.dumps(value).decode() == text


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, 2**53, {1: "a"}, {"a": object()}, b"bytes", "\ud800", {"a"}],
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical.dumps(value)
