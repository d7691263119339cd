"""What a refresh collects from files, and the compact columns it becomes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.reference import policy
from apps.reference.errors import ReferenceFileError
from apps.reference.services import ranges

Columns = dict[str, NDArray[Any]]
_IP_KINDS: Final = ("ip_asn", "ip_country", "ip_class")


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything that one folder says, before it is stored."""

    # kind -> IPv4 and IPv6 ranges; values are an ASN, a country or a class number
    ip: dict[str, tuple[list[ranges.Range], list[ranges.Range]]] = field(
        default_factory=lambda: {kind: ([], []) for kind in _IP_KINDS}
    )
    asn_names: dict[int, str] = field(default_factory=dict)
    asn_classes: dict[int, str] = field(default_factory=dict)
    email_domains: dict[str, str] = field(default_factory=dict)
    bins: dict[str, tuple[str, str]] = field(default_factory=dict)
    sanctions: list[tuple[str, str]] = field(default_factory=list)  # (entry, name)
    aliases: list[tuple[str, str]] = field(default_factory=list)  # of those entries
    sources: dict[str, list[str]] = field(default_factory=dict)
    licences: dict[str, list[str]] = field(default_factory=dict)

    def add_ranges(self, kind: str, rows: Iterable[tuple[str, str, int, int]]) -> None:
        """Add (first address, last address, value, rank); both families at once."""
        v4, v6 = ranges.split(rows)
        self.ip[kind][0].extend(v4)
        self.ip[kind][1].extend(v6)

    def add_asn_class(self, asn: int, name: str) -> None:
        """Keep the stronger of two statements about a network."""
        known = self.asn_classes.get(asn)
        if known is None or policy.CLASS_RANK[name] > policy.CLASS_RANK[known]:
            self.asn_classes[asn] = name

    def add_domain(self, domain: str, name: str) -> None:
        """Keep the statement that `EMAIL_RANK` names first."""
        known = self.email_domains.get(domain)
        rank = policy.EMAIL_RANK
        if name in rank and (known is None or rank.index(name) < rank.index(known)):
            self.email_domains[domain] = name

    def note(self, kind: str, source: str, licence: str) -> None:
        self.sources.setdefault(kind, []).append(source)
        licences = self.licences.setdefault(kind, [])
        if licence not in licences:
            licences.append(licence)


def country_number(code: str) -> int:
    """Return two letters as a number: 'AA' is 0."""
    if len(code) != 2 or not code.isascii() or not code.isalpha():  # noqa: PLR2004 - ISO 3166-1 alpha-2
        raise ValueError(code)
    high, low = code.upper().encode()
    return (high - 65) * 26 + low - 65


def compiled(draft: Draft) -> dict[str, Columns]:
    """Return the columns of every kind that the folder speaks of."""
    found = {
        kind: _ip_columns(*draft.ip[kind]) for kind in _IP_KINDS if any(draft.ip[kind])
    }
    classes = {
        asn: name
        for asn, text in draft.asn_names.items()
        if (name := policy.class_from_name(text))
    } | draft.asn_classes
    if classes and "ip_asn" in found:
        asns = np.array(sorted(classes), dtype=np.int64)
        numbers = [policy.CLASS_NUMBER[classes[int(asn)]] for asn in asns]
        found["ip_asn"] |= {"asns": asns, "classes": np.array(numbers, dtype=np.int8)}
    if draft.email_domains:
        found["email_domains"] = _domain_columns(draft.email_domains)
    if draft.bins:
        found["bins"] = _bin_columns(draft.bins)
    if draft.sanctions:
        found[policy.SANCTIONS] = _sanction_columns(draft)
    if not found:
        raise ReferenceFileError("The folder holds no reference file that is known.")
    return found


def _ip_columns(v4: list[ranges.Range], v6: list[ranges.Range]) -> Columns:
    columns: Columns = {}
    for name, family, width in (("4", v4, ranges.V4), ("6", v6, ranges.V6)):
        one = ranges.columns(ranges.resolve(family), width)
        columns |= {
            f"start{name}": one.start,
            f"end{name}": one.end,
            f"value{name}": one.value,
        }
    return columns


def _domain_columns(domains: dict[str, str]) -> Columns:
    names = sorted(domains)
    return {
        "domains": np.array(names, dtype=np.str_),
        "classes": np.array(
            [policy.EMAIL_NUMBER[domains[name]] for name in names], dtype=np.int8
        ),
    }


def _bin_columns(bins: dict[str, tuple[str, str]]) -> Columns:
    numbers = sorted(bins)
    return {
        "bins": np.array(numbers, dtype=np.str_),
        "countries": np.array([bins[number][0] for number in numbers], dtype=np.str_),
        "fundings": np.array([bins[number][1] for number in numbers], dtype=np.str_),
    }


def _sanction_columns(draft: Draft) -> Columns:
    """Return the names with their entries; an alias of no entry falls away."""
    known = {entry for entry, _ in draft.sanctions}
    aliases = (row for row in draft.aliases if row[0] in known)
    rows = dict.fromkeys(row for row in (*draft.sanctions, *aliases) if row[1])
    return {
        "ids": np.array([entry for entry, _ in rows], dtype=np.str_),
        "names": np.array([name for _, name in rows], dtype=np.str_),
    }
