from apps.core.errors import ConflictError, DomainError, InvalidError


class EmailTakenError(ConflictError):
    code = "email_taken"


class WeakPasswordError(InvalidError):
    code = "weak_password"


class LiveKeysOnlyError(InvalidError):
    code = "test_key_not_allowed"


class IdempotencyKeyMissingError(DomainError):
    code = "idempotency_key_required"
    status = 400


class IdempotencyKeyShapeError(DomainError):
    code = "bad_idempotency_key"
    status = 400


class IdempotencyMismatchError(DomainError):
    code = "idempotency_mismatch"
    status = 422


class InProgressError(ConflictError):
    code = "in_progress"
