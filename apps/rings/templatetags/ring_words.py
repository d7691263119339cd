"""Words about rings for pages of any app."""

from django import template

from apps.rings.models import Ring
from apps.rings.presenters import evidence_words

register = template.Library()


@register.filter
def against_chance(ring: Ring) -> str:
    """Say how far new facts speak against chance."""
    return evidence_words(ring)
