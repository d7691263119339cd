"""Signed notes: the published vector of C2SP, round trips, and what must be refused."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given
from hypothesis import strategies as st

from apps.audit import note

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "kycrisk.test/log"
NOTE = note.sign(note.Checkpoint(ORIGIN, 7, b"r" * 32), KEY)


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_a_signed_checkpoint_reads_back(size, root):
    checkpoint = note.Checkpoint(ORIGIN, size, root)
    signed = note.sign(checkpoint, KEY)
    assert note.verify(signed, origin=ORIGIN, public=KEY.public_key()) == checkpoint
    assert signed == note.sign(checkpoint, KEY)


def test_the_published_example_of_the_note_format_verifies():
    """golang.org/x/mod/sumdb/note: PeterNeumann's key, the example of its package."""
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    name, key_hash, encoded = vkey.split("+")
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
    assert note.verifier_key(name, public) == vkey
    assert len(key_hash) == 8


def changed(text, old, new):
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    "forged",
    [
        changed(NOTE, "\n7\n", "\n8\n"),
        changed(NOTE, "\n7\n", "\n07\n"),
        changed(NOTE, "\n7\n", "\n 7\n"),
        changed(NOTE, "cnJy", "cnJz"),
        changed(NOTE, "\n\n", "\nextension\n\n"),
        changed(NOTE, "\u2014 ", "- "),
        changed(NOTE, ORIGIN, "other.log"),
        NOTE.partition("\n\n")[0] + "\n",
        NOTE.rstrip("\n"),
        "",
    ],
)
def test_changed_notes_are_refused(forged):
    with pytest.raises(note.BadNoteError):
        note.verify(forged, origin=ORIGIN, public=KEY.public_key())


def test_another_key_does_not_count():
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(note.BadNoteError, match="own key"):
        note.verify(NOTE, origin=ORIGIN, public=stranger.public_key())
    with pytest.raises(note.BadNoteError):
        note.verify(
            note.sign(note.Checkpoint(ORIGIN, 7, b"r" * 32), stranger),
            origin=ORIGIN,
            public=KEY.public_key(),
        )
