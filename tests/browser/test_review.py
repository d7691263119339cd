"""One case from sign-in to the audit trail, as an analyst goes through it."""

import pytest

from apps.review.choices import State

pytestmark = pytest.mark.browser
NOTE = "The same card as fourteen others, all made within an hour."


@pytest.fixture
def desk(served):
    # Models can be imported once Django is set up, which is after this file is read.
    from tests.integration.review.desk import Desk

    return Desk()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(browser, request):
    context = browser.new_context(
        java_script_enabled=request.param, viewport={"width": 1440, "height": 900}
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda said: page.problems.append(said.text) if said.type == "error" else None,
    )
    yield page
    context.close()


def sign_in(page, served, user):
    from tests.integration.review.desk import PASSWORD

    page.goto(f"{served}/login")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/queue")


def test_a_case_from_sign_in_to_the_audit_trail(page, served, desk):
    from apps.audit.selectors import history_of
    from apps.decisions.models import Decision

    user, case = desk.person(), desk.case()
    sign_in(page, served, user)
    page.get_by_role("button", name="Take it").click()
    page.wait_for_url(f"**/cases/{case.id}")
    assert "81 %" not in page.content()
    assert page.get_by_text("14 other accounts use the same card").first.is_visible()

    page.get_by_text("Leaning abuse").click()
    page.get_by_role("button", name="Record impression").click()
    page.get_by_text("How the points add up").wait_for()
    assert page.locator("#model .figure-number").inner_text() == "81 %"

    decide = page.get_by_role("complementary", name="Decision")
    decide.get_by_role("radio", name="Limit").check()
    decide.get_by_label("Shares a payment instrument").check()
    decide.get_by_label("Note").fill(NOTE)
    decide.get_by_role("button", name="Review and submit").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_text("Notice to the customer").wait_for()
    assert not Decision.objects.filter(source="person").exists()
    sheet.get_by_role("button", name="Submit").click()

    page.wait_for_url("**/queue")
    assert page.get_by_text("Nothing is waiting").first.is_visible()
    case.refresh_from_db()
    assert case.state == State.CLOSED
    made = Decision.objects.get(source="person")
    assert (made.action, made.note) == ("limit", NOTE)
    kinds = {e.kind for e in history_of(object_type="case", object_id=case.id)}
    assert "review.case.closed" in kinds
    page.goto(f"{served}/cases/{case.id}")
    assert page.get_by_text("review.case.decided").is_visible()
    assert page.problems == []


def test_keys_choose_and_never_submit(browser, served, desk):
    context = browser.new_context()
    page = context.new_page()
    user, case = desk.person(), desk.case()
    sign_in(page, served, user)
    page.keyboard.press("n")
    page.wait_for_url(f"**/cases/{case.id}")
    page.keyboard.press("e")
    assert page.locator("input[name=leaning]:checked").input_value() == "abuse"
    page.keyboard.press("2")
    assert page.locator("input[name=answer]:checked").input_value() == "limit"
    page.keyboard.press("m")
    page.keyboard.type("2 keys in a note")
    assert page.locator("#note-text").input_value() == "2 keys in a note"
    page.locator("#note-text").blur()
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    case.refresh_from_db()
    assert case.state == State.CLAIMED
    context.close()
