from django.apps import AppConfig


class FlowConfig(AppConfig):
    name = "recaudo.flow"
    label = "flow"
    verbose_name = "Jornada"

    def ready(self) -> None:
        from recaudo.flow.reactions import REACTIONS
        from recaudo.flow.rolls import ROLLS
        from recaudo.journal import services as journal

        journal.listen(REACTIONS)
        journal.keep_rolls(ROLLS)
