"""The written dictionaries are those of the catalogue."""

from pathlib import Path

import pytest
from django.conf import settings

from apps.features import presenters
from ml.features import FEATURES

REFERENCE = Path(settings.BASE_DIR) / "docs" / "reference"


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("features.md", presenters.features_page),
        ("reason_codes.md", presenters.reason_codes_page),
    ],
)
def test_the_reference_is_up_to_date(name: str, page: object) -> None:
    """Run `manage.py features_docs` when this fails."""
    assert callable(page)
    assert (REFERENCE / name).read_text(encoding="utf-8") == page()


def test_every_feature_and_code_has_its_entry() -> None:
    features, codes = presenters.features_page(), presenters.reason_codes_page()
    for feature in FEATURES:
        assert f"### `{feature.name}`" in features
        assert feature.misleads in features
        assert f"| `{feature.code}` | {feature.label} | `{feature.name}` |" in codes
