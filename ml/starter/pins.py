"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "c73397297299e916d31333c002f9cc28bca0789bd05dc614f2fc04de21315a6c",
    "entry": "ac6e2aecef6bf8bdf93faf7346ad3a40acf66b2d637cf00d23ab5cf4cf5650f2",
}
