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
from apps.reference.services.store import look_again

__all__ = [
    "IpFacts",
    "RefreshReport",
    "look_again",
    "lookup_bins",
    "lookup_email_domains",
    "lookup_ips",
    "missing",
    "phone_countries",
    "refresh_configured",
    "refresh_reference",
    "stale_kinds",
    "versions",
]
