"""Plain lists and maps are exactly those that their rule accepts unchanged."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.validation.columns import RAW_TABLES, RawColumn
from apps.core.validation.nested import plain_rows
from apps.core.validation.texts import BadValueError
from apps.core.validation.values import RULES
from apps.core.validation.vectors import arrow_type

COLUMNS = {column.name: column for column in RAW_TABLES["usage_window"]}
WORD = st.sampled_from(
    [
        "chat",
        "m-1",
        "4111111111111111",
        "0123456789abcdef",
        "4242424242424242",
        "a" * 300,
    ]
) | st.text(max_size=20)
ADDRESS = st.sampled_from(
    ["1.2.3.4", "255.255.255.255", "256.1.1.1", "01.2.3.4", "::1"]
)


def check(column: RawColumn, values: list) -> None:
    array = pa.array(values, arrow_type(column))
    for value, plain in zip(array.to_pylist(), plain_rows(column, array), strict=True):
        if plain and value is not None:
            clean = RULES[column.kind](value, column)
            assert clean == (dict(value) if column.kind == "counts" else value)


@settings(deadline=None)
@given(
    st.lists(
        st.none()
        | st.lists(st.tuples(WORD, st.none() | st.integers(-2, 2**60)), max_size=4),
        max_size=6,
    )
)
def test_plain_counts_pass_their_rule_unchanged(values):
    check(COLUMNS["scaffolds"], values)


@settings(deadline=None)
@given(st.lists(st.none() | st.lists(st.none() | WORD, max_size=40), max_size=4))
def test_plain_words_pass_their_rule_unchanged(values):
    check(COLUMNS["client_list"], values)


@settings(deadline=None)
@given(st.lists(st.none() | st.lists(st.none() | ADDRESS, max_size=4), max_size=4))
def test_plain_addresses_pass_their_rule_unchanged(values):
    check(COLUMNS["ip_list"], values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scaffolds", [("0123456789abcdef", 3)]),
        ("models", [("model-2", 0)]),
        ("asn_list", ["64500", "AS64500"]),
        ("ip_list", ["192.0.2.7"]),
    ],
)
def test_usual_values_are_plain(name, value):
    column = COLUMNS[name]
    assert plain_rows(column, pa.array([value], arrow_type(column))).all()


def test_a_hash_that_looks_like_a_card_number_is_a_key_and_a_card_number_is_not():
    column = COLUMNS["scaffolds"]
    assert RULES["counts"]({"4242424242424242": 1}, column) == {"4242424242424242": 1}
    with pytest.raises(BadValueError):
        RULES["counts"]({"card 4242424242424242": 1}, column)
