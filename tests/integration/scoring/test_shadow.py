"""What a challenger would have said of accounts that the champion scored."""

import json

import pytest
from django.core.management import call_command

from apps.customers.models import Account
from apps.scoring import services
from apps.scoring.errors import NothingToCompareError
from apps.scoring.models import AuditDraw
from apps.scoring.services import Candidate
from apps.signals.services import BatchReport, record_outcomes
from tests.integration.scoring.conftest import (
    ACTOR,
    AT,
    frame,
    register,
    stored_scores,
)

COUNT = 200


@pytest.fixture
def scored(champions, trained):
    """Scores of the entry champion, and another entry model as a candidate."""
    register(trained["second"], "mdl_next")
    return stored_scores(frame(COUNT, 9, active=0.0))


def test_a_model_that_says_the_same_keeps_every_place(scored, trained):
    register(trained["entry"], "mdl_same")
    found = services.shadow(model_id="mdl_same", most=COUNT, at=AT)
    assert (found.in_use, found.scores) == ("mdl_entry", COUNT)
    assert found.kept == {0.01: 1.0, 0.05: 1.0}
    assert found.median_move == found.largest_move == 0.0
    assert found.audits == 0


def test_another_model_is_asked_about_the_same_values(scored, trained):
    found = services.shadow(model_id="mdl_next", most=50, at=AT)
    assert found.scores == 50
    newest = sorted(scored, key=lambda row: row.id, reverse=True)[:50]
    model = trained["second"].model
    asked = model.margins(model.values(frame(COUNT, 9, active=0.0)))
    ids = [row.account_id for row in scored]
    said = {
        account: model.manifest.calibration.probability(margin)
        for account, margin in zip(ids, asked.tolist(), strict=True)
    }
    moves = [abs(said[row.account_id] - row.own_probability) for row in newest]
    assert found.largest_move == max(moves) > 0.0


def test_audits_tell_which_of_two_models_was_nearer(scored):
    rows = [Candidate(r.account_id, r.id, r.probability, asked=False) for r in scored]
    draws = services.draw_for_audit(frame=rows, wanted=40, at=AT, actor=ACTOR)
    names = dict(Account.objects.values_list("pk", "account_id"))
    outcomes = [
        {
            "outcome_id": f"audit:{draw.id}",
            "account_id": names[draw.account_id],
            # the truth is what the champion says
            "label": "confirmed_abuse"
            if draw.score.own_probability > 0.5
            else "confirmed_legitimate",
            "source": "random_audit",
            "observed_at": AT.isoformat(),
            "known_at": AT.isoformat(),
        }
        for draw in AuditDraw.objects.select_related("score")
    ]
    report = record_outcomes(
        rows=list(enumerate(outcomes)),
        report=BatchReport(),
        at=AT,
        actor=ACTOR,
        request_id=None,
    )
    assert not report.rejected
    found = services.shadow(model_id="mdl_next", most=COUNT, at=AT)
    assert found.audits == len(draws) > 20
    assert found.loss_in_use < found.loss


def test_there_must_be_something_to_compare_with(champions, trained):
    register(trained["second"], "mdl_next")
    with pytest.raises(NothingToCompareError, match="scored nobody"):
        services.shadow(model_id="mdl_next", most=10, at=AT)
    with pytest.raises(NothingToCompareError, match="No other entry model"):
        services.shadow(model_id="mdl_entry", most=10, at=AT)
    with pytest.raises(SystemExit):
        call_command("shadow", "mdl_nobody")


def test_the_command_tells_it(scored, capsys):
    call_command("shadow", "mdl_next", "--scores", "100", "--json")
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["scores"], told["loss"]) == (100, None)
    assert set(told["kept"]) == {"1%", "5%"}
