from django.apps import AppConfig


class RucheConfig(AppConfig):
    name = "ruche"
