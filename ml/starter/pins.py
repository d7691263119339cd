"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "9dd93514467a64bb489062f02d22599f7623441c587f796d3b8d0ffcc8d6eb03",
    "entry": "ccb39fb94409478bb332c20c95715c53fdb4c8dfa52c9fb79e4169752bebbaa6",
}
