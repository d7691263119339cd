from collections.abc import Iterator

from django.apps import apps
from django.db.models import Field, Model


def _own_models() -> Iterator[type[Model]]:
    for config in apps.get_app_configs():
        if config.name.startswith("apps."):
            yield from config.get_models()


def test_relations_between_apps_have_no_way_back() -> None:
    """Else upstream code reaches downstream without an import."""
    own = {model._meta.app_label for model in _own_models()}
    bad = [
        str(field)
        for model in _own_models()
        for field in model._meta.get_fields()
        if isinstance(field, Field)
        and field.is_relation
        and field.related_model is not None
        and field.related_model._meta.app_label in own - {model._meta.app_label}
        and field.remote_field.related_name != "+"
    ]
    assert bad == []


def test_no_model_orders_by_default() -> None:
    assert [model for model in _own_models() if model._meta.ordering] == []
