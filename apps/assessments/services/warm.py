"""What a web process does before its first request."""

from datetime import datetime

from django.db import connection
from django.urls import get_resolver

from apps.decisions import services as decisions
from apps.reference import services as reference
from apps.scoring import services as scoring


def warm(*, at: datetime) -> None:
    """Load the pages, the models, the policy and the references.

    A caller in a hurry would otherwise wait seconds for them after each restart.
    """
    _ = get_resolver().url_patterns
    scoring.ensure_starter(at=at)
    scoring.champion("entry")
    decisions.current_policy(at=at)
    reference.lookup_ips(["192.0.2.1"])
    reference.lookup_email_domains(["example.com"])
    connection.close()
