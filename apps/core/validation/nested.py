"""Which lists and maps of a column are plain: their rule accepts them unchanged."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.core.validation import values
from apps.core.validation.columns import INT53, RawColumn

_PART: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_QUAD: Final = rf"^(?:{_PART}\.){{3}}{_PART}$"
# At most ten digits in a row are no card number; a hash of 16 may look like one.
_WORD: Final = r"^(?:[A-Za-z_.:/+@;()-][0-9]{0,10}){1,64}$|^[0-9]{1,10}$"
_KEY: Final = rf"{_WORD}|^[0-9a-f]{{16}}$"
_PAIRS: Final = pa.list_(pa.struct([("key", pa.string()), ("value", pa.int64())]))


def plain_rows(column: RawColumn, array: pa.Array) -> NDArray[np.bool_]:
    """Return where a list or map needs no look by its rule; null is plain.

    Kinds: `counts` (map of text to int64), `words` and `ips` (lists of text).
    """
    counts = column.kind == "counts"
    lists = array.cast(_PAIRS) if counts else array
    items = pc.list_flatten(lists)
    parents = pc.list_parent_indices(lists).to_numpy()
    if counts:
        bad = _unusual(items.field("key"), _KEY, column.high)
        bad |= _outside(items.field("value"))
        bad |= _repeated(items.field("key"), parents)
    else:
        pattern = _QUAD if column.kind == "ips" else _WORD
        bad = _unusual(items, pattern, column.high)
    plain = np.ones(len(array), dtype=bool)
    plain[parents[bad]] = False
    if not counts:
        lengths = pc.list_value_length(array).fill_null(0)
        plain &= lengths.to_numpy(zero_copy_only=False) <= values.LIST_MAX
    return plain


def _unusual(texts: pa.Array, pattern: str, longest: int) -> NDArray[np.bool_]:
    usual = pc.and_(
        pc.match_substring_regex(texts, pattern),
        pc.less_equal(pc.utf8_length(texts), longest),
    )
    return _not_true(usual)


def _outside(numbers: pa.Array) -> NDArray[np.bool_]:
    inside = pc.and_(pc.greater_equal(numbers, 0), pc.less_equal(numbers, INT53))
    return _not_true(inside)


def _repeated(keys: pa.Array, parents: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return every entry whose key comes twice in its map."""
    coded = keys.dictionary_encode()
    numbers = coded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    pairs = parents * (len(coded.dictionary) + 1) + numbers
    _, which, count = np.unique(pairs, return_inverse=True, return_counts=True)
    repeated: NDArray[np.bool_] = count[which] > 1
    return repeated


def _not_true(mask: pa.Array) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = ~mask.fill_null(False).to_numpy(zero_copy_only=False)
    return found


def holders_of_null(array: pa.Array) -> NDArray[np.int64]:
    """Return the places of lists that hold a null."""
    flat = pc.list_flatten(array)
    if flat.null_count == 0:
        return np.empty(0, dtype=np.int64)
    return pc.list_parent_indices(array).filter(flat.is_null()).to_numpy()
