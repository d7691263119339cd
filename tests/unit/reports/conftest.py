import pytest


@pytest.fixture
def sources():
    from tests.unit.reports.samples import make_sources, snapshot  # needs Django

    return make_sources(snapshot())
