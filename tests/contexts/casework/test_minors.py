"""Who is known to be under age is never contacted; of whom no age is known the house decides (docs/decisions/0014)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.contexts.casework.scenes import call, point
from tests.contexts.law.test_changed_values import see

from recaudo.casework import services as casework
from recaudo.casework.models import PermitRecord
from recaudo.casework.queries.dossier import dossiers
from recaudo.casework.services import ContactRefused
from recaudo.casework.services.decision import decide_again
from recaudo.law import services as law
from recaudo.portfolio.models import Person


def born(cast: Any, on: date | None, who: str = "maria") -> None:
    person = Person.objects.get(id=cast.people[who].id)
    person.birth_on = on.isoformat() if on else None
    person.save(update_fields=["birth_on"])


def gate(cast: Any, who: str = "maria") -> Any:
    account = cast.accounts[who]
    return casework.verdict_for(
        person_id=cast.people[who].id, account_id=account.id, creditor_id=account.creditor_id, channel="call", contact_point=point(cast, who), at=cast.now
    )


@pytest.mark.parametrize(
    ("on", "rule"),
    [(date(2010, 5, 1), "MX-THIRD-PARTY"), (date(2008, 11, 25), "MX-THIRD-PARTY"), (date(2008, 11, 22), ""), (date(1980, 1, 1), ""), (None, "")],
    ids=["sixteen", "of age tomorrow", "of age since two days", "grown up", "unknown"],
)  # fmt: skip
def test_the_gate_refuses_who_is_known_to_be_under_age(cast: Any, on: date | None, rule: str) -> None:
    born(cast, on)
    answer = gate(cast)
    assert (answer.allowed, answer.rule) == (not rule, rule)


def test_no_permit_is_made_and_the_decision_can_be_repeated(cast: Any) -> None:
    born(cast, date(2010, 5, 1))
    with pytest.raises(ContactRefused):
        call(cast)
    kept = PermitRecord.objects.get()
    assert (kept.is_allowed, kept.rule) == (False, "MX-THIRD-PARTY") and decide_again(kept).rule == "MX-THIRD-PARTY"  # the Mexican rule names minors too


def test_an_unknown_age_stops_contact_only_where_the_house_decided_so(cast: Any) -> None:
    assert gate(cast).allowed
    made = law.propose(name="age_unknown", choice="refuse", reason="Así lo pidió el comité de cumplimiento.", by=cast.carmen, at=cast.now)
    see(made, cast.gabriel)
    law.approve(made, by=cast.gabriel, at=cast.now)
    assert (gate(cast).allowed, gate(cast).rule) == (False, "COMMON-AGE-UNKNOWN")
    assert gate(cast, "esquina").rule != "COMMON-AGE-UNKNOWN"  # a firm has no age
    born(cast, date(1980, 1, 1))
    assert gate(cast).allowed


@pytest.mark.parametrize(("on", "until"), [(date(2012, 2, 29), date(2030, 3, 1)), (date(2009, 1, 31), date(2027, 1, 31))])
def test_the_day_of_age_is_a_real_day(cast: Any, on: date, until: date) -> None:
    born(cast, on)
    assert dossiers([cast.maria.id], at=cast.now)[cast.maria.id].minor_until == until
