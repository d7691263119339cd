"""Which signals a set of columns can give, and what further columns would add."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

_COUNTRIES: Final = (
    "accounts.declared_country",
    "accounts.phone",
    "accounts.payment_country",
    "accounts.signup_ip",
)
_TRAFFIC: Final = "usage.occurred_at | usage_window.window_start"
_NETWORKS: Final = "usage.ip | usage_window.ip_list"

# Feature -> what it needs: alternatives are parted by |, columns of one by +.
_NEEDS: Final = {
    "account_age_days": "accounts.created_at",
    "is_disposable_email": "accounts.email",
    "country_disagreement_count": " | ".join(
        " + ".join(pair) for pair in combinations(_COUNTRIES, 2)
    ),
    "verified_step_count": "accounts.email_verified | accounts.phone_verified"
    " | accounts.registration_number | accounts.org_domain + accounts.email",
    "is_under_contract": "accounts.contract",
    "is_permitted_use": "accounts.account_id",
    "passed_verification_count": "events.type/verification.completed",
    "is_prepaid_payment": "accounts.payment_funding | accounts.payment_bin",
    "is_payer_mismatch": "accounts.payer_name + accounts.name"
    " | accounts.payer_name + accounts.org_name",
    "failed_payment_ratio_30d": "events.type/payment.failed"
    " | events.type/payment.succeeded",
    "reversed_payment_ratio_90d": "events.type/payment.succeeded"
    " | events.type/payment.refunded | events.type/payment.disputed",
    "added_card_count_30d": "payment_methods.fingerprint"
    " | events.type/payment_method.added",
    "is_hosting_signup": "accounts.signup_ip",
    "server_from_home_ratio_7d": _NETWORKS,
    "asn_change_ratio_7d": _NETWORKS,
    "concurrent_asn_count_7d": "usage.ip",
    "conversation_hop_ratio_7d": "usage.ip + usage.conversation_id",
    "signup_form_seconds": "accounts.signup_form_ms",
    "client_change_ratio_7d": "usage.client",
    "created_key_count_7d": "api_keys.key_id | events.type/api_key.created",
    "oldest_key_age_days": "api_keys.key_id | events.type/api_key.created",
    "named_end_user_ratio_30d": "usage.end_user",
    "limit_rejection_ratio_7d": "usage.status | usage_window.status_429",
    "output_token_ratio_7d": "usage.output_tokens | usage_window.output_tokens",
    "growth_times_24h": _TRAFFIC,
    "hourly_spread_times_7d": _TRAFFIC,
    "clock_flatness_ratio_7d": _TRAFFIC,
    "release_pivot_ratio_30d": "usage.model + provider.name",
    "elicited_reasoning_ratio_30d": "usage.elicits",
    "elicited_rubric_ratio_30d": "usage.elicits",
    "repeated_scaffold_ratio_30d": "usage.scaffold",
    "filler_novelty_ratio_30d": "usage.scaffold + usage.filler",
    "pinned_parameter_ratio_30d": "usage.params | usage.max_tokens",
    "foreign_signature_count_30d": "usage.signature_seen + usage.signature_made",
    "shared_card_count_90d": "accounts.payment_fingerprint"
    " | payment_methods.fingerprint | events.data/fingerprint",
    "shared_device_count_90d": "accounts.signup_device_id | events.data/device_id",
    "shared_net_count_7d": "accounts.signup_ip | events.data/ip",
    "shared_contact_count_90d": "accounts.email | accounts.phone",
    "email_pattern_surge_times_7d": "accounts.email",
    "phone_block_surge_times_7d": "accounts.phone",
    "shared_bin_day_count_90d": "accounts.payment_bin | payment_methods.bin"
    " | events.data/bin",
    "is_confirmed_organization": "accounts.registration_number"
    " | accounts.org_domain + accounts.email",
    "shared_address_count_90d": "accounts.address_line",
    "shared_payer_count_90d": "accounts.payer_name",
    "abusive_link_count": " | ".join(
        f"outcomes.label + {held}"
        for held in (
            "accounts.email",
            "accounts.phone",
            "accounts.payment_fingerprint",
            "accounts.signup_device_id",
        )
    ),
    "renewed_after_action_count_30d": "events.type/action.taken + api_keys.key_id"
    " | events.type/action.taken + payment_methods.fingerprint",
    "prepaid_method_ratio_90d": "payment_methods.funding | events.data/funding",
    "net_change_ratio_7d": "usage.ip",
    "crowded_net_times_7d": _NETWORKS,
    "asn_signup_surge_times_90d": "accounts.signup_ip",
    "signup_asn_ratio_30d": "accounts.signup_ip + usage.ip",
    "key_asn_change_ratio_7d": "usage.key_id + usage.ip",
    "concurrent_client_count_7d": "usage.key_id + usage.client",
    "created_key_burst_count_30d": "api_keys.key_id | events.type/api_key.created",
    "plan_volume_times_7d": _TRAFFIC,
    "first_day_ratio_30d": _TRAFFIC,
    "first_use_delay_days": _TRAFFIC,
    "pause_spread_times_7d": "usage.occurred_at",
    "longest_silence_days": _TRAFFIC,
    "week_flatness_ratio_30d": _TRAFFIC,
    "protection_flight_ratio_30d": "usage.model + provider.name",
    "refused_ratio_30d": "usage.safety",
    "rephrased_refusal_ratio_30d": "usage.safety + usage.sketch + usage.minhash",
    "tried_technique_count_30d": "usage.elicits + usage.scaffold",
    "scaled_technique_times_30d": "usage.elicits + usage.scaffold",
    "probe_ratio_30d": "usage.elicits",
    "pinned_schema_ratio_30d": "usage.schema | usage.tools_hash",
    "category_focus_ratio_30d": "usage.category",
    "language_change_ratio_30d": "usage.language_bucket",
    "input_size_spread_times_30d": "usage.input_tokens",
    "young_scaffold_times_30d": "usage.scaffold",
    "young_parameter_times_30d": "usage.params",
    "young_schema_times_30d": "usage.schema | usage.tools_hash",
    "young_client_times_30d": "usage.client",
    "disjoint_filler_ratio_30d": "usage.scaffold + usage.filler",
}


def needs_of(feature: str) -> list[frozenset[str]]:
    """Return the alternatives of a feature, each a set of `table.column`."""
    return [
        frozenset(part.strip() for part in way.split("+"))
        for way in _NEEDS[feature].split("|")
    ]


@dataclass(frozen=True, slots=True)
class FamilyCoverage:
    """One family of signals: what the data gives, and what it does not."""

    family: str
    given: tuple[str, ...]
    lacking: tuple[str, ...]

    @property
    def total(self) -> int:
        return len(self.given) + len(self.lacking)


def coverage(
    filled: Collection[str], families: Mapping[str, str]
) -> list[FamilyCoverage]:
    """Return one entry a family; `families` maps each feature to its family."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for feature, family in families.items():
        given, lacking = found.setdefault(family, ([], []))
        known = any(way <= set(filled) for way in needs_of(feature))
        (given if known else lacking).append(feature)
    return [
        FamilyCoverage(family, tuple(given), tuple(lacking))
        for family, (given, lacking) in found.items()
    ]


def additions(
    filled: Collection[str], features: Collection[str]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return (columns to add, features that they would give), the richest first.

    For each feature that is lacking, the way that asks for the fewest new columns.
    """
    have = set(filled)
    found: dict[tuple[str, ...], list[str]] = {}
    for feature in features:
        ways = [tuple(sorted(way - have)) for way in needs_of(feature)]
        if all(ways):
            found.setdefault(min(ways, key=len), []).append(feature)
    ranked = sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))
    return [(columns, tuple(names)) for columns, names in ranked]
