"""What an auditor may ask the log."""

from django import forms


class AuditFilter(forms.Form):
    """Filters of the event table; empty ones do not count."""

    kind = forms.CharField(required=False, max_length=80)
    object_type = forms.CharField(required=False, max_length=40)
    object_id = forms.CharField(required=False, max_length=128)
    actor_id = forms.CharField(required=False, max_length=64)
    before = forms.DateTimeField(required=False)
