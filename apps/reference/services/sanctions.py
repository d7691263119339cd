"""Sanctions lists as their publishers give them, into rows of the reference store."""

import csv
import gzip
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from apps.reference.errors import ReferenceFileError
from apps.reference.services.draft import Draft

_NULL: Final = "-0-"
_NOT_NAMES: Final = frozenset({"vessel", "aircraft"})  # nobody signs up as a ship
_OFAC_COLUMNS: Final = 12
_ALIAS_COLUMNS: Final = 5
_NAME_PARTS: Final = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def read_ofac(draft: Draft, path: Path, listing: str) -> None:
    """Read names of an OFAC list: number, name, type and nine more columns."""
    for row in _ofac_rows(path, _OFAC_COLUMNS):
        if row[2] not in _NOT_NAMES:
            draft.sanctions.append((f"{listing}:{int(row[0])}", row[1]))


def read_ofac_aliases(draft: Draft, path: Path, listing: str) -> None:
    """Read further names of an OFAC list: number, alias number, type, name, remark.

    Aliases of ships and aircraft fall away with them, when the lists are joined.
    """
    for row in _ofac_rows(path, _ALIAS_COLUMNS):
        draft.aliases.append((f"{listing}:{int(row[0])}", row[3]))


def _ofac_rows(path: Path, columns: int) -> Iterator[list[str]]:
    """Yield rows of the headless Latin-1 tables; '-0-' is an empty text."""
    for row in csv.reader(StringIO(_raw(path).decode("latin-1"))):
        if len(row) == columns:
            yield ["" if one.strip() == _NULL else one.strip() for one in row]
        elif row != ["\x1a"]:  # the end-of-file mark of the publisher
            raise ReferenceFileError(f"{path.name} has a row of {len(row)} columns.")


def read_un(draft: Draft, path: Path) -> None:
    """Read the consolidated list of the UN: names, good aliases, original scripts."""
    try:
        # Expat since 2.4.1 bounds the expansion of entities.
        root = ET.fromstring(_raw(path))  # noqa: S314 - see above
    except ET.ParseError as error:
        raise ReferenceFileError(f"{path.name} is not XML.") from error
    for kind in ("INDIVIDUAL", "ENTITY"):
        for entry in root.iter(kind):
            number = entry.findtext("DATAID", "").strip()
            for name in _un_names(entry, kind):
                draft.sanctions.append((f"UN:{int(number)}", name))


def _un_names(entry: ET.Element, kind: str) -> Iterator[str]:
    parts = (entry.findtext(part) or "" for part in _NAME_PARTS)
    yield " ".join(" ".join(parts).split())
    yield (entry.findtext("NAME_ORIGINAL_SCRIPT") or "").strip()
    for alias in entry.iter(f"{kind}_ALIAS"):
        # Aliases of low quality are nicknames that thousands share.
        if (alias.findtext("QUALITY") or "").strip() != "Low":
            yield (alias.findtext("ALIAS_NAME") or "").strip()


def _raw(path: Path) -> bytes:
    return (
        gzip.decompress(path.read_bytes())
        if path.suffix == ".gz"
        else (path.read_bytes())
    )
