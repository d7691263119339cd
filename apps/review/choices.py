from django.db.models import TextChoices


class State(TextChoices):
    """Where a case stands; `policy.NEXT` is the table of moves."""

    OPEN = "open"
    CLAIMED = "claimed"
    WAITING = "waiting"
    APPROVAL = "approval"
    CLOSED = "closed"


class Lane(TextChoices):
    """Why time matters: harm may be running, or a customer may be waiting."""

    HARM = "harm", "Harm running"
    WAITING = "waiting", "Customer waiting"
    RING = "ring", "Rings"
    SANCTIONS = "sanctions", "Sanctions"
    AUDIT = "audit", "Random audit"


# Cases of these lanes stand beside an account's case about abuse, if it has one.
BESIDE = (Lane.SANCTIONS, Lane.AUDIT)


class Mode(TextChoices):
    """What of the model a reviewer sees, and when."""

    EVIDENCE_FIRST = "evidence_first", "Evidence first"
    ASSISTED = "assisted", "Assisted"
    BLIND = "blind", "Blind"


class Leaning(TextChoices):
    LEGITIMATE = "legitimate", "leaning legitimate"
    UNSURE = "unsure", "cannot tell"
    ABUSE = "abuse", "leaning abuse"


class Confidence(TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Answer(TextChoices):
    """What a reviewer concludes; the last two move the case on without deciding."""

    ALLOW = "allow", "Allow"
    LIMIT = "limit", "Limit"
    ASK = "ask", "Ask customer"
    HOLD = "hold", "Hold capacity"
    SUSPEND = "suspend", "Suspend"
    TERMINATE = "terminate", "Terminate"
    ESCALATE = "escalate", "Escalate"
    INSUFFICIENT = "insufficient", "Not enough"


class WaitingFor(TextChoices):
    NOTHING = "", "nothing"
    CUSTOMER = "customer", "the customer's answer"
    EVIDENCE = "evidence", "new evidence"
    LEAD = "lead", "a lead"


class Verdict(TextChoices):
    APPROVED = "approved"
    RETURNED = "returned"


class LeaseEnd(TextChoices):
    RELEASED = "released"
    EXPIRED = "expired"
    FINISHED = "finished"
