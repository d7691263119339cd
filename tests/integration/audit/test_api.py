"""Third parties: a checkpoint and a proof suffice to check an entry by themselves."""

import base64

import pytest

from apps.audit import keys, merkle, note, sequencer, services
from tests.integration.audit.conftest import AT, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(client):
    from apps.access.services import create_service_key

    _, secret = create_service_key(
        name="auditor", scopes=["read"], at=AT, actor=services.Actor("system", "test")
    )

    def get(path, **query):
        return client.get(path, query, headers={"Authorization": f"Bearer {secret}"})

    return get


def test_a_proof_leads_from_the_body_to_the_signature(read):
    made = [record(str(n)) for n in range(9)]
    services.sequence_now(at=AT)
    proof = read("/v1/audit/proof", entry=str(made[4])).json()
    leaf = merkle.leaf_hash(base64.b64decode(proof["body"]))
    public = keys.signing_key().public_key()
    signed = note.verify(proof["checkpoint"], origin=sequencer.origin(), public=public)
    path = [bytes.fromhex(one) for one in proof["path"]]
    assert leaf.hex() == proof["leaf"]
    assert merkle.verify_inclusion(leaf, proof["index"], signed.size, path, signed.root)
    checkpoint = read("/v1/audit/checkpoint").json()
    assert checkpoint["note"] == proof["checkpoint"]
    assert checkpoint["size"] == signed.size


@pytest.mark.parametrize(
    ("entry", "status"),
    [("nothing", 422), ("", 422), ("01a20320-a27b-737d-aba5-296f33b3e2c1", 404)],
)
def test_what_is_no_entry_is_a_named_problem(read, entry, status):
    reply = read("/v1/audit/proof", entry=entry)
    assert reply.status_code == status
    assert reply["Content-Type"].startswith("application/problem+json")


def test_an_entry_without_its_place_says_so(read):
    reply = read("/v1/audit/proof", entry=str(record("late")))
    assert (reply.status_code, reply.json()["code"]) == (409, "not_sequenced")


def test_a_log_without_checkpoint_has_none_to_show(read):
    assert read("/v1/audit/checkpoint").status_code == 404


def test_a_key_is_needed(client):
    assert client.get("/v1/audit/checkpoint").status_code == 401
