"""From which carriers an account shows up in ever new networks.

A customer at home keeps a network for weeks; behind a proxy vendor every job leaves
through another household of the vendor's carriers. The carrier is then a value that
accounts share, as rare as such wandering is among that carrier's trusted customers.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_NETWORKS: Final = 3
NETWORKS_PER_ADDRESS: Final = 0.5  # fewer: addresses that one network deals out
# Of these a customer rents many networks at once, or shares them with strangers.
RENTED: Final = ("hosting", "vpn", "relay", "tor", "education")


def read_exits(usage: Any) -> "pa.Table":
    """Return account_id, kind, value (the carrier) and first of every wanderer."""
    import ibis  # a large library, loaded by the processes that find rings

    placed = usage.filter(usage.asn.notnull() & usage.net.notnull())
    placed = placed.filter(~placed.ip_class.fill_null("unknown").isin(list(RENTED)))
    seen = placed.group_by(["account_id", "asn"]).agg(
        networks=placed.net.nunique(),
        addresses=placed.ip.nunique(),
        first=placed.occurred_at.min(),
    )
    wandering = seen.filter(
        (seen.networks >= LEAST_NETWORKS)
        & (seen.networks >= seen.addresses * NETWORKS_PER_ADDRESS)
    )
    return wandering.select(
        "account_id",
        "first",
        kind=ibis.literal("exits"),
        value=wandering.asn.cast("string"),
    ).to_pyarrow()
