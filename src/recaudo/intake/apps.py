from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "recaudo.intake"
    label = "intake"
    verbose_name = "Cargas"
