"""The raw columns of every table that a provider hands over: one definition each.

`RAW_TABLES` holds the tables of a bundle, which are also the rows of the batch
endpoints; `EVENT_DATA` the fields inside `events.data`, by type of event.
"""

from dataclasses import dataclass
from typing import Final

INT32 = 2**31 - 1
INT53 = 2**53
MONEY = 10**12


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One raw column: its kind names the rule in `values.py`.

    `low` and `high` bound numbers, `high` is the longest text; `past` marks times
    that may not lie after the moment of receipt.
    """

    name: str
    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 200
    past: bool = False


# How a kind is written in the specs below: the rule and its bounds.
_SHORT: Final[dict[str, tuple[str, int, int]]] = {
    "text": ("text", 0, 200),
    "note": ("note", 0, 1000),
    "agent": ("text", 0, 1024),
    "opaque": ("opaque", 0, 256),
    "token": ("token", 0, 256),
    "word": ("opaque", 0, 64),
    "scope": ("opaque", 0, 128),
    "int": ("int", 0, INT32),
    "big": ("int", 0, INT53),
    "money": ("int", 0, MONEY),
    "status": ("int", 100, 599),
    "level": ("int", 0, 4),
    "window": ("int", 60, 86_400),
    "hex16": ("hex", 16, 16),
    "hex": ("hex", 2, 128),
    "past": ("timestamp", 0, 0),
}


def _columns(spec: str) -> tuple[RawColumn, ...]:
    """Read 'name:kind' words; * marks a required column, a|b|c an enumeration."""
    return tuple(_column(*word.partition(":")[::2]) for word in spec.split())


def _column(name: str, kind: str) -> RawColumn:
    required = name.endswith("*")
    name = name.rstrip("*")
    if "|" in kind:
        return RawColumn(name, "enum", required, tuple(kind.split("|")))
    rule, low, high = _SHORT.get(kind, (kind, 0, 200))
    return RawColumn(name, rule, required, (), low, high, past=kind == "past")


_FUNDING = "credit|debit|prepaid|virtual|unknown"
_PAYMENT = "card|bank|invoice|credit|none"

ACCOUNTS: Final = _columns(
    f"""account_id*:id created_at*:past kind:individual|organization plan:word
    channel:self_serve|sales|partner|education|research|startup email:email
    email_verified:bool phone:phone phone_verified:bool name:text org_name:text
    org_domain:domain registration_number:text declared_country:country
    declared_use_case:note address_line:note city:text region:text postal_code:word
    country:country signup_ip:ip signup_user_agent:agent signup_ja4:word
    signup_device_id:token signup_timezone:word signup_locale:word signup_form_ms:big
    payment_type:{_PAYMENT} payment_fingerprint:opaque payment_bin:bin
    payment_funding:{_FUNDING} payment_country:country payer_name:text
    parent_account_id:id contract:bool permitted_scope:scope customer_id:id
    valid_from:past"""
)
CUSTOMERS: Final = _columns(
    """customer_id*:id kind:individual|organization legal_name:text
    registration_number:text country:country verified_level:level
    beneficial_owners:owners"""
)
API_KEYS: Final = _columns(
    """key_id*:id account_id*:id created_at*:past revoked_at:past name:text
    scopes:scopes created_ip:ip environment:word"""
)
PAYMENT_METHODS: Final = _columns(
    f"""account_id*:id fingerprint*:opaque added_at*:past removed_at:past
    type:{_PAYMENT} bin:bin funding:{_FUNDING} country:country payer_name:text"""
)
USAGE: Final = _columns(
    """event_id*:id occurred_at*:past account_id*:id key_id*:id ip:ip client:token
    surface:surface model*:scope input_tokens*:int output_tokens*:int max_tokens:int
    status:status latency_ms:int conversation_id:token turn:int tools:int
    end_user:token scaffold:hex16 sketch:hex16 minhash:uint32s
    category:chat|code|reasoning|grading|tools|vision|translation|extraction|other
    language_bucket:word signature_seen:hex signature_made:hex params:hex16
    schema:hex16 tools_hash:hex16 filler:uint32s
    safety:none|soft_refusal|refusal|blocked
    elicits:none|reasoning|rubric|rewrite|probe retry_of:id"""
)
USAGE_WINDOW: Final = _columns(
    """event_id*:id account_id*:id window_start*:past window_s*:window requests*:int
    input_tokens*:big output_tokens*:big keys:int ips:int asns:int clients:int
    models:counts categories:counts scaffolds:counts status_429:int status_4xx:int
    status_5xx:int minutes_active:int max_per_minute:int ip_list:ips asn_list:words
    client_list:words key_list:words minhash:uint32s filler:uint32s input_p50:int
    output_p50:int max_tokens_top:int"""
)
EVENTS: Final = _columns(
    """event_id*:id type*:event_type occurred_at*:past account_id*:id
    data*:event_data"""
)
OUTCOMES: Final = _columns(
    """outcome_id*:id account_id*:id
    label*:confirmed_abuse|confirmed_legitimate|appeal_upheld|chargeback|inconclusive
    subtype:word source*:investigation|random_audit|chargeback|partner_tip|own_decision
    observed_at*:past known_at*:past ring:scope supersedes:id"""
)
PROVIDER: Final = _columns(
    """kind*:model_release|incident|protection_change at*:timestamp name*:text
    until:timestamp data:object"""
)

RAW_TABLES: Final[dict[str, tuple[RawColumn, ...]]] = {
    "accounts": ACCOUNTS,
    "customers": CUSTOMERS,
    "api_keys": API_KEYS,
    "payment_methods": PAYMENT_METHODS,
    "usage": USAGE,
    "usage_window": USAGE_WINDOW,
    "events": EVENTS,
    "outcomes": OUTCOMES,
    "provider": PROVIDER,
}

_PAYMENT_FACT = _columns("fingerprint:opaque amount_minor:money currency:currency")
EVENT_DATA: Final[dict[str, tuple[RawColumn, ...]]] = {
    "login": _columns(
        "ip:ip device_id:token user_agent:agent ja4:word success:bool mfa:bool"
    ),
    "api_key.created": _columns("key_id:id ip:ip"),
    "api_key.revoked": _columns("key_id:id ip:ip"),
    "payment_method.added": _columns(
        f"fingerprint:opaque bin:bin funding:{_FUNDING} country:country"
    ),
    "payment.succeeded": _PAYMENT_FACT,
    "payment.failed": _PAYMENT_FACT,
    "payment.refunded": _PAYMENT_FACT,
    "payment.disputed": _PAYMENT_FACT,
    "verification.completed": _columns("method:word result:word provider:word"),
    "plan.changed": _columns("plan:word"),
    "action.taken": _columns("action:word"),
    "support.contact": (),
}
