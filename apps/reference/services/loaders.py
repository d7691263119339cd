"""Files of reference data, recognized by name, and who publishes them on what terms.

The publishers' own formats, so that a download is a refresh; and the small tables of
a simulated world (`ip_ranges.csv`, `email_domains.csv`, `bins.csv`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from apps.reference import policy
from apps.reference.errors import ReferenceFileError
from apps.reference.services import formats, sanctions
from apps.reference.services.draft import Draft

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


def _loader(
    name: str,
    kinds: str,
    licence: str,
    read: Callable[[Draft, Path], None],
    instead_of: str = "",
) -> Loader:
    return Loader(re.compile(name), tuple(kinds.split()), licence, read, instead_of)


_X4B = "MIT, X4BNet/lists_vpn"
_OFAC = "public domain, US Treasury"
_IPRANGES = "CC0, lord-alfred/ipranges"
LOADERS: Final = (
    _loader(r"asn_ipv[46]_ranges\.parquet", "ip_asn", "CC BY 4.0", formats.asn_ranges),
    _loader(r"asn_names\.csv(\.gz)?", "ip_asn", "CC BY 4.0", formats.asn_names),
    _loader(
        r"country_ipv[46]_ranges\.parquet",
        "ip_country",
        "CC BY 4.0",
        formats.country_ranges,
    ),
    _loader(
        r"x4b_torexit_ipv4\.txt",
        "ip_class",
        _X4B,
        partial(formats.class_blocks, name="tor"),
    ),
    _loader(
        r"ipranges_(apple-proxy|cloudflare)_ipv[46]_merged\.txt",
        "ip_class",
        _IPRANGES,
        partial(formats.class_blocks, name="relay"),
    ),
    _loader(
        r"x4b_vpn_input_apple\.txt",
        "ip_class",
        _X4B,
        partial(formats.class_blocks, name="relay"),
    ),
    _loader(
        r"x4b_vpn_(ipv[46]|input_\w+)\.txt|ipranges_protonvpn_ipv[46]_merged\.txt",
        "ip_class",
        _X4B,
        partial(formats.class_blocks, name="vpn"),
    ),
    _loader(
        r"x4b_datacenter_ipv[46]\.txt",
        "ip_class",
        _X4B,
        partial(formats.class_blocks, name="hosting"),
    ),
    _loader(
        r"ipranges_[\w-]+_ipv[46]_merged\.txt",
        "ip_class",
        _IPRANGES,
        partial(formats.class_blocks, name="hosting"),
    ),
    _loader(
        r"x4b_vpn_asn\.txt", "ip_asn", _X4B, partial(formats.class_asns, name="vpn")
    ),
    _loader(
        r"x4b_datacenter_asn\.txt",
        "ip_asn",
        _X4B,
        partial(formats.class_asns, name="hosting"),
    ),
    _loader(
        r"secops_tor_exit_nodes\.lst",
        "ip_class",
        "MIT",
        partial(formats.class_blocks, name="tor"),
        instead_of="x4b_torexit_ipv4.txt",
    ),
    _loader(
        r"ipcat_datacenters\.csv",
        "ip_class",
        "MIT",
        formats.class_spans,
        instead_of="x4b_datacenter_ipv4.txt",
    ),
    _loader(
        r"disposable_email_blocklist\.conf",
        "email_domains",
        "CC0",
        partial(formats.domains, name="disposable"),
    ),
    _loader(
        r"disposable_greylist\.txt",
        "email_domains",
        "MIT",
        partial(formats.domains, name="alias"),
    ),
    _loader(
        r"kikobeats_free_email_domains\.json",
        "email_domains",
        "MIT",
        formats.free_domains,
    ),
    _loader(r"bin_list_data_\w+\.csv", "bins", "CC BY 4.0", formats.bin_list),
    _loader(
        r"(ofac_\w*)?sdn\.csv(\.gz)?",
        policy.SANCTIONS,
        _OFAC,
        partial(sanctions.read_ofac, listing="OFAC-SDN"),
    ),
    _loader(
        r"(ofac_(?!cons)\w*)?alt\.csv(\.gz)?",
        policy.SANCTIONS,
        _OFAC,
        partial(sanctions.read_ofac_aliases, listing="OFAC-SDN"),
    ),
    _loader(
        r"(ofac_)?cons_prim\.csv(\.gz)?",
        policy.SANCTIONS,
        _OFAC,
        partial(sanctions.read_ofac, listing="OFAC-CONS"),
    ),
    _loader(
        r"(ofac_)?cons_alt\.csv(\.gz)?",
        policy.SANCTIONS,
        _OFAC,
        partial(sanctions.read_ofac_aliases, listing="OFAC-CONS"),
    ),
    _loader(
        r"(un_)?consolidated\.xml(\.gz)?",
        policy.SANCTIONS,
        "public, United Nations",
        sanctions.read_un,
    ),
    _loader(
        r"ip_ranges\.csv(\.gz)?",
        "ip_asn ip_country ip_class",
        _TABLES,
        formats.world_ranges,
    ),
    _loader(
        r"email_domains\.csv(\.gz)?", "email_domains", _TABLES, formats.world_domains
    ),
    _loader(r"bins\.csv(\.gz)?", "bins", _TABLES, formats.world_bins),
)
