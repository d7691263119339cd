from django.apps import AppConfig


class RingsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "apps.rings"
