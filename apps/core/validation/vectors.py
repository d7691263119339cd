"""The same checks for whole Arrow columns.

What a fast pattern does not accept goes, once for each distinct value, to the rule in
`values.py`, which alone decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from apps.core.validation import values
from apps.core.validation.codes import DETAILS
from apps.core.validation.columns import RAW_TABLES, RawColumn
from apps.core.validation.nested import holders_of_null, plain_rows
from apps.core.validation.patterns import FAST, TIME
from apps.core.validation.rows import CLOCK_TOLERANCE, Reject, clean_value
from apps.core.validation.texts import BadValueError

COUNTS: Final = pa.map_(pa.string(), pa.int64())
ARROW: Final[dict[str, pa.DataType]] = {
    "timestamp": pa.timestamp("us", "UTC"),
    "int": pa.int64(),
    "owners": pa.int64(),
    "bool": pa.bool_(),
    "uint32s": pa.list_(pa.uint32()),
    "words": pa.list_(pa.string()),
    "ips": pa.list_(pa.string()),
    "counts": COUNTS,
}
_NAMES: Final = ("", *DETAILS)
CODE: Final = {name: at for at, name in enumerate(_NAMES)}
_BOUNDED: Final = frozenset({"opaque", "token", "text", "hex"})
_LISTS: Final = frozenset({"uint32s", "words", "ips", "counts"})
_AS_CAST: Final = frozenset({"bool", "event_data"})  # what can be cast is good


@dataclass(frozen=True, slots=True)
class Column:
    """A checked column: cast and cleaned values, and a code where one is bad."""

    values: pa.Array
    codes: NDArray[np.int8]  # [rows], 0 where the value is good


@dataclass(frozen=True, slots=True)
class Table:
    """The cleaned good rows of a table, what was refused, and unknown columns.

    `good` is bool [rows] over the rows as they came.
    """

    rows: pa.Table
    good: NDArray[np.bool_]
    rejects: list[Reject]
    unknown: list[str]


@dataclass(frozen=True, slots=True)
class _Check:
    """One column on its way through the rules, which write codes where they refuse."""

    column: RawColumn
    latest: datetime  # of the columns that lie in the past
    codes: NDArray[np.int8]  # [rows], 0 where the value is good
    present: NDArray[np.bool_]  # [rows], where the cast value is no null


_Rule = Callable[[_Check, pa.Array], pa.Array]


def arrow_type(column: RawColumn) -> pa.DataType:
    """Return the type that a cleaned column has."""
    return ARROW.get(column.kind, pa.string())


def validate_table(table: str, data: pa.Table, *, as_of: datetime) -> Table:
    """Check every column of a table; a row is refused at its first bad column.

    Columns that lack are added as nulls. `events.data` stays text: check events as
    rows where their content matters.
    """
    columns = RAW_TABLES[table]
    codes: NDArray[np.int8] = np.zeros(data.num_rows, dtype=np.int8)
    fields: NDArray[np.object_] = np.full(data.num_rows, "", dtype=object)
    arrays = []
    for column in columns:
        checked = _checked(column, data, as_of)
        arrays.append(checked.values)
        bad = (checked.codes > 0) & (codes == 0)
        codes[bad] = checked.codes[bad]
        fields[bad] = column.name
    good: NDArray[np.bool_] = codes == 0
    rows = pa.table(arrays, names=[column.name for column in columns])
    known = {column.name for column in columns}
    return Table(
        rows=rows if good.all() else rows.filter(pa.array(good)),
        good=good,
        rejects=[
            Reject(int(at), fields[at], _NAMES[codes[at]])
            for at in np.flatnonzero(~good)
        ],
        unknown=[name for name in data.column_names if name not in known],
    )


def _checked(column: RawColumn, data: pa.Table, as_of: datetime) -> Column:
    if column.name not in data.column_names:
        array = pa.nulls(data.num_rows, arrow_type(column))
    else:
        array = data.column(column.name).combine_chunks()
    return validate_column(column, array, as_of=as_of)


def validate_column(column: RawColumn, array: pa.Array, *, as_of: datetime) -> Column:
    """Cast, clean and check one column; nulls are bad in a required column."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    cast, lost = _cast(column, array)
    check = _Check(
        column=column,
        latest=as_of + CLOCK_TOLERANCE,
        codes=np.where(lost, CODE["wrong_type"], 0).astype(np.int8),
        present=cast.is_valid().to_numpy(zero_copy_only=False),
    )
    if column.kind not in _AS_CAST:
        cast = _rule(column, written=_is_text(array.type))(check, cast)
    if column.required:
        check.codes[~check.present & ~lost] = CODE["missing_field"]
    return Column(cast, check.codes)


def _rule(column: RawColumn, *, written: bool) -> _Rule:
    """Return what checks a column; numbers and times may have been written as text."""
    if column.kind == "timestamp":
        return _written_times if written else _times
    if column.kind == "int" and not written:
        return _numbers
    return _each if column.kind in _LISTS else _texts


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _cast(column: RawColumn, array: pa.Array) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Return the array in its canonical type and which values have no such form."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    target = arrow_type(column)
    nothing = np.zeros(len(array), dtype=bool)
    if pa.types.is_null(array.type) or array.type == target:
        return array.cast(target), nothing
    present = array.is_valid().to_numpy(zero_copy_only=False)
    lossless = _is_text(array.type) == _is_text(target)
    boolean = pa.types.is_boolean(array.type) or pa.types.is_boolean(target)
    naive = pa.types.is_timestamp(array.type) and array.type.tz is None
    if _is_text(array.type) and column.kind == "timestamp":
        return array.cast(pa.string()), nothing
    if not lossless or boolean or naive or pa.types.is_floating(array.type):
        return pa.nulls(len(array), target), present
    try:
        return array.cast(target, safe=not pa.types.is_timestamp(target)), nothing
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # not lost: `present` sends each of these rows to the rule, which names it
        return pa.nulls(len(array), target), present


