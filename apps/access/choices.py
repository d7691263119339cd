from django.db.models import TextChoices


class Role(TextChoices):
    ANALYST = "analyst"
    LEAD = "lead"
    MODEL_OWNER = "model_owner"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Scope(TextChoices):
    ASSESS = "assess"
    EVENTS = "events"
    OUTCOMES = "outcomes"
    READ = "read"
    ADMIN = "admin"
