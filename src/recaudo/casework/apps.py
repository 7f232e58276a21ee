from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    name = "recaudo.casework"
    label = "casework"
    verbose_name = "Gestión"
