"""Complaints have a clock, an investigation and an answer, wherever they come from."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.contexts.casework.scenes import call, close

from recaudo.casework.models import Hold
from recaudo.compliance import queries, services
from recaudo.compliance.clocks import complaint_clock
from recaudo.compliance.forms import ComplaintForm
from recaudo.compliance.models import Complaint
from recaudo.compliance.queries.evidence import SeveralPersons
from recaudo.compliance.services.complaints import BadComplaint, ComplaintClosed
from recaudo.journal.models import Event
from recaudo.law.queries import rules
from recaudo.portfolio.models import Account, Creditor


def opened(cast: Any, who: str | None = "maria", **more: Any) -> Complaint:
    given = {"cause": "threat", "channel": "email", "received_on": cast.today, "text": "Me amenazaron", "on": cast.today, **more}
    return services.open_complaint(person=cast.people[who] if who else None, rules=rules(), by=cast.raul, at=cast.now, **given)


@pytest.mark.parametrize(
    ("country", "due", "rule"),
    [("MX", date(2026, 12, 8), "MX-REDECO"), ("CL", date(2026, 12, 12), "CL-COMPLAINT-SERNAC"), ("PE", date(2026, 12, 17), "PE-CLAIM"),
     ("CO", date(2026, 12, 9), "")],
)  # fmt: skip
def test_the_clock_is_the_countrys_or_the_houses(cast: Any, country: str, due: date, rule: str) -> None:
    clock = complaint_clock(rules(), country=country, subdivision="", received_on=cast.today)
    assert (clock.due_on, clock.rule) == (due, rule)


def test_what_a_person_says_in_a_call_opens_a_complaint_once(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "SE07", note="Dice que le gritaron", details={"folio": "123"})
    row = Complaint.objects.get()
    assert row.action_id == action.id and row.person_id == cast.maria.id and "gritaron" in row.text and row.due_on == date(2026, 12, 8)
    assert services.open_from_action(action.id, rules=rules(), by=cast.ana, at=cast.now, on=cast.today) is None
    event = Event.objects.get(name="complaint.opened")
    assert "gritaron" not in str(event.detail)


def test_an_ordinary_outcome_opens_none(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "NC01")
    assert not Complaint.objects.exists()


def test_a_complaint_is_investigated_and_answered_with_a_measure(cast: Any) -> None:
    row = services.take_complaint(opened(cast), to=cast.carmen, about="agent", user_id=cast.ana.id, by=cast.carmen, at=cast.now)
    assert (row.status, row.user_id) == ("in_review", cast.ana.id)
    with pytest.raises(BadComplaint):
        services.answer_complaint(row, result="founded", answer="Le pedimos disculpas.", measure=" ", by=cast.carmen, at=cast.now)
    done = services.answer_complaint(row, result="founded", answer="Le pedimos disculpas.", measure="Capacitación", by=cast.carmen, at=cast.now)
    assert done.status == "answered" and Event.objects.filter(name="complaint.answered").count() == 1
    with pytest.raises(ComplaintClosed):
        services.take_complaint(done, to=cast.carmen, by=cast.carmen, at=cast.now)


def test_a_complaint_before_an_authority_stops_contact_when_asked(cast: Any) -> None:
    row = opened(cast, lodged="redeco", outside_folio="2026/77", stop_contact=True)
    assert Hold.objects.get(id=row.hold_id).kind == "regulator"


def test_an_authority_may_not_say_who_but_then_says_where(cast: Any) -> None:
    with pytest.raises(BadComplaint):
        opened(cast, None)
    assert opened(cast, None, country="CL").rule == "CL-COMPLAINT-SERNAC"


def test_late_ones_are_counted_and_causes_summed(cast: Any) -> None:
    late = opened(cast, received_on=cast.today - timedelta(days=40))
    opened(cast, "pedro", cause="hours")
    counts = queries.complaint_counts(on=cast.today)
    assert (counts.open, counts.late) == (2, 1) and queries.complaints()[0].id == late.id
    services.answer_complaint(late, result="founded", answer="Tiene usted razón.", measure="Cambio", by=cast.carmen, at=cast.now)
    assert ("threat", 1, 1) in queries.complaints_by_cause(since=date(2026, 1, 1))


def test_bad_complaints_are_refused(cast: Any) -> None:
    for wrong in ({"cause": "x"}, {"lodged": "x"}, {"about": "x"}, {"received_on": cast.today + timedelta(days=1)}):
        with pytest.raises(BadComplaint):
            opened(cast, **wrong)


def test_a_number_that_two_creditors_use_names_nobody(cast: Any) -> None:
    twin = cast.accounts["pedro"]
    Account.objects.filter(id=twin.id).update(number="CTA-MARIA", creditor=Creditor.objects.create(name="Otro", code="OTRO", created_at=cast.now))
    with pytest.raises(SeveralPersons):
        queries.person_named("cta-maria")
    form = ComplaintForm({"person": "CTA-MARIA", "cause": "threat", "lodged": "house", "channel": "email", "received_on": cast.today.isoformat(), "about": "other"})
    assert not form.is_valid() and "varias personas" in str(form.errors["person"]) and form.account is None
    assert queries.person_named(str(cast.maria.id)) == cast.maria


def test_a_complaint_by_the_number_of_an_account_is_about_it(cast: Any) -> None:
    form = ComplaintForm({"person": " cta-maria ", "cause": "threat", "lodged": "house", "channel": "email", "received_on": cast.today.isoformat(), "about": "other"})
    assert form.is_valid() and (form.cleaned_data["person"], form.account) == (cast.maria, cast.accounts["maria"])
