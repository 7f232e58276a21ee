"""Reads: which toggles, house caps and packs are in force for the tenant; the choices to be made; what the law would say."""

from recaudo.law.queries.choices import Choice, Decision, Option, choice, choices, waiting
from recaudo.law.queries.countries import Country, countries, undecided
from recaudo.law.queries.decisions import HOUSE_DEFAULTS, OFF, Rules, decisions, library_problems, rules, toggle_options
from recaudo.law.queries.what_if import SLOT_MINUTES, DayStrip, Span, WhatIf, WhatIfAnswer, answer, places, zone_names

__all__ = [
    "HOUSE_DEFAULTS", "OFF", "SLOT_MINUTES", "Choice", "Country", "DayStrip", "Decision", "Option", "Rules", "Span", "WhatIf", "WhatIfAnswer",
    "answer", "choice", "choices", "countries", "decisions", "library_problems", "places", "rules", "toggle_options",
    "undecided", "waiting", "zone_names",
]  # fmt: skip
