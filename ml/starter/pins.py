"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "37f908a911a3cea987fc1c1e303fa1611be95d113591720f01e9830ad7d22f18",
    "entry": "bddd8f1bd9c99ca6356596c77b229b66598ad1f5170efc2a720f8a5eeecbddf1",
}
