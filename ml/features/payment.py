"""Features of payments and verifications, from events and payment methods."""

from typing import Any, Final

from ml.features.feature import Feature
from ml.features.known import Known, smoothed, some

_ATTEMPTS: Final = ("payment.succeeded", "payment.failed")
_REVERSALS: Final = ("payment.refunded", "payment.disputed")
# One in ten attempts fails anywhere, one charge in twenty is taken back.
_USUAL_FAILURES: Final = 0.1
_USUAL_REVERSALS: Final = 0.05


def attempts(known: Known) -> Any:
    """Return account_id, failed, tried: payments of 30 days."""
    rows = known.table("events", "occurred_at", 30)
    rows = rows.filter(rows.type.isin(_ATTEMPTS))
    return rows.group_by("account_id").aggregate(
        failed=rows.count(where=rows.type == "payment.failed"), tried=rows.count()
    )


def charges(known: Known) -> Any:
    """Return account_id, reversed, charged: payments of 90 days."""
    rows = known.table("events", "occurred_at", 90)
    return rows.group_by("account_id").aggregate(
        reversed=rows.count(where=rows.type.isin(_REVERSALS)),
        charged=rows.count(where=rows.type == "payment.succeeded"),
    )


def cards(known: Known) -> Any:
    """Return account_id, added: distinct payment instruments added in 30 days."""
    methods = known.table("payment_methods", "added_at", 30)
    events = known.table("events", "occurred_at", 30)
    events = events.filter(events.type == "payment_method.added")
    both = methods.select("account_id", "fingerprint").union(
        events.select("account_id", "fingerprint"), distinct=True
    )
    return both.group_by("account_id").aggregate(added=both.fingerprint.count())


def verifications(known: Known) -> Any:
    """Return account_id, passed, failed: identity checks that gave a result."""
    rows = known.table("events", "occurred_at")
    rows = rows.filter(rows.type == "verification.completed")
    return rows.group_by("account_id").aggregate(
        passed=rows.count(where=rows.result == "passed"),
        failed=rows.count(where=rows.result == "failed"),
    )


FEATURES: Final = (
    Feature(
        name="failed_payment_ratio_30d",
        family="PAY",
        code="PAY-03",
        group="payment",
        unit="share",
        window="30d",
        direction=1,
        label="Failed payments",
        analyst_text="{value} of payment attempts in 30 days failed (smoothed).",
        misleads="Low balances, strict banks and expired cards fail honestly.",
        missing="no payment was tried in 30 days",
        source=attempts,
        value=lambda t: smoothed(t.failed, t.tried, doubt=10, prior=_USUAL_FAILURES),
        customer_safe_key="payment_history",
    ),
    Feature(
        name="reversed_payment_ratio_90d",
        family="PAY",
        code="PAY-04",
        group="payment",
        unit="share",
        window="90d",
        direction=1,
        label="Refunded or disputed payments",
        analyst_text="{value} of charges in 90 days were taken back (smoothed).",
        misleads="Refunds that support gave; disputes arrive two to four months late.",
        missing="no charge or reversal in 90 days",
        source=charges,
        value=lambda t: smoothed(
            t.reversed, t.charged + t.reversed, doubt=20, prior=_USUAL_REVERSALS
        ),
        customer_safe_key="payment_history",
    ),
    Feature(
        name="added_card_count_30d",
        family="PAY",
        code="PAY-05",
        group="payment",
        unit="count",
        window="30d",
        direction=1,
        label="Payment instruments added",
        analyst_text="Different payment instruments added in 30 days: {value}.",
        misleads="A lost card or a company that moves to another bank.",
        missing="no payment instrument was added in 30 days",
        source=cards,
        value=lambda t: some(t.added, t.added),
        customer_safe_key="payment_method",
    ),
    Feature(
        name="passed_verification_count",
        family="IDN",
        code="IDN-07",
        group="payment",
        unit="count",
        window="all",
        direction=-1,
        label="Identity checks passed",
        analyst_text="Identity checks passed: {value}.",
        misleads="Documents and faces are rented; who was never asked has none.",
        missing="no identity check has been completed",
        source=verifications,
        value=lambda t: some(t.passed + t.failed, t.passed),
        customer_safe_key="identity_details",
    ),
)
