from apps.core.errors import (
    ConflictError,
    DomainError,
    InvalidError,
    NotFoundError,
)


class UnknownAccountError(NotFoundError):
    code = "unknown_account"

    def __init__(self) -> None:
        super().__init__("No fact about this account is known at that moment.")


class NoAssessmentError(NotFoundError):
    code = "unknown_assessment"

    def __init__(self) -> None:
        super().__init__("There is no assessment with this id.")


class NotAssessedError(DomainError):
    """An export asks for a moment at which nobody was assessed."""

    code = "not_assessed"

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} accounts that existed then have no assessment as of that moment;"
            f" run `assess` with the same --as-of first."
        )


class UnreadableFileError(InvalidError):
    """A file that is no table; the sentence never repeats what stands in it."""

    code = "unreadable_file"


class ImportStateError(ConflictError):
    """The import is at another step by now, or somebody else changed it."""

    code = "import_state"


class UnknownImportError(NotFoundError):
    code = "unknown_import"

    def __init__(self) -> None:
        super().__init__("There is no import with this id.")


class BenchmarkError(DomainError):
    """A benchmark can't go on, or its result is not to be counted."""

    code = "benchmark"
