"""Checkpoints and proofs as the API and the reports show them."""

import base64
from typing import Any

from apps.audit.models import Checkpoint
from apps.audit.selectors import Proof


def checkpoint_json(checkpoint: Checkpoint) -> dict[str, Any]:
    origin = (checkpoint.note or "").partition("\n")[0]
    return {
        "origin": origin,
        "size": checkpoint.size,
        "root": bytes(checkpoint.root).hex(),
        "at": checkpoint.at.isoformat(),
        "note": checkpoint.note,
    }


def proof_json(proof: Proof) -> dict[str, Any]:
    """Return all that a stranger needs: body -> leaf -> path -> root -> signature."""
    return {
        "entry_id": str(proof.entry.pk),
        "body": base64.b64encode(bytes(proof.entry.body)).decode(),
        "leaf": bytes(proof.entry.leaf).hex(),
        "index": proof.index,
        "size": proof.size,
        "root": proof.root.hex(),
        "path": [hashed.hex() for hashed in proof.path],
        "checkpoint": proof.note,
    }
