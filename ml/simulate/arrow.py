"""NumPy columns to Arrow columns, without a Python object for each cell."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ml.simulate.seeds import Keys, hex_bytes

UTC_TIME = pa.timestamp("us", tz="UTC")


def hex_texts(
    keys: Keys, prefix: str = "", given: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Return hashes as text, null where not given."""
    digits = np.ascontiguousarray(hex_bytes(keys, prefix))
    rows, width = digits.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    texts = pa.StringArray.from_buffers(
        rows, pa.py_buffer(offsets), pa.py_buffer(digits)
    )
    return texts if given is None else nulled(texts, given)


def coded(codes: NDArray[Any], names: Any) -> pa.Array:
    """Return the names of small codes; a negative code is null."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    names = pa.array([str(name) for name in names], pa.string())
    return pa.DictionaryArray.from_arrays(indices, names).dictionary_decode()


def looked_up(codes: NDArray[np.int64], name_of: Any) -> pa.Array:
    """Return name_of(code) for codes of any size, calling it once for each value."""
    distinct, where = np.unique(codes, return_inverse=True)
    return coded(where, [name_of(int(code)) for code in distinct])


def integers(
    values: NDArray[Any], kind: pa.DataType, given: NDArray[np.bool_] | None = None
) -> pa.Array:
    mask = None if given is None else ~given
    return pa.array(values.astype(kind.to_pandas_dtype()), type=kind, mask=mask)


def times(microseconds: NDArray[np.int64], origin: int) -> pa.Array:
    return pa.array(microseconds + origin, pa.int64()).cast(UTC_TIME)


def sixteen(values: NDArray[np.uint32], given: NDArray[np.bool_]) -> pa.Array:
    """Return lists of 16 numbers; `values` is [n, 16]."""
    ends = np.concatenate([[0], np.cumsum(given) * 16]).astype(np.int32)
    offsets = pa.array(ends, mask=np.append(~given, False))
    flat = pa.array(np.ascontiguousarray(values[given]).ravel(), pa.uint32())
    return pa.ListArray.from_arrays(offsets, flat)


def nulled(column: pa.Array, given: NDArray[np.bool_]) -> pa.Array:
    return pc.if_else(pa.array(given), column, pa.scalar(None, column.type))
