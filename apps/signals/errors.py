from apps.core.errors import ConflictError, DomainError


class LakeWriteError(DomainError):
    code = "lake_write_failed"
    status = 503

    def __init__(self) -> None:
        super().__init__("A lake file read back differently from what was written.")


class ImportRunningError(ConflictError):
    code = "import_running"

    def __init__(self) -> None:
        super().__init__("Another import is running on this home; wait for its end.")


class BundleRefusedError(DomainError):
    code = "bundle_refused"

    def __init__(self, rejected: int) -> None:
        super().__init__(f"{rejected} rows were rejected; nothing was imported.")
        self.rejected = rejected


class ProviderConflictError(ConflictError):
    code = "event_conflict"

    def __init__(self) -> None:
        super().__init__("This entry of the calendar exists with other content.")
