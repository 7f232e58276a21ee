from django.apps import AppConfig


class StrategyConfig(AppConfig):
    name = "recaudo.strategy"
    label = "strategy"
    verbose_name = "Estrategia"
