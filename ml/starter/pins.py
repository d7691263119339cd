"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "c09eee9ef7c52cf74fc4f4f3b0138bce850442e4c4342c7edfb2d8c6a0449761",
    "entry": "e8565db84606b3c64ecbd401a087c18c87978b9957db3cabded691986351056a",
}
