"""Reference data: what is known of addresses, mail domains and card ranges."""

from apps.reference.services.lookup import (
    IpFacts,
    lookup_bins,
    lookup_email_domains,
    lookup_ips,
    missing,
    versions,
)
from apps.reference.services.phones import phone_countries
from apps.reference.services.refresh import (
    RefreshReport,
    refresh_configured,
    refresh_reference,
    stale_kinds,
)
from apps.reference.services.screening import list_version, listed_names, screen
from apps.reference.services.store import held, look_again
from apps.reference.services.watchlist import THRESHOLD, Hit

__all__ = [
    "THRESHOLD",
    "Hit",
    "IpFacts",
    "RefreshReport",
    "held",
    "list_version",
    "listed_names",
    "look_again",
    "lookup_bins",
    "lookup_email_domains",
    "lookup_ips",
    "missing",
    "phone_countries",
    "refresh_configured",
    "refresh_reference",
    "screen",
    "stale_kinds",
    "versions",
]
