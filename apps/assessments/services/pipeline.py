"""Page one of the code: how facts about an account become a decision with proof."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.assessments.errors import UnknownAccountError
from apps.assessments.services.occasion import Occasion
from apps.assessments.services.store import Judged, Stored, store
from apps.customers import selectors as customers
from apps.decisions import services as decisions
from apps.features import services as features
from apps.reference import services as reference
from apps.rings import selectors as rings
from apps.scoring import services as scoring

if TYPE_CHECKING:
    from apps.customers.models import Account
    from apps.decisions.models import PolicyVersion
    from ml.frames import FeatureFrame, RingPart


@transaction.atomic(savepoint=False)
def assess_account(*, account: "Account", occasion: Occasion) -> Stored:
    """Run the pipeline once: facts, features, ring, score, decision, case, proof.

    Raises UnknownAccountError where no fact about the account is known at `as_of`.
    """
    as_of, account_id = occasion.as_of, account.account_id
    # three questions, one way to the database and back
    facts_of = ask_facts(account_ids=(account_id,), as_of=as_of)
    frame_of = features.ask_snapshot_now(account_id=account_id, as_of=as_of)
    ring_of = rings.ask_ring_part_for_signup(account_id=account_id, as_of=as_of)
    facts, frame, ring = facts_of(), frame_of(), ring_of()
    found = {account_id: ring} if ring else {}
    judged, policy = judge(frame=frame, rings=found, occasion=occasion)
    [stored] = store(
        judged=judged,
        accounts={account_id: account.pk},
        facts=facts,
        policy=policy,
        occasion=occasion,
    )
    return stored


def judge(
    *, frame: "FeatureFrame", rings: Mapping[str, "RingPart"], occasion: Occasion
) -> tuple[list[Judged], "PolicyVersion"]:
    """Score every account of the frame and let the published policy decide."""
    scoring.ensure_starter(at=occasion.at, kinds=scoring.kinds_for(frame))
    missing = reference.missing()
    scored = scoring.score(frame=frame, rings=rings, as_of=occasion.as_of)
    row, policy = decisions.current_policy(at=occasion.at)
    verdicts = decisions.decide(scored=scored, policy=policy, degraded=bool(missing))
    pairs = zip(scored, verdicts, strict=True)
    return [Judged(one, given, tuple(missing)) for one, given in pairs], row


def ask_facts(
    *, account_ids: Sequence[str], as_of: datetime
) -> Callable[[], list[dict[str, Any]]]:
    """Ask for the facts in force of some accounts, in the order of `account_ids`.

    The answer raises UnknownAccountError where one of them is not known at `as_of`.
    """
    asked = customers.ask_facts_in_force(account_ids=account_ids, as_of=as_of)

    def answer() -> list[dict[str, Any]]:
        rows = asked()
        if len(rows) < len(account_ids):
            raise UnknownAccountError
        return [rows[account_id] for account_id in account_ids]

    return answer
