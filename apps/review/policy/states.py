"""Where a case may go, as data; a test proves that the table names every state."""

from collections.abc import Mapping
from typing import NamedTuple

from apps.review.choices import Answer, State, WaitingFor
from apps.review.errors import IllegalTransitionError

NEXT: Mapping[State, frozenset[State]] = {
    # A ring case closes with the last of its accounts, without being claimed.
    State.OPEN: frozenset({State.CLAIMED, State.CLOSED}),
    State.CLAIMED: frozenset(
        {State.CLAIMED, State.OPEN, State.WAITING, State.APPROVAL, State.CLOSED}
    ),
    State.WAITING: frozenset({State.CLAIMED, State.OPEN}),
    State.APPROVAL: frozenset({State.OPEN, State.CLOSED}),
    State.CLOSED: frozenset(),
}


class Outcome(NamedTuple):
    """Where an answer leads, whom the case then waits for, and for how many days."""

    state: State
    waiting_for: WaitingFor = WaitingFor.NOTHING
    days: int = 0


AFTER: Mapping[Answer, Outcome] = {
    Answer.ALLOW: Outcome(State.CLOSED),
    Answer.LIMIT: Outcome(State.CLOSED),
    Answer.HOLD: Outcome(State.CLOSED),
    Answer.ASK: Outcome(State.WAITING, WaitingFor.CUSTOMER, 7),
    Answer.SUSPEND: Outcome(State.APPROVAL),
    Answer.TERMINATE: Outcome(State.APPROVAL),
    Answer.ESCALATE: Outcome(State.WAITING, WaitingFor.LEAD, 7),
    Answer.INSUFFICIENT: Outcome(State.WAITING, WaitingFor.EVIDENCE, 1),
}


def check_move(current: str, wanted: State) -> None:
    """Raise IllegalTransitionError unless the table allows the move."""
    if wanted not in NEXT[State(current)]:
        raise IllegalTransitionError(
            f"A case that is {current} cannot become {wanted.value}."
        )


def after(answer: str) -> Outcome:
    """Return where an answer leads."""
    return AFTER[Answer(answer)]
