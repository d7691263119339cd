"""Families of traces that a provider may lack, and rows that lack some of them.

Trees that saw every trace lean on the strongest one. Where a provider has no devices,
or hands over windows instead of exchanges, nothing would be left; so the starter also
learns from worlds in which whole families are missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ml.frames import FeatureFrame

# What stands or falls together, because one source gives it.
VIEWS: Final[Mapping[str, Sequence[str]]] = {
    "form": ("signup_form_seconds",),
    "address at sign-up": (
        "is_hosting_signup",
        "shared_net_count_7d",
        "asn_signup_surge_times_90d",
        "signup_asn_ratio_30d",
    ),
    "postal address": ("shared_address_count_90d",),
    "outcomes": ("abusive_link_count",),
    "actions": ("renewed_after_action_count_30d",),
    "mail": (
        "is_disposable_email",
        "shared_contact_count_90d",
        "email_pattern_surge_times_7d",
    ),
    "phone": ("phone_block_surge_times_7d", "shared_contact_count_90d"),
    "device": ("shared_device_count_90d",),
    "cards": (
        "is_prepaid_payment",
        "shared_card_count_90d",
        "shared_bin_day_count_90d",
        "added_card_count_30d",
        "prepaid_method_ratio_90d",
    ),
    "payer": ("is_payer_mismatch", "shared_payer_count_90d"),
    "payments": ("failed_payment_ratio_30d", "reversed_payment_ratio_90d"),
    "identity": ("verified_step_count", "passed_verification_count"),
    "organization": ("is_confirmed_organization",),
    "contracts": ("is_under_contract", "is_permitted_use"),
    "places": ("country_disagreement_count",),
    "addresses of usage": (
        "server_from_home_ratio_7d",
        "asn_change_ratio_7d",
        "concurrent_asn_count_7d",
        "conversation_hop_ratio_7d",
        "net_change_ratio_7d",
        "crowded_net_times_7d",
        "signup_asn_ratio_30d",
        "key_asn_change_ratio_7d",
    ),
    "client software": (
        "client_change_ratio_7d",
        "concurrent_client_count_7d",
        "young_client_times_30d",
    ),
    "keys": (
        "created_key_count_7d",
        "oldest_key_age_days",
        "created_key_burst_count_30d",
    ),
    "prompt shape": (
        "repeated_scaffold_ratio_30d",
        "filler_novelty_ratio_30d",
        "young_scaffold_times_30d",
        "disjoint_filler_ratio_30d",
        "rephrased_refusal_ratio_30d",
    ),
    "prompt content": (
        "elicited_reasoning_ratio_30d",
        "elicited_rubric_ratio_30d",
        "probe_ratio_30d",
        "tried_technique_count_30d",
        "scaled_technique_times_30d",
    ),
    "refusals": ("refused_ratio_30d", "rephrased_refusal_ratio_30d"),
    "parameters": ("pinned_parameter_ratio_30d", "young_parameter_times_30d"),
    "schemas": ("pinned_schema_ratio_30d", "young_schema_times_30d"),
    "signatures": ("foreign_signature_count_30d",),
    # a provider that hands over hourly windows alone
    "exchanges": (
        "concurrent_asn_count_7d",
        "conversation_hop_ratio_7d",
        "net_change_ratio_7d",
        "signup_asn_ratio_30d",
        "key_asn_change_ratio_7d",
        "client_change_ratio_7d",
        "concurrent_client_count_7d",
        "young_client_times_30d",
        "named_end_user_ratio_30d",
        "pause_spread_times_7d",
        "release_pivot_ratio_30d",
        "protection_flight_ratio_30d",
        "repeated_scaffold_ratio_30d",
        "filler_novelty_ratio_30d",
        "young_scaffold_times_30d",
        "disjoint_filler_ratio_30d",
        "elicited_reasoning_ratio_30d",
        "elicited_rubric_ratio_30d",
        "probe_ratio_30d",
        "tried_technique_count_30d",
        "scaled_technique_times_30d",
        "refused_ratio_30d",
        "rephrased_refusal_ratio_30d",
        "pinned_parameter_ratio_30d",
        "young_parameter_times_30d",
        "pinned_schema_ratio_30d",
        "young_schema_times_30d",
        "foreign_signature_count_30d",
    ),
    "calendar": ("release_pivot_ratio_30d", "protection_flight_ratio_30d"),
    "status": ("limit_rejection_ratio_7d",),
}
# Views of what people found and what was done before: a new site has neither.
OWN_PAST: Final = ("outcomes", "actions")
# Counts of what strangers share by chance: the more customers, the more of them. Trees
# that grew on worlds of two thousand accounts take a large country's few issuers and
# number blocks for a sign. A site's own labels may use them.
SIZED: Final = (
    "email_pattern_surge_times_7d",
    "phone_block_surge_times_7d",
    "shared_bin_day_count_90d",
)
MISSING_RATE: Final = 0.35  # the chance that a provider lacks a view


def drawn(rng: np.random.Generator) -> tuple[str, ...]:
    """Draw the views that one provider lacks."""
    return tuple(name for name in VIEWS if rng.random() < MISSING_RATE)


def without(frame: FeatureFrame, views: Sequence[str]) -> FeatureFrame:
    """Return the frame with every feature of some views missing."""
    gone = {name for view in views for name in VIEWS[view]}
    columns = np.array([name in gone for name in frame.names], dtype=bool)
    return replace(frame, values=np.where(columns, np.nan, frame.values))
