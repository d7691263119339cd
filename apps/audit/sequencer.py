"""Entries get their place, the tree grows, and its newest state is signed."""

import fcntl
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import connection, transaction

from apps.audit import keys, merkle, note

BATCH = 50_000
NOTES = "checkpoints.txt"
VERIFIED = "verified.json"  # where the last clean check ended
_log = logging.getLogger(__name__)
T = TypeVar("T")


class ForkedLogError(Exception):
    """The database's log is not a continuation of what was signed before."""


@dataclass(frozen=True, slots=True)
class State:
    """The newest checkpoint that the signer has seen."""

    size: int
    root: bytes


def sequence_now(*, at: datetime, wait: bool = True) -> int | None:
    """Give every pending entry its place and sign the result; return the log's size.

    With `wait=False` returns None where another sequencer is at work. A fork stays
    unsigned and is logged as an error: business goes on, verify_audit fails.
    """
    size = _sequence(at, wait)
    if size is None:
        return None
    while _has_pending():
        size = _sequence(at, wait) or size
    if size:
        try:
            sign_newest()
        except ForkedLogError:
            _log.exception("audit.checkpoint.refused")
    return size


def _sequence(at: datetime, wait: bool) -> int | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit.sequence(%s, %s, %s)", [BATCH, at, wait])
        row = cursor.fetchone()
    return None if row is None or row[0] is None else int(row[0])


def _has_pending() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM audit.pending)")
        row = cursor.fetchone()
    return bool(row and row[0])


def folder() -> Path:
    """Return where the log keeps what must not live in the database."""
    path: Path = settings.AUDIT_FOLDER
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def origin() -> str:
    """Return the log's name, which its checkpoints and its key carry."""
    return str(settings.AUDIT_ORIGIN)


def sign_newest() -> None:
    """Sign the newest checkpoint if it continues what was signed before.

    The file of notes and the state are written before the database is: a crash in
    between signs the same bytes again. Raises ForkedLogError, and then signs nothing.
    """
    with _locked():
        newest = _newest_unsigned()
        if newest is None:
            return
        before = read_state()
        if before is not None:
            check_continues(before, newest)
        key = keys.signing_key()
        signed = note.sign(note.Checkpoint(origin(), newest.size, newest.root), key)
        if before != newest:
            _append(folder() / NOTES, f"{signed}\n")
            write_state("state.json", newest)
            vkey = note.verifier_key(origin(), key.public_key())
            (folder() / "log.vkey").write_text(f"{vkey}\n")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT audit.sign(%s, %s)", [newest.size, signed])


def check_continues(before: State, newest: State) -> None:
    """Raise ForkedLogError unless `newest` continues `before` in the stored tree."""
    if newest.size < before.size:
        raise ForkedLogError(
            f"the log holds {newest.size} entries; {before.size} were signed"
        )
    proof = through_nodes(
        lambda node: merkle.consistency_proof(before.size, newest.size, node)
    )
    if not merkle.verify_consistency(
        before.size, newest.size, before.root, newest.root, proof
    ):
        raise ForkedLogError(f"the first {before.size} entries are not those signed")


def through_nodes(build: Callable[[merkle.Node], T]) -> T:
    """Run `build` over the stored tree, fetching all that it needs in one query.

    `build` must ask for the same nodes whatever their hashes are, as proofs do.
    """
    wanted: set[tuple[int, int]] = set()

    def ask(level: int, index: int) -> bytes:
        wanted.add((level, index))
        return merkle.EMPTY_ROOT

    build(ask)
    found = _nodes(wanted)

    def answer(level: int, index: int) -> bytes:
        try:
            return found[level, index]
        except KeyError as error:
            raise ForkedLogError(f"node {level}/{index} of the tree is gone") from error

    return build(answer)


_FETCH = """
WITH w AS (SELECT * FROM unnest(%s::int[], %s::bigint[]) AS w (level, idx))
SELECT level, idx, hash FROM audit.node JOIN w USING (level, idx)
UNION ALL SELECT 0, idx, leaf FROM audit.leaf JOIN w USING (idx) WHERE w.level = 0
"""


def _nodes(wanted: set[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    levels, indexes = [one[0] for one in wanted], [one[1] for one in wanted]
    with connection.cursor() as cursor:
        cursor.execute(
            _FETCH,
            [levels, indexes],
        )
        rows = cursor.fetchall()
    return {(level, index): bytes(hashed) for level, index, hashed in rows}


def _newest_unsigned() -> State | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT size, root, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1"
        )
        row = cursor.fetchone()
    if row is None or row[2] is not None:
        return None
    return State(row[0], bytes(row[1]))


def read_state(name: str = "state.json") -> State | None:
    path = folder() / name
    if not path.exists():
        return None
    raw = json.loads(path.read_text())
    return State(int(raw["size"]), bytes.fromhex(raw["root"]))


def write_state(name: str, state: State) -> None:
    """Replace the file in one step; a crash leaves the old one or the new one."""
    draft = folder() / f"{name}.draft"
    with draft.open("w") as file:
        json.dump({"size": state.size, "root": state.root.hex()}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder() / name)


def _append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _locked() -> Iterator[None]:
    with (folder() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
