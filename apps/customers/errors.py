from apps.core.errors import NotFoundError


class UnknownAccountError(NotFoundError):
    code = "account_not_found"


class ErasedError(NotFoundError):
    """The subject's key was deleted: nothing can be read any more."""

    code = "erased"
