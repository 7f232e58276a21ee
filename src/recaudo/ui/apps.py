from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "recaudo.ui"
    label = "ui"
    verbose_name = "Pantallas"
