"""Files of reference data, recognized by name, and how each is read.

The publishers' own formats, so that a download is a refresh; and the small tables of
a simulated world (`ip_ranges.csv`, `email_domains.csv`, `bins.csv`).
"""

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, TextIO

from apps.reference import policy
from apps.reference.errors import ReferenceFileError
from apps.reference.services import ranges
from apps.reference.services.draft import Draft, country_number

_LARGEST: Final = 200 * 1024 * 1024  # bytes
_TABLES: Final = "tables of the folder"


@dataclass(frozen=True, slots=True)
class Loader:
    """A file that is known: its name, what it says, from whom, under what terms."""

    name: re.Pattern[str]
    kinds: tuple[str, ...]
    licence: str
    read: Callable[[Draft, Path], None]
    instead_of: str = ""  # read only where no file of this name is present


def read_folder(folder: Path) -> Draft:
    """Read every known file below the folder; raise ReferenceFileError on a bad one."""
    draft = Draft()
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.name for path in paths}
    for path in paths:
        loader = next((one for one in LOADERS if one.name.fullmatch(path.name)), None)
        if loader is None or (loader.instead_of and loader.instead_of in names):
            continue
        if not 0 < path.stat().st_size <= _LARGEST:
            raise ReferenceFileError(f"{path.name} is empty or larger than 200 MB.")
        try:
            loader.read(draft, path)
        except (ValueError, KeyError, OSError, EOFError) as error:
            raise ReferenceFileError(
                f"{path.name} is not in the format of its publisher"
                f" ({type(error).__name__})."
            ) from error
        for kind in loader.kinds:
            draft.note(kind, path.name, loader.licence)
    return draft


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


def _asn_ranges(draft: Draft, path: Path) -> None:
    _add_parquet(draft, path, "ip_asn", "asn", int)


def _country_ranges(draft: Draft, path: Path) -> None:
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


def _asn_names(draft: Draft, path: Path) -> None:
    for row in _rows(path, ("asn", "org")):
        draft.asn_names[int(row["asn"])] = row["org"]


def _class_blocks(draft: Draft, path: Path, name: str) -> None:
    _add_class(draft, ranges.blocks(_text(path)), name)


def _class_spans(draft: Draft, path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream, strict=True) if row]
    _add_class(draft, ((row[0], row[1]) for row in rows), "hosting")


def _add_class(draft: Draft, spans: Iterable[tuple[str, str]], name: str) -> None:
    number, rank = policy.CLASS_NUMBER[name], policy.CLASS_RANK[name]
    draft.add_ranges("ip_class", ((a, b, number, rank) for a, b in spans))


def _class_asns(draft: Draft, path: Path, name: str) -> None:
    for line in _text(path):
        draft.add_asn_class(int(line.upper().removeprefix("AS")), name)


def _world_ranges(draft: Draft, path: Path) -> None:
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


def _domains(draft: Draft, path: Path, name: str) -> None:
    for line in _text(path):
        draft.add_domain(line.lower(), name)


def _free_domains(draft: Draft, path: Path) -> None:
    for domain in json.loads(path.read_text(encoding="utf-8")):
        draft.add_domain(str(domain).lower(), "free")


def _world_domains(draft: Draft, path: Path) -> None:
    for row in _rows(path, ("domain", "class")):
        if row["class"] not in policy.EMAIL_NUMBER:
            raise ReferenceFileError(f"{path.name} names an unknown class of domain.")
        draft.add_domain(row["domain"].lower(), row["class"])


def _bin_list(draft: Draft, path: Path) -> None:
    for row in _rows(path, ("BIN", "Type", "Category", "isoCode2")):
        funding = policy.funding_of(row["Type"], row["Category"])
        draft.bins[row["BIN"]] = (row["isoCode2"], funding)


def _world_bins(draft: Draft, path: Path) -> None:
    for row in _rows(path, ("bin", "country", "funding")):
        draft.bins[row["bin"]] = (row["country"], policy.funding_of("", row["funding"]))


def _loader(
    name: str,
    kinds: str,
    licence: str,
    read: Callable[[Draft, Path], None],
    instead_of: str = "",
) -> Loader:
    return Loader(re.compile(name), tuple(kinds.split()), licence, read, instead_of)


_X4B = "MIT, X4BNet/lists_vpn"
_IPRANGES = "CC0, lord-alfred/ipranges"
LOADERS: Final = (
    _loader(r"asn_ipv[46]_ranges\.parquet", "ip_asn", "CC BY 4.0", _asn_ranges),
    _loader(r"asn_names\.csv(\.gz)?", "ip_asn", "CC BY 4.0", _asn_names),
    _loader(
        r"country_ipv[46]_ranges\.parquet", "ip_country", "CC BY 4.0", _country_ranges
    ),
    _loader(
        r"x4b_torexit_ipv4\.txt", "ip_class", _X4B, partial(_class_blocks, name="tor")
    ),
    _loader(
        r"ipranges_(apple-proxy|cloudflare)_ipv[46]_merged\.txt",
        "ip_class",
        _IPRANGES,
        partial(_class_blocks, name="relay"),
    ),
    _loader(
        r"x4b_vpn_input_apple\.txt",
        "ip_class",
        _X4B,
        partial(_class_blocks, name="relay"),
    ),
    _loader(
        r"x4b_vpn_(ipv[46]|input_\w+)\.txt|ipranges_protonvpn_ipv[46]_merged\.txt",
        "ip_class",
        _X4B,
        partial(_class_blocks, name="vpn"),
    ),
    _loader(
        r"x4b_datacenter_ipv[46]\.txt",
        "ip_class",
        _X4B,
        partial(_class_blocks, name="hosting"),
    ),
    _loader(
        r"ipranges_[\w-]+_ipv[46]_merged\.txt",
        "ip_class",
        _IPRANGES,
        partial(_class_blocks, name="hosting"),
    ),
    _loader(r"x4b_vpn_asn\.txt", "ip_asn", _X4B, partial(_class_asns, name="vpn")),
    _loader(
        r"x4b_datacenter_asn\.txt", "ip_asn", _X4B, partial(_class_asns, name="hosting")
    ),
    _loader(
        r"secops_tor_exit_nodes\.lst",
        "ip_class",
        "MIT",
        partial(_class_blocks, name="tor"),
        instead_of="x4b_torexit_ipv4.txt",
    ),
    _loader(
        r"ipcat_datacenters\.csv",
        "ip_class",
        "MIT",
        _class_spans,
        instead_of="x4b_datacenter_ipv4.txt",
    ),
    _loader(
        r"disposable_email_blocklist\.conf",
        "email_domains",
        "CC0",
        partial(_domains, name="disposable"),
    ),
    _loader(
        r"disposable_greylist\.txt",
        "email_domains",
        "MIT",
        partial(_domains, name="alias"),
    ),
    _loader(
        r"kikobeats_free_email_domains\.json", "email_domains", "MIT", _free_domains
    ),
    _loader(r"bin_list_data_\w+\.csv", "bins", "CC BY 4.0", _bin_list),
    _loader(
        r"ip_ranges\.csv(\.gz)?", "ip_asn ip_country ip_class", _TABLES, _world_ranges
    ),
    _loader(r"email_domains\.csv(\.gz)?", "email_domains", _TABLES, _world_domains),
    _loader(r"bins\.csv(\.gz)?", "bins", _TABLES, _world_bins),
)
