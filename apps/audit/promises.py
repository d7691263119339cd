"""Every root that the log ever promised, inside and outside the database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db import connection

from apps.audit import keys, note, sequencer
from apps.audit.ranges import Problem


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


def promises(*, start: int, size: int) -> Promises:
    """Collect checkpoints, their notes, the signer's state and its file of notes."""
    public = keys.signing_key().public_key()
    check = partial(note.verify, origin=sequencer.origin(), public=public)
    result = Promises([], [], checkpoints=0)
    stored = _stored(start)
    signed = max((row[0] for row in stored if row[2] is not None), default=0)
    for one in stored:
        _of_checkpoint(one, check, result)
    if signed < size:
        text = f"the newest checkpoint ({size}) is not signed"
        result.problems.append(Problem("unsigned", text))
    state = sequencer.read_state()
    if state is not None:
        result.made.append(Promise(state.size, state.root, "the signer's state"))
    elif signed:
        text = "the signer's state file is gone"
        result.problems.append(Problem("state_gone", text))
    _of_file(start, check, result)
    return Promises(result.made, result.problems, len(stored))


Check = Callable[[str], note.Checkpoint]


def _stored(start: int) -> list[tuple[int, bytes, str | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT size, root, note FROM audit.checkpoint WHERE size >= %s"
            " ORDER BY size",
            [start],
        )
        return [(size, bytes(root), text) for size, root, text in cursor.fetchall()]


def _of_checkpoint(
    row: tuple[int, bytes, str | None], check: Check, result: Promises
) -> None:
    size, root, text = row
    result.made.append(Promise(size, root, f"checkpoint {size}"))
    if text is None:
        return
    try:
        signed = check(text)
    except note.BadNoteError as error:
        result.problems.append(Problem("signature", f"checkpoint {size}: {error}"))
        return
    result.made.append(Promise(signed.size, signed.root, f"the note of {size}"))


def _of_file(start: int, check: Check, result: Promises) -> None:
    """Read the notes that were appended outside the database."""
    path = sequencer.folder() / "checkpoints.txt"
    if not path.exists():
        return
    for number, text in enumerate(_notes(path.read_text()), start=1):
        source = f"note {number} of {path.name}"
        try:
            signed = check(text)
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
