"""What a model's card tells people who must agree to it."""

import msgspec

from apps.scoring.models import ModelVersion
from apps.scoring.presenters import card


def test_a_card_says_who_spoke_for_accounts_without_a_label(trained):
    manifest = msgspec.to_builtins(trained["entry"].model.manifest)
    told = [
        card(ModelVersion(manifest=manifest | more), approvers=0).adaptation
        for more in ({"prior": "ab" * 32}, {})
    ]
    assert ["what the starter takes them for" in one for one in told] == [True, False]


def test_a_card_says_by_whose_accounts_a_starter_was_read(trained):
    """By labels, or by random audits alone: what they prove differs."""
    manifest = msgspec.to_builtins(trained["entry"].model.manifest)
    manifest["adaptation"] = "calibrated"
    by_labels = card(ModelVersion(manifest=manifest), approvers=0)
    assert "read by this site's labels" in by_labels.adaptation
    assert "later accounts" in by_labels.calibration
    manifest["rows"] = {"audited_accounts": 300}
    by_audits = card(ModelVersion(manifest=manifest), approvers=0)
    assert "random audits" in by_audits.adaptation
    assert "audited accounts" in by_audits.calibration
