"""May this person be contacted, by this channel, for this purpose, now? The gate that every contact passes.

One meaning of the law (lawbook/), two evaluators: `permit_verdict` for one contact, plain and explained; `screen` for
a million at once, never more lenient. Beside them, what the law counts: fees, deadlines, notices, retention.

Words: a *pack* is the law of one jurisdiction with its toggles resolved; a *clause* a rule in force on a day; a
*verdict* the answer. What is not known denies. Nothing here gives out permits: that is casework.

    book = lawbook()
    pack = book.pack(jurisdiction_for("CL", "MA"))
    verdict = permit_verdict(pack, Debtor(zones=zones_for("CL", "MA")), history, Proposed(at, "call"))
"""

from recaudo.engine.comply.columnar import PreferencesNeeded, TooManyStates, pack_name, screen
from recaudo.engine.comply.columns import MissingColumns
from recaudo.engine.comply.days import (
    Libraries,
    holidays_between,
    is_business_day,
    is_holiday,
    libraries_ok,
    library_versions,
)
from recaudo.engine.comply.lint import Finding, lint
from recaudo.engine.comply.overlay import (
    EDITABLE,
    Change,
    NotAValue,
    UnknownRule,
    amended,
    canonical,
    compared,
    overall,
    value_on,
)
from recaudo.engine.comply.pack import (
    Clause,
    Document,
    Lawbook,
    Pack,
    Rule,
    build,
    content_hash,
    lawbook,
    parse_file,
    read_files,
)
from recaudo.engine.comply.past import NotColumnar
from recaudo.engine.comply.periods import (
    Due,
    Fee,
    NoSuchRule,
    Permission,
    UnknownTerm,
    UnknownUnit,
    count,
    deadline,
    fee,
    notice,
    retention,
)
from recaudo.engine.comply.places import jurisdiction_for, zones_for
from recaudo.engine.comply.replay import replay, turned
from recaudo.engine.comply.room import SLOT_MINUTES, Hours, Room, open_hours, rooms
from recaudo.engine.comply.terms import BadLawbook, Terms
from recaudo.engine.comply.vectors import Failure, Report, vectors
from recaudo.engine.comply.verdict import cure_of, permit_verdict
from recaudo.engine.comply.words import (
    Consent,
    Debtor,
    HouseCap,
    Override,
    PastContact,
    Preference,
    Proposed,
    State,
    Verdict,
    law_person,
)

__all__ = [
    "EDITABLE", "SLOT_MINUTES", "BadLawbook", "Change", "Clause", "Consent", "Debtor", "Document", "Due", "Failure", "Fee", "Finding", "Hours",
    "HouseCap", "Lawbook", "Libraries", "MissingColumns", "NoSuchRule", "NotAValue", "NotColumnar", "Override", "Pack", "PastContact", "Permission",
    "Preference", "PreferencesNeeded", "Proposed", "Report", "Room", "Rule", "State", "Terms", "TooManyStates", "UnknownRule", "UnknownTerm",
    "UnknownUnit", "Verdict", "amended", "build", "canonical", "compared", "content_hash", "count", "cure_of", "deadline", "fee", "holidays_between",
    "is_business_day", "is_holiday", "jurisdiction_for", "law_person", "lawbook", "libraries_ok", "library_versions", "lint", "notice", "open_hours",
    "overall", "pack_name", "parse_file", "permit_verdict", "read_files", "replay", "retention", "rooms", "screen", "turned", "value_on", "vectors",
    "zones_for",
]  # fmt: skip
