from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What became of one fact that somebody sent."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "event_conflict"


# Tables of a bundle in the order of loading: a row may name what stands before it.
BUNDLE_ORDER: Final = (
    "provider",
    "customers",
    "accounts",
    "api_keys",
    "payment_methods",
    "events",
    "usage",
    "usage_window",
    "outcomes",
)
LAKE_TABLES: Final = ("usage", "usage_window")
# A type of a batch row that is not an event.
USAGE_TYPES: Final = {None: "usage", "usage": "usage", "usage.window": "usage_window"}
