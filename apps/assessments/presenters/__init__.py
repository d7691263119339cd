"""From what is stored to what a signup flow or a person reads."""

from apps.assessments.presenters.answers import answer, stored_answer

__all__ = ["answer", "stored_answer"]
