from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "recaudo.messaging"
    label = "messaging"
    verbose_name = "Mensajes"
