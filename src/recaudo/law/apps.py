from django.apps import AppConfig


class LawConfig(AppConfig):
    name = "recaudo.law"
    label = "law"
    verbose_name = "Normas"
