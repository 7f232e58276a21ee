from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "recaudo.desk"
    label = "desk"
    verbose_name = "Mesa de trabajo"
