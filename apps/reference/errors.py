from apps.core.errors import ConflictError, InvalidError


class ReferenceFileError(InvalidError):
    """A file is not what its name says; the whole refresh is refused."""

    code = "reference_file_invalid"


class ReferenceShrankError(InvalidError):
    """A set differs in size from the active one by more than the allowed band."""

    code = "reference_size_changed"


class RefreshRunningError(ConflictError):
    """Another process refreshes the reference data at this moment."""

    code = "refresh_running"
