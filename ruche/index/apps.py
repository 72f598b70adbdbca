from django.apps import AppConfig


class IndexConfig(AppConfig):
    name = "ruche.index"
    label = "index"
    default_auto_field = "django.db.models.BigAutoField"