def _times(check: _Check, array: pa.Array) -> pa.Array:
    year = pc.year(array)
    inside = pc.and_(
        pc.greater_equal(year, values.FIRST_YEAR), pc.less_equal(year, values.LAST_YEAR)
    )
    check.codes[_false(inside)] = CODE["bad_timestamp"]
    if check.column.past:
        latest = pa.scalar(check.latest, array.type)
        late = _false(pc.less_equal(array, latest)) & (check.codes == 0)
        check.codes[late] = CODE["event_time_out_of_range"]
    return array


def _written_times(check: _Check, array: pa.Array) -> pa.Array:
    """Read RFC 3339 at once where all of it is usual, else by the rule."""
    usual = pc.match_substring_regex(array, TIME).fill_null(False)
    try:
        times = pc.if_else(usual, array, None).cast(ARROW["timestamp"])
    except pa.ArrowInvalid:
        return _unusual(check, array, check.present)
    times = _times(check, times)
    unusual = check.present & ~usual.to_numpy(zero_copy_only=False)
    return pc.coalesce(times, _unusual(check, array, unusual))


def _numbers(check: _Check, array: pa.Array) -> pa.Array:
    column = check.column
    numbers = array.fill_null(column.low).to_numpy(zero_copy_only=False)
    outside = check.present & ((numbers < column.low) | (numbers > column.high))
    check.codes[outside] = CODE["number_out_of_range"]
    return array


def _false(mask: pa.Array) -> NDArray[np.bool_]:
    """Return where a mask is false; null is not false."""
    return ~mask.fill_null(True).to_numpy(zero_copy_only=False)


def _texts(check: _Check, array: pa.Array) -> pa.Array:
    column = check.column
    if column.kind == "enum":
        usual = pc.is_in(array, value_set=pa.array(column.choices, pa.string()))
    elif column.kind in FAST:
        usual = pc.match_substring_regex(array, FAST[column.kind])
        if column.kind in _BOUNDED:
            usual = pc.and_(usual, _length_fits(column, array))
    else:
        usual = pa.array(np.zeros(len(array), dtype=bool))
    unusual = check.present & ~usual.fill_null(False).to_numpy(zero_copy_only=False)
    return _unusual(check, array, unusual) if unusual.any() else array


def _length_fits(column: RawColumn, array: pa.Array) -> pa.Array:
    length = pc.binary_length(array)
    shortest = 1 if column.kind in {"opaque", "token"} else column.low
    return pc.and_(
        pc.greater_equal(length, shortest), pc.less_equal(length, column.high)
    )


def _unusual(check: _Check, array: pa.Array, chosen: NDArray[np.bool_]) -> pa.Array:
    """Put each distinct chosen value through the rule; replace it with the result."""
    places = np.flatnonzero(chosen)
    coded = array.take(pa.array(places)).dictionary_encode()
    results = [_ruled(check, text.as_py()) for text in coded.dictionary]
    which = coded.indices.to_numpy()
    found = np.array([code for _, code in results], dtype=np.int8)
    check.codes[places] = found[which]
    clean = pa.array([value for value, _ in results], arrow_type(check.column))
    if array.type == clean.type and clean.equals(coded.dictionary.cast(clean.type)):
        return array
    base = array if array.type == clean.type else pa.nulls(len(array), clean.type)
    return pc.replace_with_mask(base, pa.array(chosen), clean.take(coded.indices))


def _each(check: _Check, array: pa.Array) -> pa.Array:
    """Check lists and maps: what is not plain goes to the rule, row by row."""
    column, codes = check.column, check.codes
    if column.kind == "uint32s":
        lengths = pc.list_value_length(array).fill_null(values.MINIMA)
        codes[lengths.to_numpy(zero_copy_only=False) != values.MINIMA] = CODE[
            "number_out_of_range"
        ]
        codes[holders_of_null(array)] = CODE["wrong_type"]
        return array
    places = np.flatnonzero(check.present & ~plain_rows(column, array))
    if len(places) == 0:
        return array
    odd = array.take(pa.array(places))
    results = [_ruled(check, value) for value in odd.to_pylist()]
    found = np.array([code for _, code in results], dtype=np.int8)
    codes[places] = np.where(codes[places] == 0, found, codes[places])
    clean = pa.array([_pairs(value) for value, _ in results], arrow_type(column))
    order = np.arange(len(array))
    order[places] = len(array) + np.arange(len(places))
    return pa.concat_arrays([array, clean]).take(pa.array(order))


def _pairs(value: Any) -> Any:
    return list(value.items()) if isinstance(value, dict) else value


def _ruled(check: _Check, value: object) -> tuple[Any, int]:
    try:
        return clean_value(check.column, value, latest=check.latest), 0
    except BadValueError as error:
        return None, CODE[error.code]
