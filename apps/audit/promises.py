"""Every root that the log ever promised, inside and outside the database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import connection

from apps.audit import keys, note, sequencer
from apps.audit.ranges import Problem

# Signing follows sequencing within seconds; a minute is what the log promises.
PATIENCE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Promise:
    """A root that the tree must have at `size`, and who says so."""

    size: int
    root: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Promises:
    """What was promised from `start` on, and what is wrong with the promises."""

    made: list[Promise]
    problems: list[Problem]
    checkpoints: int


@dataclass(frozen=True, slots=True)
class Outside:
    """What the signer keeps outside the database, read before the database is.

    In that order a log that grows meanwhile is only larger than what was promised.
    """

    state: sequencer.State | None
    notes: str


def outside() -> Outside:
    path = sequencer.folder() / sequencer.NOTES
    notes = path.read_text() if path.exists() else ""
    return Outside(sequencer.read_state(), notes)


def promises(*, kept: Outside, start: int, size: int, at: datetime) -> Promises:
    """Collect checkpoints, their notes, the signer's state and its file of notes."""
    public = keys.signing_key().public_key()
    check = partial(note.verify, origin=sequencer.origin(), public=public)
    stored = _stored(start)
    result = Promises([], [], checkpoints=len(stored))
    signed = max((row[0] for row in stored if row[2] is not None), default=0)
    for one in stored:
        _of_checkpoint(one, check, result)
    late = [row for row in stored if row[0] == size and row[3] < at - PATIENCE]
    if late and signed < size:
        text = f"the newest checkpoint ({size}) is not signed"
        result.problems.append(Problem("unsigned", text))
    if kept.state is not None:
        state = Promise(kept.state.size, kept.state.root, "the signer's state")
        result.made.append(state)
    elif signed:
        text = "the signer's state file is gone"
        result.problems.append(Problem("state_gone", text))
    _of_file(kept.notes, start, check, result)
    return result


Check = Callable[[str], note.Checkpoint]


Stored = tuple[int, bytes, str | None, datetime]


def _stored(start: int) -> list[Stored]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT size, root, note, at FROM audit.checkpoint WHERE size >= %s"
            " ORDER BY size",
            [start],
        )
        return [(size, bytes(root), *rest) for size, root, *rest in cursor.fetchall()]


def _of_checkpoint(row: Stored, check: Check, result: Promises) -> None:
    size, root, text, _ = row
    result.made.append(Promise(size, root, f"checkpoint {size}"))
    if text is None:
        return
    try:
        signed = check(text)
    except note.BadNoteError as error:
        result.problems.append(Problem("signature", f"checkpoint {size}: {error}"))
        return
    result.made.append(Promise(signed.size, signed.root, f"the note of {size}"))


def _of_file(text: str, start: int, check: Check, result: Promises) -> None:
    """Read the notes that were appended outside the database."""
    for number, one in enumerate(_notes(text), start=1):
        source = f"note {number} of {sequencer.NOTES}"
        try:
            signed = check(one)
        except note.BadNoteError as error:
            result.problems.append(Problem("note_file", f"{source}: {error}"))
            continue
        if signed.size >= start:
            result.made.append(Promise(signed.size, signed.root, source))


def _notes(text: str) -> Iterator[str]:
    """Split a file of notes: three lines, a blank, a signature and a blank each."""
    lines = text.splitlines(keepends=True)
    for at in range(0, len(lines), 6):
        yield "".join(lines[at : at + 5])
