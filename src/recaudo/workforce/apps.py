from django.apps import AppConfig


class WorkforceConfig(AppConfig):
    name = "recaudo.workforce"
    label = "workforce"
    verbose_name = "Equipo"
