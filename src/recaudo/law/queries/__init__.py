"""Reads: which toggles, house caps, values and packs are in force for the tenant; what is to be decided; what the law would say."""

from recaudo.law.queries.changes import (
    AMEND,
    CHOICE,
    END,
    PENDING,
    Proposal,
    acts,
    book_of,
    faults_of,
    names_of,
    overlay,
    proposal,
    proposals,
    ruling,
    trouble_of,
)
from recaudo.law.queries.choices import Choice, Decision, Option, choice, choices, decision_name, waiting
from recaudo.law.queries.countries import Country, countries, undecided
from recaudo.law.queries.decisions import (
    HOUSE_DEFAULTS,
    OFF,
    Rules,
    decisions,
    delivered,
    library_problems,
    rules,
    rules_toggles,
    standing,
    strict_readings,
    toggle_options,
)
from recaudo.law.queries.diff import Diff, Line, diff, impacts
from recaudo.law.queries.what_if import (
    SLOT_MINUTES,
    DayStrip,
    Span,
    WhatIf,
    WhatIfAnswer,
    answer,
    places,
    tone_of,
    week_strip,
    zone_names,
)

__all__ = [
    "AMEND", "CHOICE", "END", "HOUSE_DEFAULTS", "OFF", "PENDING", "SLOT_MINUTES", "Choice", "Country", "DayStrip", "Decision", "Diff", "Line", "Option", "Proposal", "Rules", "Span",
    "WhatIf", "WhatIfAnswer", "acts", "answer", "book_of", "choice", "choices", "countries", "decision_name", "decisions", "delivered", "diff", "faults_of", "impacts",
    "library_problems", "names_of", "overlay", "places", "proposal", "proposals", "rules", "rules_toggles", "ruling", "standing",
    "strict_readings", "toggle_options", "tone_of", "trouble_of", "undecided", "waiting", "week_strip", "zone_names",
]  # fmt: skip
