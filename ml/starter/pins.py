"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "a797a7f1979117aed90c3bd27e9af20eca8148818d287d31bb7afd457e54a21d",
    "entry": "41c67ac1bcdedea5afa772a530d7684d80276469467923b0d19b463144368fc0",
}
