"""How each publisher writes its list: one reader for each format."""

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from apps.reference import policy
from apps.reference.errors import ReferenceFileError
from apps.reference.services import ranges
from apps.reference.services.draft import Draft, country_number


def _opened(path: Path) -> TextIO:
    """Open UTF-8 text; .gz is unpacked."""
    if path.suffix == ".gz":
        return TextIOWrapper(gzip.GzipFile(path), encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _text(path: Path) -> Iterator[str]:
    """Yield lines without comments or empty ones."""
    with _opened(path) as stream:
        for line in stream:
            bare = line.partition("#")[0].strip()
            if bare:
                yield bare


def _rows(path: Path, header: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file whose header must hold the named columns."""
    with _opened(path) as stream:
        reader = csv.DictReader(stream, strict=True)
        lacking = set(header) - set(reader.fieldnames or ())
        if lacking:
            raise ReferenceFileError(
                f"{path.name} lacks the columns {', '.join(sorted(lacking))}."
            )
        for number, row in enumerate(reader, start=2):
            if None in row or None in row.values():
                raise ReferenceFileError(
                    f"{path.name} line {number} has another number of columns."
                )
            yield row


def asn_ranges(draft: Draft, path: Path) -> None:
    _add_parquet(draft, path, "ip_asn", "asn", int)


def country_ranges(draft: Draft, path: Path) -> None:
    _add_parquet(draft, path, "ip_country", "cc", country_number)


def _add_parquet(
    draft: Draft, path: Path, kind: str, value: str, number: Callable[[Any], int]
) -> None:
    """Add ranges whose ends are numbers (IPv4) or addresses as text (IPv6)."""
    import pyarrow.parquet as pq

    names = ["start", "end", value]
    table = pq.read_table(path, columns=names)
    rows = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    spans = [(first, last, number(one), 0) for first, last, one in rows]
    if "ipv4" in path.name:
        draft.ip[kind][0].extend(ranges.Range(*span) for span in spans)
    else:
        draft.add_ranges(kind, spans)


def asn_names(draft: Draft, path: Path) -> None:
    for row in _rows(path, ("asn", "org")):
        draft.asn_names[int(row["asn"])] = row["org"]


def class_blocks(draft: Draft, path: Path, name: str) -> None:
    _add_class(draft, ranges.blocks(_text(path)), name)


def class_spans(draft: Draft, path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream, strict=True) if row]
    _add_class(draft, ((row[0], row[1]) for row in rows), "hosting")


def _add_class(draft: Draft, spans: Iterable[tuple[str, str]], name: str) -> None:
    number, rank = policy.CLASS_NUMBER[name], policy.CLASS_RANK[name]
    draft.add_ranges("ip_class", ((a, b, number, rank) for a, b in spans))


def class_asns(draft: Draft, path: Path, name: str) -> None:
    for line in _text(path):
        draft.add_asn_class(int(line.upper().removeprefix("AS")), name)


def world_ranges(draft: Draft, path: Path) -> None:
    """Read start,end,asn,as_name,country,class: three kinds in one file."""
    header = ("start", "end", "asn", "as_name", "country", "class")
    asns, countries, classes = [], [], []
    for row in _rows(path, header):
        span = (row["start"], row["end"])
        if row["asn"]:
            asns.append((*span, int(row["asn"].upper().removeprefix("AS")), 0))
            draft.asn_names[asns[-1][2]] = row["as_name"]
        if row["country"]:
            countries.append((*span, country_number(row["country"]), 0))
        if row["class"] != "unknown":
            rank = policy.CLASS_RANK[row["class"]]
            classes.append((*span, policy.CLASS_NUMBER[row["class"]], rank))
    draft.add_ranges("ip_asn", asns)
    draft.add_ranges("ip_country", countries)
    draft.add_ranges("ip_class", classes)


def domains(draft: Draft, path: Path, name: str) -> None:
    for line in _text(path):
        draft.add_domain(line.lower(), name)


def free_domains(draft: Draft, path: Path) -> None:
    for domain in json.loads(path.read_text(encoding="utf-8")):
        draft.add_domain(str(domain).lower(), "free")


def world_domains(draft: Draft, path: Path) -> None:
    for row in _rows(path, ("domain", "class")):
        if row["class"] not in policy.EMAIL_NUMBER:
            raise ReferenceFileError(f"{path.name} names an unknown class of domain.")
        draft.add_domain(row["domain"].lower(), row["class"])


def bin_list(draft: Draft, path: Path) -> None:
    for row in _rows(path, ("BIN", "Type", "Category", "isoCode2")):
        funding = policy.funding_of(row["Type"], row["Category"])
        draft.bins[row["BIN"]] = (row["isoCode2"], funding)


def world_bins(draft: Draft, path: Path) -> None:
    for row in _rows(path, ("bin", "country", "funding")):
        draft.bins[row["bin"]] = (row["country"], policy.funding_of("", row["funding"]))
