from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "recaudo.demo"
    label = "demo"
    verbose_name = "Demostración"
