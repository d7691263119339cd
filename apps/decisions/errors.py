from apps.core.errors import ConflictError, InvalidError


class PolicyError(InvalidError):
    """A policy that cannot be published; the sentence names the rule and the remedy."""

    code = "policy_invalid"


class NoPolicyError(ConflictError):
    code = "no_policy"

    def __init__(self) -> None:
        super().__init__("No policy is published; publish one before assessing.")
