"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "b7c704995df57b117aa1c9e527884380facb520b55462d2375f1cae11412b8b8",
    "entry": "dd99f1eea8f879183c39cdcaf0e1f31c2e6dc4d769871684a7a5225f3d5fdb2d",
}
