from django.apps import AppConfig


class FlowConfig(AppConfig):
    name = "recaudo.flow"
    label = "flow"
    verbose_name = "Jornada"
