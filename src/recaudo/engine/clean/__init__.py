"""Clean: turn what people type into values to trust, or refuse it with a reason that says how to mend it.

Words   a *cleaner* is a pure function over one value; it returns the clean value or a `Refused`, never raises for bad
        input. `clean_column` runs one over a column and works each distinct value once.
Does    national ids, phones, e-mails, names, addresses, numbers, amounts, dates, currencies; how far a contact point
        can be trusted to belong to the person (`ownership_score`).
Not     reads no files, keeps nothing: personal values are not cached between calls, and no reason repeats them.
"""

from recaudo.engine.clean.addresses import CleanAddress, address
from recaudo.engine.clean.columns import KINDS, Cleaned, UnknownKind, clean_column
from recaudo.engine.clean.currencies import currency
from recaudo.engine.clean.dates import day
from recaudo.engine.clean.emails import CleanEmail, email
from recaudo.engine.clean.ids import ID_KINDS, CleanId, national_id
from recaudo.engine.clean.names import CleanName, NameParts, name, name_parts, search_key
from recaudo.engine.clean.numbers import amount, integer, number
from recaudo.engine.clean.ownership import SOURCES, ownership_score, ownership_scores
from recaudo.engine.clean.phones import CleanPhone, phone, phone_variants
from recaudo.engine.clean.reasons import Refused

__all__ = [
    "ID_KINDS", "KINDS", "SOURCES", "CleanAddress", "CleanEmail", "CleanId", "CleanName", "CleanPhone", "Cleaned", "NameParts",
    "Refused", "UnknownKind", "address", "amount", "clean_column", "currency", "day", "email", "integer", "name",
    "name_parts", "national_id", "number", "ownership_score", "ownership_scores", "phone", "phone_variants", "search_key",
]  # fmt: skip
