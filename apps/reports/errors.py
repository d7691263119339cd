from apps.core.errors import ConflictError, NotFoundError


class NothingAssessedError(NotFoundError):
    """No assessment of this account is known at that moment."""

    code = "no_assessment"


class EvidenceFirstError(ConflictError):
    """A reviewer looks at the evidence before the model's view opens."""

    code = "evidence_first"
