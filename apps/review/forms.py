"""What people send: choices from fixed lists, ids by pattern, free text by length."""

from typing import Any

from django import forms

from apps.review import policy
from apps.review.choices import Answer, Confidence, Leaning, Verdict
from apps.review.selectors.accounts import ACTIONS, SORTS

ACCOUNT_ID = r"^[A-Za-z0-9_.:@-]{1,128}$"


class LeaseForm(forms.Form):
    """The fencing token; in the form, never in an address that could be shared."""

    lease_token = forms.UUIDField(widget=forms.HiddenInput)


class ImpressionForm(LeaseForm):
    leaning = forms.ChoiceField(choices=Leaning.choices)
    confidence = forms.ChoiceField(
        choices=Confidence.choices, initial=Confidence.MEDIUM
    )


class DecisionForm(LeaseForm):
    answer = forms.ChoiceField(choices=Answer.choices)
    reasons = forms.MultipleChoiceField(
        choices=[(one.code, one.text) for one in policy.REASONS], required=False
    )
    note = forms.CharField(required=False, max_length=4000)
    changed_mind = forms.CharField(required=False, max_length=1000)


class NoteForm(forms.Form):
    text = forms.CharField(max_length=4000)


class OpinionForm(forms.Form):
    answer = forms.ChoiceField(
        choices=[
            (one.value, one.label)
            for one in Answer
            if one not in {Answer.ESCALATE, Answer.INSUFFICIENT}
        ]
    )


class ApprovalForm(forms.Form):
    verdict = forms.ChoiceField(choices=Verdict.choices)
    note = forms.CharField(required=False, max_length=4000)

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where a proposal goes back."""
        given = super().clean() or {}
        if given.get("verdict") == Verdict.RETURNED and not given.get("note"):
            self.add_error("note", "Say why it goes back.")
        return given


class RevealForm(forms.Form):
    """Showing one personal value needs a purpose, which is logged."""

    PURPOSES = (
        ("identity_check", "Compare identity facts"),
        ("customer_contact", "Contact the customer"),
        ("legal_request", "Answer a legal request"),
    )
    FIELDS = ("email", "name", "org_name", "phone", "payer_name", "address_line")

    field = forms.ChoiceField(choices=[(name, name) for name in FIELDS])
    purpose = forms.ChoiceField(choices=PURPOSES)


class AccountFilterForm(forms.Form):
    """Filter and order of the accounts; sort keys come from a fixed list."""

    q = forms.RegexField(ACCOUNT_ID, required=False, label="Account id")
    action = forms.ChoiceField(
        choices=[("", "Any"), *((name, name) for name in ACTIONS)], required=False
    )
    plan = forms.CharField(max_length=64, required=False)
    low = forms.FloatField(min_value=0, max_value=100, required=False)
    with_case = forms.BooleanField(required=False)
    sort = forms.ChoiceField(choices=[(name, name) for name in SORTS], required=False)
    offset = forms.IntegerField(min_value=0, max_value=1_000_000, required=False)


class SearchForm(forms.Form):
    q = forms.CharField(min_length=2, max_length=256, strip=True)
