import pytest


@pytest.fixture
def desk(db):
    # Models can be imported once Django is set up, which is after this file is read.
    from tests.integration.review.desk import Desk

    return Desk()
