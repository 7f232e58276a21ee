from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "recaudo.journal"
    label = "journal"
    verbose_name = "Bitácora"
