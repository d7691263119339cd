import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import strict_json

_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
)
_values = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(_values, st.booleans())
def test_reads_what_a_good_client_writes(value: object, ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert strict_json.loads(raw) == value


@given(st.binary(max_size=60) | st.text('{}[]",:\\u0d8a19e+-. \n', max_size=40))
def test_fails_in_one_way_only(raw: bytes | str) -> None:
    with suppress(strict_json.BadBodyError):  # any other error fails this test
        strict_json.loads(raw if isinstance(raw, bytes) else raw.encode())


@pytest.mark.parametrize(
    ("raw", "code", "pointer"),
    [
        (b"\xff", "not_utf8", ""),
        (b"\xef\xbb\xbf{}", "bom_not_allowed", ""),
        ("{}".encode("utf-16"), "bom_not_allowed", ""),
        (b"", "not_json", ""),
        (b'{"a":1', "not_json", ""),
        (b"[" * 17 + b"]" * 17, "too_deep", ""),
        (b"[" * 100_000, "too_deep", ""),
        (b'{"a":{"b/c":1,"b/c":2}}', "duplicate_key", "/a/b~1c"),
        (b'{"a":[1,NaN]}', "not_json_number", "/a/1"),
        (b'{"a":-Infinity}', "not_json_number", "/a"),
        (b'{"x":[1e999]}', "number_out_of_range", "/x/0"),
        (b'{"x":9223372036854775808}', "number_out_of_range", "/x"),
        (b"9" * 5000, "number_out_of_range", ""),
        (b'{"x":"a\\u0000"}', "nul_not_allowed", "/x"),
        (b'{"x":["\\uD800!"]}', "bad_unicode", "/x/0"),
        (json.dumps({str(i): i for i in range(2001)}).encode(), "too_many_keys", ""),
    ],
)
def test_names_what_is_wrong_and_where(raw: bytes, code: str, pointer: str) -> None:
    with pytest.raises(strict_json.BadBodyError) as caught:
        strict_json.loads(raw)
    assert (caught.value.code, caught.value.problems[0].pointer) == (code, pointer)


def test_brackets_inside_texts_are_not_depth() -> None:
    assert strict_json.loads(b'["' + b"[" * 50 + b'\\""]') == ["[" * 50 + '"']


def test_a_bad_value_is_never_repeated_in_the_error() -> None:
    with pytest.raises(strict_json.BadBodyError) as caught:
        strict_json.loads(b'{"email":"jane@example.com\\u0000"}')
    assert "jane" not in caught.value.detail + str(caught.value.problems)
