import gzip
import os
import zlib

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.core import bodies


def _request(body: bytes, encoding: str | None = None) -> HttpRequest:
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    return RequestFactory().post(
        "/v1/x", body, content_type="application/json", headers=headers
    )


@given(st.binary(max_size=2000))
def test_plain_and_packed_bodies_arrive_as_they_were(body: bytes) -> None:
    assert bodies.read_body(_request(body)) == body
    assert bodies.read_body(_request(gzip.compress(body, mtime=0), "gzip")) == body


def test_a_large_packed_body_arrives_whole() -> None:
    body = os.urandom(3_000_000)
    packed = _request(gzip.compress(body, mtime=0), "gzip")
    assert bodies.read_body(packed, bodies.BATCH, bodies.BATCH_UNPACKED) == body


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (b"x" * 1001, None, "body_too_large"),
        (gzip.compress(b"x" * 5001, mtime=0), "gzip", "body_too_large"),
        (gzip.compress(b"0" * 1_000_000, mtime=0), "gzip", "body_too_large"),
        (b"{}", "br", "encoding_not_supported"),
        (b"{}", "gzip", "not_gzip"),
        (gzip.compress(b"abc", mtime=0)[:-4], "gzip", "not_gzip"),
        (gzip.compress(b"abc", mtime=0) + b"more", "gzip", "not_gzip"),
        (zlib.compress(b"abc"), "gzip", "not_gzip"),
        (b"", "gzip", "not_gzip"),
    ],
)
def test_what_cannot_be_taken_is_named(
    body: bytes, encoding: str | None, code: str
) -> None:
    with pytest.raises(bodies.BodyError) as caught:
        bodies.read_body(_request(body, encoding), 1000, 5000)
    assert caught.value.code == code


def test_a_bomb_is_noticed_by_its_ratio() -> None:
    bomb = gzip.compress(b"0" * 10_000_000, mtime=0)
    with pytest.raises(bodies.BodyError, match="too large"):
        bodies.read_body(_request(bomb, "gzip"), bodies.BATCH, bodies.BATCH_UNPACKED)


def test_a_body_without_length_is_refused() -> None:
    request = _request(b"{}")
    request.META["CONTENT_LENGTH"] = ""
    request.META["HTTP_TRANSFER_ENCODING"] = "chunked"
    with pytest.raises(bodies.BodyError) as caught:
        bodies.read_body(request)
    assert caught.value.status == 411
