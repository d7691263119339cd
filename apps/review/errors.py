from apps.core.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError


class StaleLeaseError(ConflictError):
    """The fencing token is not that of the open lease: nothing was written."""

    code = "stale_lease"


class CaseTakenError(ConflictError):
    code = "case_taken"


class IllegalTransitionError(ConflictError):
    code = "illegal_transition"


class ImpressionMissingError(ConflictError):
    """A decision needs the reviewer's own first impression."""

    code = "impression_missing"


class AlreadyAnsweredError(ConflictError):
    code = "already_answered"


class OwnCaseApprovalError(NotAllowedError):
    """Four eyes: who proposed a decision may not approve it."""

    code = "own_case_approval"


class CaseRoleError(NotAllowedError):
    code = "case_role"


class DispositionError(InvalidError):
    code = "disposition"


class CaseNotFoundError(NotFoundError):
    code = "case_not_found"
