"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "1d578e2c5a1b4ca5ee5a4580599abd6246821b6b709274b06cc7b7e6669b958e",
    "entry": "57a347b6226d35beca8adee524c801cd542cd22cf2f9fad2f2c59d2b314bd012",
}
