"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "516513ceb8e9f43ccebe968276235bfa9cb18b5193f78df81ab1fd951a9d97fc",
    "entry": "11a54335c060857d503e0656f46da09e68e3bd8b7dfb28a1f5396b51485e2ea8",
}
