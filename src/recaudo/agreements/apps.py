from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    name = "recaudo.agreements"
    label = "agreements"
    verbose_name = "Acuerdos"
