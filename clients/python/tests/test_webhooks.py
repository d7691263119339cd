"""Signed webhooks are read; any other is refused."""

import base64
import hmac
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from kycrisk_client import errors, webhooks

SECRET = base64.b64encode(b"0123456789abcdef01234567").decode()
BODY = json.dumps(
    {
        "type": "decision.effective",
        "timestamp": "2026-11-22T13:52:11Z",
        "data": {"account_id": "acct-1", "stage": "final"},
    }
).encode()


def signed(body=BODY, at=1000, secret=SECRET):
    text = b"msg_1." + str(at).encode() + b"." + body
    made = hmac.digest(base64.b64decode(secret), text, "sha256")
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": "v1,bm90IGl0 v1," + base64.b64encode(made).decode(),
    }


def test_a_signed_webhook_is_read():
    event = webhooks.verify(
        body=BODY, headers=signed(), keys=["whpk_AAAA", f"whsec_{SECRET}"], now=1100
    )
    assert (event.type, event.stage, event.id) == (
        "decision.effective",
        "final",
        "msg_1",
    )


@pytest.mark.parametrize(
    ("body", "headers", "now"),
    [
        (BODY + b" ", signed(), 1000),
        (BODY, signed(), 1301),
        (BODY, signed(), 699),
        (BODY, signed(secret=base64.b64encode(b"another").decode()), 1000),
        (BODY, signed() | {"Webhook-Timestamp": "soon"}, 1000),
        (BODY, signed() | {"Webhook-Signature": "v1,???"}, 1000),
        (BODY, {}, 1000),
    ],
)
def test_any_other_webhook_is_refused(body, headers, now):
    with pytest.raises(errors.SignatureError):
        webhooks.verify(body=body, headers=headers, keys=[f"whsec_{SECRET}"], now=now)


def test_a_public_key_verifies():
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    made = base64.b64encode(private.sign(b"msg_1.1000." + BODY)).decode()
    headers = signed() | {"Webhook-Signature": f"v1a,{made}"}
    keys = [f"whpk_{public}"]
    event = webhooks.verify(body=BODY, headers=headers, keys=keys, now=1000)
    assert event.data["account_id"] == "acct-1"
    with pytest.raises(errors.SignatureError):
        webhooks.verify(body=BODY + b" ", headers=headers, keys=keys, now=1000)
