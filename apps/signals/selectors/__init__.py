"""Reads of facts. `open_engine` is the one door to bulk computation."""

from apps.signals.selectors.accounts import changed_accounts, known_account_ids
from apps.signals.selectors.activity import (
    KeyActivity,
    TimelineEntry,
    UsageDay,
    key_activity,
    timeline,
    usage_by_day,
)
from apps.signals.selectors.days import Day, kept_folder
from apps.signals.selectors.digest import facts_digest
from apps.signals.selectors.duck import connect
from apps.signals.selectors.engine import Engine, open_engine
from apps.signals.selectors.usage import load_day, reading_key
from apps.signals.selectors.velocity import Shared, shared_values

__all__ = [
    "Day",
    "Engine",
    "KeyActivity",
    "Shared",
    "TimelineEntry",
    "UsageDay",
    "changed_accounts",
    "connect",
    "facts_digest",
    "kept_folder",
    "key_activity",
    "known_account_ids",
    "load_day",
    "open_engine",
    "reading_key",
    "shared_values",
    "timeline",
    "usage_by_day",
]
