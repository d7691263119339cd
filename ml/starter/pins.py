"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "47043a94d8a945eb5fa70513d2a04ac1a380e95816c440809e1dc617ca534022",
    "entry": "7a6af874f62b18fd221376a264e3c08d53f6a0eb6c10703697e7a4a0b092b5c1",
}
