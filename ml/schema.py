"""Canonical tables: the frozen inputs of every feature, in one place.

A table is a tuple of `Column`s. Importers, the endpoint, the lake and the feature
expressions all read names and types from here, so a column is defined once.
Every fact table carries `recorded_at` (when this system could first know the row).
Personal values never appear: addresses, mail and cards are keyed hashes or classes.
"""

from dataclasses import dataclass
from typing import Final

IP_CLASSES: Final = (
    "residential",
    "mobile",
    "business",
    "education",
    "hosting",
    "vpn",
    "tor",
    "relay",
    "isp",
    "unknown",
)
EMAIL_CLASSES: Final = (
    "disposable",
    "free",
    "alias",
    "education",
    "corporate",
    "unknown",
)
VALUE_KINDS: Final = (
    "card",
    "bin_day",
    "device",
    "ja4",
    "ip",
    "net",
    "email",
    "email_pattern",
    "phone",
    "phone_block",
    "address",
    "payer",
    "registration",
    "organization",
    "scaffold",
    "client",
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Arrow type by name, and what a row may leave out."""

    name: str
    type: str  # string | int32 | int64 | float64 | bool | timestamp | uint32s | counts
    required: bool = False


def _columns(spec: str) -> tuple[Column, ...]:
    """Read 'name:type' words; a trailing * marks a required column."""
    parsed = []
    for word in spec.split():
        name, _, kind = word.partition(":")
        parsed.append(Column(name.rstrip("*"), kind, required=name.endswith("*")))
    return tuple(parsed)


ACCOUNTS: Final = _columns(
    """account_id*:string created_at*:timestamp recorded_at*:timestamp
    valid_from:timestamp history:string kind:string plan:string channel:string
    email_class:string email_pattern:string email_verified:bool phone_verified:bool
    phone_country:string declared_country:string declared_use_case:string
    org_domain_matches:bool registration_given:bool
    signup_ip_class:string signup_asn:int64 signup_ip_country:string
    signup_client:string signup_timezone:string signup_form_ms:int64
    payment_type:string payment_funding:string payment_country:string
    payment_bin:string payer_matches:bool contract:bool permitted_scope:string
    customer_id:string parent_account_id:string"""
)
ACCOUNT_VALUES: Final = _columns(
    """account_id*:string kind*:string value*:string seen_at*:timestamp
    recorded_at*:timestamp"""
)
API_KEYS: Final = _columns(
    """account_id*:string key_id*:string created_at*:timestamp recorded_at*:timestamp
    revoked_at:timestamp environment:string created_net:string"""
)
PAYMENT_METHODS: Final = _columns(
    """account_id*:string fingerprint*:string added_at*:timestamp
    recorded_at*:timestamp removed_at:timestamp type:string bin:string funding:string
    country:string"""
)
EVENTS: Final = _columns(
    """account_id*:string event_id*:string type*:string occurred_at*:timestamp
    recorded_at*:timestamp key_id:string ip:string net:string asn:int64 ip_class:string
    device:string fingerprint:string bin:string funding:string country:string
    success:bool mfa:bool amount_minor:int64 currency:string plan:string method:string
    result:string action:string"""
)
USAGE: Final = _columns(
    """account_id*:string event_id*:string occurred_at*:timestamp recorded_at*:timestamp
    key_id*:string ip:string net:string asn:int64 ip_class:string client:string
    surface:string model*:string input_tokens*:int32 output_tokens*:int32
    max_tokens:int32 status:int32 latency_ms:int32 conversation_id:string turn:int32
    tools:int32 end_user:string scaffold:string sketch:string minhash:uint32s
    category:string language_bucket:string signature_seen:string signature_made:string
    params:string schema:string tools_hash:string filler:uint32s safety:string
    elicits:string retry_of:string"""
)
USAGE_WINDOW: Final = _columns(
    """account_id*:string event_id*:string window_start*:timestamp
    recorded_at*:timestamp window_s*:int32 requests*:int32 input_tokens*:int64
    output_tokens*:int64 keys:int32 ips:int32 asns:int32 clients:int32 models:counts
    categories:counts scaffolds:counts status_429:int32 status_4xx:int32
    status_5xx:int32 minutes_active:int32 max_per_minute:int32 input_p50:int32
    output_p50:int32 max_tokens_top:int32 top_net:string top_asn:int64
    top_ip_class:string"""
)
OUTCOMES: Final = _columns(
    """account_id*:string outcome_id*:string label*:string subtype:string source*:string
    observed_at*:timestamp known_at*:timestamp ring:string supersedes:string"""
)
PROVIDER: Final = _columns(
    """kind*:string name*:string at*:timestamp until:timestamp recorded_at*:timestamp"""
)

TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "accounts": ACCOUNTS,
    "account_values": ACCOUNT_VALUES,
    "api_keys": API_KEYS,
    "payment_methods": PAYMENT_METHODS,
    "events": EVENTS,
    "usage": USAGE,
    "usage_window": USAGE_WINDOW,
    "outcomes": OUTCOMES,
    "provider": PROVIDER,
}
