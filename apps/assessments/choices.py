from django.db.models import TextChoices


class Event(TextChoices):
    """What occasioned an assessment."""

    SIGNUP = "signup"
    LOGIN = "login"
    PLAN_CHANGE = "plan_change"
    PAYMENT = "payment"
    VERIFICATION = "verification"
    RESCORE = "rescore"
    SCHEDULED = "scheduled"
