"""SHA-256 of the shipped manifests; written by manage.py build_starter DIR."""

from collections.abc import Mapping
from typing import Final

MANIFESTS: Final[Mapping[str, str]] = {
    "activity": "555e2803332e6693990e8b1d9f58815317908f4580d0de4318f6356f4092c028",
    "entry": "7efe51e3d3837a9830fe9166f4529b42548e5efbab2d8b593611110a96f230cc",
}
