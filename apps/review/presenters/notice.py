"""The text that a customer would receive, by tier; slots only, never free text."""

from collections.abc import Sequence
from datetime import datetime

from apps.review import policy
from apps.review.choices import Answer

DONE = {
    Answer.ALLOW: "Your account works without limits",
    Answer.LIMIT: "We have limited how fast your account may send requests",
    Answer.ASK: "We need to know more about your account",
    Answer.HOLD: "We have paused new keys and higher limits for your account",
    Answer.SUSPEND: "We have paused your API access",
    Answer.TERMINATE: "We have ended your API access",
}
MEANS = {
    Answer.LIMIT: "Your keys keep working, at a lower rate. Your data is unchanged.",
    Answer.ASK: "Nothing changes for your keys while you answer.",
    Answer.HOLD: "Your present keys keep working. Your data is unchanged.",
    Answer.SUSPEND: "Your keys do not work for now. Your data and unused balance are"
    " kept, and you can export your data for 30 days.",
    Answer.TERMINATE: "Your keys no longer work. You can export your data for 30 days,"
    " and unused balance is paid back.",
}
REDRESS = (
    "If we have this wrong, reply and tell us what your application does and who uses"
    " it. A different reviewer looks at it within 5 working days."
)


def notice_text(
    *, answer: str, reasons: Sequence[str], reference: str, at: datetime
) -> str:
    """Return the notice for an answer; empty where the customer is told nothing.

    Tier C holds the legal minimum: no reason, and still a way to answer.
    """
    made = Answer(answer)
    if made not in MEANS:
        return ""
    tier = policy.notice_tier(reasons)
    parts = [f"{DONE[made]} from {at:%-d %B %Y, %H:%M} UTC (reference {reference})."]
    parts.append(MEANS[made])
    if tier != "C":
        known = [policy.known_reason(code) for code in reasons]
        why = "; ".join(one.customer for one in known if one)
        parts.append(f"Why: {why}." if why else "")
        parts.append("A trained person looked at your account and decided.")
    parts.append(REDRESS)
    return "\n\n".join(part for part in parts if part)


def effects(answer: str) -> list[tuple[str, str]]:
    """Return what happens when, for the review sheet."""
    made = Answer(answer)
    if made in policy.NEEDS_APPROVAL:
        ends = " for good" if made == Answer.TERMINATE else ""
        return [
            ("At once", "New capacity is held while a second person looks."),
            ("Then", "A lead who did not decide answers first, then agrees or not."),
            ("If agreed", f"The account is suspended{ends}."),
        ]
    done = {
        Answer.ALLOW: "The account stays, or becomes, free of our limits.",
        Answer.LIMIT: "The account is limited; the case closes.",
        Answer.ASK: "The customer is asked; the case waits up to 7 days.",
        Answer.HOLD: "New keys and higher limits are held; the case closes.",
        Answer.ESCALATE: "The case waits for a lead.",
        Answer.INSUFFICIENT: "The case waits a day for new evidence.",
    }
    return [("At once", done[made])]
