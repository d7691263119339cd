"""Read a request's body with a limit, unpacking gzip as it comes."""

import zlib
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.http.request import UnreadablePostError

from apps.core.errors import DomainError

SINGLE = 256 * 1024
BATCH = 8 * 1024 * 1024
BATCH_UNPACKED = 64 * 1024 * 1024
_MAX_RATIO = 100
_RATIO_MATTERS_FROM = 64 * 1024  # a small body may be packed as well as it likes
_CHUNK = 64 * 1024


class BodyError(DomainError):
    """The body cannot be taken; `code` says why."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code = status, code


def read_body(
    request: HttpRequest, limit: int = SINGLE, unpacked_limit: int | None = None
) -> bytes:
    """Return the body: at most `limit` bytes sent, `unpacked_limit` when unpacked.

    Raises BodyError: body_too_large (413), encoding_not_supported (415),
    length_required (411), not_gzip (400), body_incomplete (400).
    """
    _check_length(request, limit)
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    chunks = _limited(_chunks(request), limit)
    if encoding in {"identity", ""}:
        return b"".join(chunks)
    if encoding not in {"gzip", "x-gzip"}:
        raise BodyError(415, "encoding_not_supported", "Send plain or gzip bodies.")
    return _unpacked(chunks, unpacked_limit or limit)


def _check_length(request: HttpRequest, limit: int) -> None:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
        raise BodyError(411, "length_required", "Send a Content-Length.")
    if length.isdigit() and int(length) > limit:
        raise _too_large()


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    source: Any = request
    try:
        while chunk := source.read(_CHUNK):
            yield chunk
    except (UnreadablePostError, OSError) as error:
        raise BodyError(
            400, "body_incomplete", "The body ended before its length."
        ) from error


def _limited(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise _too_large()
        yield chunk


def _unpacked(chunks: Iterator[bytes], limit: int) -> bytes:
    """Unpack piece by piece, so that a bomb is noticed before it is in memory."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    parts: list[bytes] = []
    taken = made = 0
    try:
        for chunk in chunks:
            taken += len(chunk)
            rest = chunk
            while rest and not inflater.eof:
                part = inflater.decompress(rest, _CHUNK)
                made += len(part)
                parts.append(part)
                rest = inflater.unconsumed_tail
                _check_unpacked(taken, made, limit)
    except zlib.error as error:
        raise _not_gzip() from error
    if not inflater.eof or inflater.unused_data:
        raise _not_gzip()
    return b"".join(parts)


def _check_unpacked(taken: int, made: int, limit: int) -> None:
    bomb = made > _RATIO_MATTERS_FROM and made > taken * _MAX_RATIO
    if made > limit or bomb:
        raise _too_large()


def _too_large() -> BodyError:
    return BodyError(413, "body_too_large", "The body is too large.")


def _not_gzip() -> BodyError:
    return BodyError(400, "not_gzip", "The body is not one whole gzip stream.")
