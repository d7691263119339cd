"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "0fc495f45bb1ed0785aa485fec76047a6bdd833a8c519d83a5aff55d5bbc00ab",
    "entry": "ac0b332b1ef5a71e1b2d4e67f533023cb19a889f2babfafc29d620adc395bace",
}
