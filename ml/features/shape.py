"""Features of prompt shape, from sketches and counters made at the provider's edge."""

from typing import Any, Final

from ml.features.feature import Feature, Floor
from ml.features.known import (
    Known,
    equal_share,
    pairs_of,
    some,
    unequal_share,
)
from ml.features.sums import FILLERS, PARAMETERS, SCAFFOLDS, Daily, Rows


def scaffolds(known: Known) -> Any:
    """Return account_id, pairs, equal: of the prompt scaffolds of 30 days."""
    return pairs_of(known.sums(SCAFFOLDS, 30), ["scaffold"])


def fillers(known: Known) -> Any:
    """Return account_id, pairs, equal: of the fillers inside each scaffold of 30 days.

    Two fillers agree in their first minimum with a chance equal to their similarity
    (Jaccard), so the share of equal pairs is the mean similarity of two fillers.
    """
    return pairs_of(known.sums(FILLERS, 30), ["first"], by=["scaffold"])


def parameters(known: Known) -> Any:
    """Return account_id, pairs, equal: of the sampling parameters of 30 days.

    Where the hash of all parameters is missing, max_tokens stands for it.
    """
    return pairs_of(known.sums(PARAMETERS, 30), ["pinned"])


def signatures(known: Known) -> Any:
    """Return account_id, shown, foreign: provider signatures presented in 30 days.

    `foreign` counts signatures that another account was given and this one was not.
    """
    made = known.sums(MADE, 90, everybody=True)
    made = made.select("signature", maker="account_id")
    rows = known.table("usage", "occurred_at", 30)
    rows = rows.filter(rows.signature_seen.notnull())
    shown = rows.select("account_id", signature="signature_seen").distinct()
    # most signatures are never shown again: no need to tell those apart
    makers = made.semi_join(shown, "signature").distinct()
    pairs = shown.left_join(makers, "signature")
    own = (pairs.maker == pairs.account_id).ifelse(1, 0)
    other = (pairs.maker != pairs.account_id).ifelse(1, 0)
    each = pairs.group_by("account_id", "signature").aggregate(
        own=own.max(), other=other.max()
    )
    return each.group_by("account_id").aggregate(
        shown=each.count(), foreign=each.count(where=each.other > each.own)
    )


def _made(rows: Rows) -> Any:
    """Return account_id, signature: those that the provider gave."""
    exchanges = rows.exchanges
    exchanges = exchanges.filter(exchanges.signature_made.notnull())
    return exchanges.select("account_id", signature="signature_made")


MADE: Final = Daily("made", (90,), _made)

FEATURES: Final = (
    Feature(
        name="repeated_scaffold_ratio_30d",
        family="SHP",
        code="SHP-03",
        group="usage",
        unit="share",
        window="30d",
        direction=0,
        label="Prompts from the same scaffold",
        analyst_text="{value} of pairs of prompts in 30 days share their scaffold.",
        misleads="Every product with one system prompt repeats its scaffold.",
        missing="fewer than two prompts with a scaffold in 30 days",
        source=scaffolds,
        value=equal_share,
        floor=Floor("exchange_count_30d", 20),
    ),
    Feature(
        name="filler_novelty_ratio_30d",
        family="SHP",
        code="SHP-04",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Never-repeating content in a fixed scaffold",
        analyst_text="Two fillings of the same scaffold differ to a degree of {value}.",
        misleads="Products whose users all write something else look alike.",
        missing="no scaffold was filled twice in 30 days",
        source=fillers,
        value=unequal_share,
        floor=Floor("exchange_count_30d", 50),
        customer_safe_key="usage_pattern",
    ),
    Feature(
        name="pinned_parameter_ratio_30d",
        family="SHP",
        code="SHP-05",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="One fixed set of parameters",
        analyst_text="{value} of pairs of exchanges in 30 days agree in parameters.",
        misleads="Any finished product pins its parameters.",
        missing="no two exchanges with known parameters in 30 days",
        source=parameters,
        value=equal_share,
        floor=Floor("exchange_count_30d", 50),
    ),
    Feature(
        name="foreign_signature_count_30d",
        family="SHP",
        code="SHP-06",
        group="usage",
        unit="count",
        window="30d",
        direction=1,
        label="Signatures issued to another account",
        analyst_text=(
            "Reasoning signatures that were issued to other accounts: {value}."
        ),
        misleads="Accounts of one organization may resume each other's sessions.",
        missing="no signature was presented in 30 days",
        source=signatures,
        value=lambda t: some(t.shown, t.foreign),
    ),
)
