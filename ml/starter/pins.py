"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "3136fdde6f72dacd3da17f9e907ebbd69d55627e5aec1e51383146605fa97d15",
    "entry": "bb8440b0bcbd32d1299841a7013359f67da22c86f09c1b12b32a336fa8a7f5b0",
}
