"""Rows of a CSV file, of which some are damaged."""

import csv
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader  # the type of csv.reader has no public name


def csv_rows(reader: "Reader") -> Iterator[tuple[int, list[str] | None]]:
    """Yield the first line of each row and its cells, None where it is not well formed.

    What the file below raises goes through and ends it.
    """
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, None
        else:
            yield line, cells


def is_utf8(cells: Sequence[str]) -> bool:
    """Whether all cells are; the text was decoded with `surrogateescape`."""
    return not any("\udc80" <= mark <= "\udcff" for cell in cells for mark in cell)
