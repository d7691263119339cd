from tests.architecture.bundle_page import PAGE, page


def test_the_page_of_the_bundle_is_what_the_code_checks():
    assert PAGE.read_text() == page(), "run python -m tests.architecture.bundle_page"
