"""How the REST framework reads bodies."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from apps.core import bodies, strict_json

read_body = bodies.read_body


class StrictJSONParser(BaseParser):
    """One JSON document of at most 256 KiB, plain or gzip, in UTF-8."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],  # noqa: ARG002 - read from the request, with a limit
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        _, parameters = parse_header_parameters(media_type or "")
        if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType(media_type or "")
        request = (parser_context or {})["request"]._request
        return strict_json.loads(read_body(request))
