"""Why a person decided: the machine's families plus policy, sanctions, process.

Codes are stable and never reused; numbers from 81 on belong to people.
"""

from collections.abc import Sequence
from typing import NamedTuple


class HumanReason(NamedTuple):
    """A reason in the reviewer's words and in words that a customer may read."""

    code: str
    group: str
    text: str
    customer: str


REASONS: tuple[HumanReason, ...] = (
    HumanReason("LNK-81", "Linkage", "Shares a payment instrument with other accounts",
                "payment details that are also used elsewhere"),
    HumanReason("LNK-82", "Linkage", "Shares a device or client with other accounts",
                "use of one set-up by several accounts"),
    HumanReason("RNG-81", "Linkage", "Acts together with other accounts",
                "use that is arranged across several accounts"),
    HumanReason("SHP-81", "Use", "Templated prompts, built to extract answers",
                "automated use that collects answers in bulk"),
    HumanReason("RHY-81", "Use", "Round-the-clock machine rhythm",
                "automated use around the clock"),
    HumanReason("VOL-81", "Use", "Volume does not fit the declared use",
                "an amount of use that does not fit the declared purpose"),
    HumanReason("KEY-81", "Use", "Keys used from many unrelated networks",
                "use of your keys from many unrelated places"),
    HumanReason("IDN-81", "Identity", "Identity facts contradict each other",
                "details about you that contradict each other"),
    HumanReason("IDN-82", "Identity", "Organization could not be confirmed",
                "an organization that we could not confirm"),
    HumanReason("PAY-81", "Payment", "Failed, disputed or charged-back payments",
                "payments that failed or were disputed"),
    HumanReason("PAY-82", "Payment", "Prepaid or virtual cards in succession",
                "frequent changes of the payment method"),
    HumanReason("NET-81", "Network", "Hides its origin behind proxies",
                "connections that hide where they come from"),
    HumanReason("POL-81", "Policy", "Use that the usage policy forbids",
                "use that our usage policy does not allow"),
    HumanReason("POL-82", "Policy", "Breach of a registered permission's scope",
                "use outside the permission that was registered"),
    HumanReason("SAN-81", "Sanctions", "Listed party, or a place that is not served",
                "legal obligations"),
    HumanReason("EXO-81", "Clears", "Organization and purpose confirmed",
                "your organization and purpose, which we confirmed"),
    HumanReason("EXO-82", "Clears", "Shared value is common infrastructure",
                "a shared connection that many customers use"),
    HumanReason("EXO-83", "Clears", "Long, paid and undisputed history",
                "your history with us"),
    HumanReason("EXO-84", "Clears", "Registered permission covers the use",
                "the permission that is registered for you"),
    HumanReason("PRC-81", "Process", "Duplicate of another case", "our own process"),
    HumanReason("PRC-82", "Process", "Opened by a fault in our data",
                "a fault on our side"),
)  # fmt: skip
_BY_CODE = {reason.code: reason for reason in REASONS}
_RESTRICTED = frozenset({"SAN"})
_PROTECTED = frozenset({"LNK", "RNG", "SHP", "RHY", "VOL", "KEY", "NET", "CLI"})


def known_reason(code: str) -> HumanReason | None:
    return _BY_CODE.get(code)


def notice_tier(reasons: Sequence[str]) -> str:
    """Return how much a notice may say: A full, B method-protecting, C restricted."""
    families = {code[:3] for code in reasons}
    if families & _RESTRICTED:
        return "C"
    return "B" if families & _PROTECTED else "A"
