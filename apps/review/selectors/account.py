"""What was scored, decided and opened about one account."""

from apps.customers.models import Account
from apps.decisions.choices import Source
from apps.decisions.models import Decision
from apps.review.choices import Lane, State
from apps.review.models import Case
from apps.scoring.models import Score

SCORES, PAST = 60, 20


def open_case_of(account: Account) -> Case | None:
    """Return the account's open case about abuse, else its open audit, else None."""
    rows = Case.objects.filter(account=account).exclude(lane=Lane.SANCTIONS)
    open_ones = sorted(
        rows.exclude(state=State.CLOSED), key=lambda case: case.lane == Lane.AUDIT
    )
    return open_ones[0] if open_ones else None


def scores_of(account: Account) -> list[Score]:
    """Return the account's latest scores, oldest first."""
    rows = Score.objects.filter(account=account).select_related("model")
    return list(rows.order_by("-as_of", "-id")[:SCORES])[::-1]


def past_of(account: Account, *, blind: bool) -> tuple[list[Decision], list[Case]]:
    """Return the latest decisions and cases, newest first.

    `blind` leaves out what the machine decided and the cases that came of it.
    """
    decisions = Decision.objects.filter(account=account).order_by("-as_of", "-id")
    cases = Case.objects.filter(account=account).order_by("-opened_at", "-id")
    if blind:
        decisions = decisions.filter(source=Source.PERSON)
        cases = cases.filter(lane=Lane.AUDIT)
    return list(decisions[:PAST]), list(cases[:PAST])
