from django.db.models import TextChoices


class ModelKind(TextChoices):
    ENTRY = "entry"
    ACTIVITY = "activity"
    RING = "ring"


class ModelState(TextChoices):
    CANDIDATE = "candidate"
    CHAMPION = "champion"
    RETIRED = "retired"
