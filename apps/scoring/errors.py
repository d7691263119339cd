from collections.abc import Sequence

from apps.core.errors import ConflictError, DomainError, NotFoundError


class NoChampionError(DomainError):
    """No model is in use; an assessment must answer `review`, never `allow`."""

    code = "no_model"
    status = 503

    def __init__(self) -> None:
        super().__init__("No model is in use; train one and promote it.")


class UnusableModelError(DomainError):
    """A model's files are not what was signed, or do not fit the feature catalogue."""

    code = "model_unusable"
    status = 503

    def __init__(self, model_id: str, code: str, detail: str) -> None:
        super().__init__(f"Model {model_id} cannot be used ({code}): {detail}")
        self.reason = code


class UnknownModelError(NotFoundError):
    code = "model_not_found"

    def __init__(self, model_id: str) -> None:
        super().__init__(f"There is no model {model_id}.")


class NothingToCompareError(ConflictError):
    """A challenger needs a model in use that reads the same and has scored."""

    code = "nothing_to_compare"


class PromotionError(ConflictError):
    code = "promotion_refused"


class GatesRefuseError(PromotionError):
    """A gate refuses the model; a second person may overrule it and says why."""

    code = "gates_refuse"

    def __init__(self, refusals: Sequence[str]) -> None:
        super().__init__(
            f"Not put in use: {'; '.join(refusals)}. To overrule this, say why."
        )


class OwnApprovalError(PromotionError):
    code = "own_approval"

    def __init__(self) -> None:
        super().__init__("You have approved this model already; a second person must.")
