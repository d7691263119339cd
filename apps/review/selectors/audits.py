"""What the random-audit lane has to know: the accounts to draw from, and the pace."""

from datetime import datetime, timedelta
from typing import Final

from apps.core.sql import fetch
from apps.review.models import Disposition
from apps.scoring.services import Candidate

AGAIN: Final = timedelta(days=90)  # before an account may be drawn once more

# Every account that the machine has scored, as it stands now. Who was suspended by
# people has been judged, and who was drawn lately or is still looked at waits.
_FRAME_SQL: Final = """
SELECT last.account_id, last.score_id, score.probability, last.action = ANY($1::text[])
FROM (
  SELECT DISTINCT ON (account_id) account_id, score_id, action
  FROM decisions_decision
  WHERE source = 'machine' AND score_id IS NOT NULL AND as_of <= $2::timestamptz
  ORDER BY account_id, as_of DESC, id DESC) last
JOIN scoring_score score ON score.id = last.score_id
WHERE NOT EXISTS (SELECT FROM scoring_auditdraw drawn
    WHERE drawn.account_id = last.account_id AND drawn.drawn_at > $3::timestamptz)
  AND NOT EXISTS (SELECT FROM review_case c
    WHERE c.account_id = last.account_id AND c.lane = 'audit' AND c.state <> 'closed')
  AND coalesce((SELECT said.action FROM decisions_decision said
    WHERE said.account_id = last.account_id AND said.source = 'person'
    ORDER BY said.as_of DESC, said.id DESC LIMIT 1), '') <> 'suspend'
ORDER BY last.account_id
"""


def audit_frame(*, asking: frozenset[str], at: datetime) -> list[Candidate]:
    """Return who may be drawn; `asking` are the actions that want a person."""
    rows = fetch(_FRAME_SQL, sorted(asking), at, at - AGAIN)
    return [Candidate(*row) for row in rows]


def concluded_since(moment: datetime) -> int:
    """Count what people concluded since a moment: what the desk can do."""
    return Disposition.objects.filter(at__gte=moment).count()
