from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "recaudo.store"
    label = "store"
    verbose_name = "Almacén"
