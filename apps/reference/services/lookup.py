"""Questions to the reference data: one call for any number of values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.reference import policy
from apps.reference.services.addresses import Addresses, parse
from apps.reference.services.store import Layer, Store, current
from ml.schema import EMAIL_CLASSES, IP_CLASSES

_CLASSES: Final = np.array(IP_CLASSES, dtype=object)
_ISP: Final = policy.CLASS_NUMBER["isp"]
_UNKNOWN: Final = policy.CLASS_NUMBER["unknown"]
# 'AA'..'ZZ' by number; the last place answers for -1.
_COUNTRIES: Final = np.array(
    [chr(65 + at // 26) + chr(65 + at % 26) for at in range(676)] + [None],
    dtype=object,
)
_MAX_LABELS: Final = 3


@dataclass(frozen=True, slots=True)
class IpFacts:
    """What the lists say of each address; rows in the order of the question."""

    asn: NDArray[np.int64]  # -1: not in the table
    ip_class: NDArray[np.object_]  # of ml.schema.IP_CLASSES
    country: NDArray[np.object_]  # ISO 3166-1 alpha-2 or None


def lookup_ips(addresses: Sequence[str | None]) -> IpFacts:
    """Return network, class and country of each address.

    A class rests on evidence: a list, else what the network's name says, else 'isp'
    for an address that is routed. An unparsable address or an address outside every
    table is 'unknown', and so is everything while the tables are not loaded.
    """
    store = current()
    parsed = parse(addresses)
    asn = _found(store.of("ip_asn"), parsed)
    classes = _found(store.of("ip_class"), parsed)
    if store.of("ip_class"):
        classes = np.where(classes >= 0, classes, _classes_of(store, asn))
    else:
        classes = np.full(len(asn), -1, dtype=np.int64)
    country = _found(store.of("ip_country"), parsed)
    which = parsed.which
    classes = np.where(classes < 0, _UNKNOWN, classes)
    return IpFacts(asn[which], _CLASSES[classes[which]], _COUNTRIES[country[which]])


def _found(layers: Sequence[Layer], parsed: Addresses) -> NDArray[np.int64]:
    """Return the value of each distinct address and, last, -1 for no address."""
    size = len(parsed.v4) + len(parsed.v6)
    found = np.full(size + 1, -1, dtype=np.int64)
    for layer in layers:
        values = np.concatenate([layer.v4.find(parsed.v4), layer.v6.find(parsed.v6)])
        np.copyto(found[:size], values, where=found[:size] < 0)
    return found


def _classes_of(store: Store, asn: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what the network itself says: a hint by ASN, 'isp' for any other."""
    classes = np.where(asn >= 0, _ISP, -1)
    hinted = np.zeros(len(asn), dtype=bool)
    for layer in store.of("ip_asn"):
        asns = layer.data.get("asns")
        if asns is None:
            continue
        at = np.minimum(np.searchsorted(asns, asn), len(asns) - 1)
        hit = (asns[at] == asn) & ~hinted
        classes[hit] = layer.data["classes"][at[hit]]
        hinted |= hit
    return classes


def lookup_email_domains(domains: Sequence[str | None]) -> list[str]:
    """Return the class of each domain of an e-mail address (ml.schema.EMAIL_CLASSES).

    The built-in list of disposable domains always answers, for their subdomains too.
    With lists loaded a domain that none of them names is 'corporate' (somebody's own),
    without them 'unknown'.
    """
    store = current()
    known = {domain: _domain_class(store, domain) for domain in set(domains)}
    return [known[domain] for domain in domains]


def _domain_class(store: Store, domain: str | None) -> str:
    if not domain:
        return "unknown"
    labels = domain.lower().rstrip(".").split(".")
    names = [".".join(labels[at:]) for at in range(max(1, len(labels) - 1))]
    for layer in store.of("email_domains"):
        for name in names[:_MAX_LABELS]:
            if name in layer.domains:
                return EMAIL_CLASSES[layer.domains[name]]
    if any(name in _built_in() for name in names):
        return "disposable"
    if policy.is_education_domain(names[0]):
        return "education"
    return "corporate" if store.of("email_domains") else "unknown"


def _built_in() -> Any:
    from disposable_email_domains import blocklist

    return blocklist


def lookup_bins(bins: Sequence[str | None]) -> list[tuple[str | None, str | None]]:
    """Return (country, funding) of each BIN; eight digits fall back to their first six.

    A BIN outside the tables gives (None, None).
    """
    layers = current().of("bins")
    return [_bin_facts(layers, number) for number in bins]


def _bin_facts(
    layers: Sequence[Layer], number: str | None
) -> tuple[str | None, str | None]:
    for layer in layers if number else ():
        for name in (number, number[:6] if number else None):
            if name in layer.bins:
                return layer.bins[name]
    return None, None


def versions() -> dict[str, str]:
    """Return {kind: version of what answers}; layers are joined by '+'."""
    return current().versions()


def missing() -> list[str]:
    """Return the kinds that nothing is loaded for; an assessment then is degraded."""
    return current().missing()
