"""Carmen audits: what got past the gate is found and named, corrected, proved, and closed by somebody else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from tests.contexts.casework.scenes import call, close, point
from tests.contexts.compliance.test_policies import approved, defined
from tests.contexts.compliance.test_retention import close_long_ago

from recaudo.agreements.models import Promise
from recaudo.casework.models import Action, Hold, PermitRecord
from recaudo.compliance.models import AuditFinding, AuditProgramme, AuditRun, Complaint, PolicyVersion, RightsRequest
from recaudo.compliance.queries import audits as queries
from recaudo.compliance.queries.controls import CONTROLS, MANY_QUARANTINES, Scope, look
from recaudo.compliance.services import audits
from recaudo.journal import services as journal
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM
from recaudo.law.models import LawDecision
from recaudo.law.queries import rules
from recaudo.messaging.models import Message, Template
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, ContactPoint, Person, Quarantine
from recaudo.store.keys import uuid7
from recaudo.store.tenancy import acting
from recaudo.strategy.models import Publication

ZONE = "America/Mexico_City"
# The replay of the law reads what is committed: its own test has a database of its own.
CODES = [code for code in CONTROLS if code != "contact_against_law"]


def scope(cast: Any, **more: Any) -> Scope:
    return Scope(cast.today - timedelta(days=7), cast.today + timedelta(days=1), cast.today, ZONE, **more)


def contact(cast: Any, who: str = "maria", *, hours: float = 1, allow: bool = True, channel: str = "call", **more: Any) -> Action:
    """A contact written straight into the tables, with the allow record that the gate would have written."""
    at = cast.now - timedelta(hours=hours)
    given = {
        "person_id": cast.people[who].id, "account_id": cast.accounts[who].id, "creditor_id": cast.accounts[who].creditor_id, "channel": channel,
        "status": "done", "is_attempt": True, "disposition": "NC01", "occurred_at": at, "contact_point_id": point(cast, who).id, "created_at": at,
        "by_id": cast.ana.id, **more,
    }  # fmt: skip
    row = Action.objects.create(**given)
    if allow:
        permit(row, at)
    return row


def permit(row: Action, at: Any, **more: Any) -> PermitRecord:
    given = {
        "action_id": row.id, "contact_point_id": row.contact_point_id, "person_id": row.person_id, "channel": row.channel, "purpose": "collection", "asked_at": at, "is_allowed": True,
        "valid_until": at + timedelta(minutes=10), "lawbook_version": "x", "libraries": "x", "input": "{}", "input_digest": "0" * 64, "created_at": at, **more,
    }  # fmt: skip
    return PermitRecord.objects.create(**given)


def message(cast: Any, template: Template, at: Any, who: str = "maria") -> Message:
    row = contact(cast, who, channel="sms", hours=2)
    return Message.objects.create(
        action_id=row.id, person_id=row.person_id, account_id=row.account_id, contact_point_id=row.contact_point_id, channel="sms", provider="sandbox",
        template_id=template.id, to="+525512345678", to_hint="··5678", body="x", status="sent", sent_at=at, created_at=at,
    )  # fmt: skip


def template(cast: Any, **more: Any) -> Template:
    return Template.objects.create(
        **{"code": f"t{str(uuid7())[-6:]}", "channel": "sms", "name": "x", "body": "x", "status": "approved", "approved_at": cast.now - timedelta(days=30),
           "created_at": cast.now, **more}
    )  # fmt: skip


def clean(cast: Any) -> None:
    contact(cast, "lucia")


def without_permit(cast: Any) -> str:
    refused = contact(cast, allow=False)
    permit(refused, refused.occurred_at, is_allowed=False, valid_until=None)
    return str(refused.id)


def outside_permit(cast: Any) -> str:
    row = contact(cast, allow=False)
    permit(row, row.occurred_at - timedelta(minutes=40))
    return str(row.id)


def quarantined(cast: Any) -> str:
    row = contact(cast)
    where = point(cast, "maria")
    Quarantine.objects.create(
        kind="phone", value_index=where.value_index, hint="··", person=cast.maria, channel="call", evidence_kind="said", evidence="x", last_at=cast.now,
        created_at=row.occurred_at - timedelta(days=1),
    )  # fmt: skip
    return str(row.id)


def on_hold(cast: Any) -> str:
    row = contact(cast)
    Hold.objects.create(
        person=cast.maria, kind="opt_out", reason="x", from_at=row.occurred_at - timedelta(hours=3), released_at=row.occurred_at + timedelta(minutes=1),
        created_at=cast.now,
    )  # fmt: skip
    return str(row.id)


def over_cap(cast: Any) -> str:
    rows = [contact(cast, hours=24 * day + 1, disposition="TC01") for day in (5, 4, 3, 2, 1, 0)]
    return str(rows[-1].id)


def not_placed(cast: Any) -> str:
    return str(contact(cast, agency_id=cast.agencies["NORTE"].id).id)


def debt_text(cast: Any) -> str:
    ContactPoint.objects.filter(id=point(cast, "maria").id).update(source="third_party", status="unverified")
    return str(message(cast, template(cast, content_tokens=["creditor_name", "optout"]), cast.now - timedelta(hours=2)).id)


def unapproved(cast: Any) -> str:
    return str(message(cast, template(cast, status="draft", approved_at=None), cast.now - timedelta(hours=2)).id)


def promise(cast: Any) -> str:
    row = Promise.objects.create(
        account=cast.accounts["maria"], person=cast.maria, amount_minor=100, currency="MXN", made_on=cast.today, due_on=cast.today, grace_on=cast.today,
        channel="call", created_at=cast.now,
    )  # fmt: skip
    return str(row.id)


def late_complaint(cast: Any) -> str:
    row = Complaint.objects.create(
        person=cast.maria, folio="Q-1", channel="call", cause="hours", received_on=cast.today - timedelta(days=30), due_on=cast.today - timedelta(days=2),
        created_at=cast.now - timedelta(days=30),
    )  # fmt: skip
    return str(row.id)


def late_request(cast: Any) -> str:
    row = RightsRequest.objects.create(
        person=cast.maria, folio="D-1", kind="access", channel="email", received_on=cast.today - timedelta(days=30), due_on=cast.today - timedelta(days=3),
        status="answered", answered_at=cast.now - timedelta(days=1), created_at=cast.now - timedelta(days=30),
    )  # fmt: skip
    return str(row.id)


def no_input(cast: Any) -> str:
    row = contact(cast, allow=False)
    return str(permit(row, row.occurred_at, input=None, input_digest="").id)


def unsigned(cast: Any) -> str:
    row = LawDecision.objects.create(
        name="CL.week", choice="calendar", reason="x", proposed_by_id=cast.carmen.id, approved_by_id=cast.gabriel.id, approved_at=cast.now, created_at=cast.now
    )
    return str(row.id)


def overdue(cast: Any) -> str:
    """Chile keeps two years; everything about Pedro ended three years ago, and about María too, whom a court may still ask about."""
    for who in ("pedro", "maria"):
        close_long_ago(cast, who)
    Hold.objects.create(person=cast.maria, kind="legal", reason="x", from_at=cast.now, created_at=cast.now)
    Person.objects.filter(id=cast.maria.id).update(country="CL")
    return str(cast.pedro.id)


def many_quarantines(cast: Any) -> str:
    for _ in range(MANY_QUARANTINES + 1):
        journal.record("contact_point.quarantined", by=cast.ana, at=cast.now, subject="person", subject_id=cast.maria.id, quarantine_id=uuid7(), points=1)
    return str(cast.ana.id)


def own_quarantine(cast: Any) -> str:
    """Nadia adds Lucía's number to María, and says that it is nobody's."""
    added = portfolio.save_contact_point(person=cast.maria, kind="phone", value="+525587654321", source="third_party", country="MX", by=cast.nadia, at=cast.now)
    portfolio.set_contact_point_status(added, status="wrong_party", by=cast.nadia, at=cast.now, reason="no es")
    return str(Quarantine.objects.get().id)


def over_limit(cast: Any) -> str:
    Account.objects.filter(id=cast.accounts["maria"].id).update(credit_limit_minor=1_000_000)
    Account.objects.filter(id=cast.accounts["lucia"].id).update(credit_limit_minor=1_000_000)
    return str(cast.accounts["maria"].id)


def not_approved(cast: Any) -> str:
    said = {"lucia": ("CRED-7", "2025-01-05"), "maria": ("CRED-7", "2025-03-01"), "pedro": (None, None)}
    for who, (by, on) in said.items():
        extra = {} if by is None else {"credit_approved_by": by, "credit_approved_on": on}
        Account.objects.filter(id=cast.accounts[who].id).update(extra=extra, opened_on=date(2025, 2, 1))
    return str(cast.accounts["maria"].id)


def unread_policy(cast: Any) -> str:
    row = approved(cast, defined(cast, roles=["back_office"], agency_ids=[]))
    Publication.objects.filter(subject_id=row.id).update(due_on=cast.today - timedelta(days=1))
    return str(cast.raul.id)


def old_policy(cast: Any) -> str:
    row = approved(cast, defined(cast))
    PolicyVersion.objects.filter(id=row.id).update(review_on=cast.today - timedelta(days=1))
    return str(row.policy_id)


BREACHES = {
    "quarantine_many": many_quarantines, "quarantine_own": own_quarantine, "credit_over_limit": over_limit, "credit_unapproved": not_approved,
    "policy_unread": unread_policy, "policy_old": old_policy,
    "contact_without_permit": without_permit, "contact_outside_permit": outside_permit, "contact_quarantined": quarantined, "contact_during_hold": on_hold,
    "contact_over_cap": over_cap, "agency_not_placed": not_placed, "debt_text_unverified": debt_text, "template_unapproved": unapproved,
    "promise_without_record": promise, "complaint_late": late_complaint, "request_late": late_request, "permit_without_input": no_input, "law_unsigned": unsigned,
    "retention_overdue": overdue,
}  # fmt: skip


def test_work_through_the_gate_breaks_no_control(cast: Any) -> None:
    action, allowed = call(cast)
    close(cast, action, allowed, "NC01")
    clean(cast)
    found = look(CODES, scope(cast), rules())
    assert {code: one.count for code, one in found.items() if one.count or one.skipped} == {}
    assert found["contact_without_permit"].checked == 2


@pytest.mark.parametrize("code", BREACHES)
def test_a_breach_planted_past_the_services_is_found_and_named(cast: Any, code: str) -> None:
    planted = BREACHES[code](cast)
    found = look(CODES, scope(cast), rules())
    assert planted in {case.id for case in found[code].cases}
    assert found[code].count == 1
    # What breaks one rule is not blamed on others.
    others = {other for other, one in found.items() if one.count and other != code}
    assert others == set()


def test_breaches_before_the_period_are_another_audits(cast: Any) -> None:
    without_permit(cast)
    early = Scope(cast.today - timedelta(days=7), cast.today, cast.today, ZONE)
    assert look(["contact_without_permit"], early, rules())["contact_without_permit"].count == 0


def test_a_scope_of_a_country_or_an_agency_leaves_the_rest_out(cast: Any) -> None:
    without_permit(cast)
    contact(cast, "pedro", allow=False, agency_id=cast.agencies["SUR"].id)
    code = "contact_without_permit"
    assert look([code], scope(cast, country="CL"), rules())[code].count == 1
    assert look([code], scope(cast, agency_id=cast.agencies["SUR"].id), rules())[code].count == 1
    assert look([code], scope(cast), rules())[code].count == 2
    assert look(["request_late"], scope(cast, agency_id=cast.agencies["SUR"].id), rules())["request_late"].skipped


def test_what_a_person_asked_for_is_no_breach_of_a_hold_or_a_cap(cast: Any) -> None:
    on_hold(cast)
    Action.objects.all().update(purpose="reply_to_debtor")
    assert look(["contact_during_hold"], scope(cast), rules())["contact_during_hold"].count == 0


def test_the_law_run_again_finds_a_contact_at_night(own_database: Any) -> None:
    from tests.cast import make_cast

    cast = make_cast()
    with acting(cast.tenant.id):
        night = cast.now.replace(hour=8)  # two in the morning in Mexico City
        contact(cast, occurred_at=night, created_at=night, disposition="TC01", allow=False)
        contact(cast, "lucia", disposition="TC01")
    with acting(cast.tenant.id):
        found = look(["contact_against_law"], scope(cast), rules())["contact_against_law"]
    assert (found.checked, found.count) == (2, 1) and found.cases[0].at.startswith("2026-11-24T08:00")


def programme(cast: Any, **more: Any) -> AuditProgramme:
    given = {
        "name": "Contacto lícito", "purpose": "Que no se escape nada", "subject": "action", "controls": ["contact_without_permit", "complaint_late"],
        "questions": ["¿Se identificó?"], "period": "monthly", "sample_size": 3, "responsible_id": cast.carmen.id, "next_on": cast.today, **more,
    }  # fmt: skip
    return audits.programmed(**given, by=cast.carmen, at=cast.now)


def started(cast: Any, row: AuditProgramme | None = None, *, seed: int = 7) -> AuditRun:
    return audits.start_audit(
        row or programme(cast), from_on=cast.today - timedelta(days=7), until_on=cast.today + timedelta(days=1), seed=seed, zone=ZONE, rules=rules(), by=cast.carmen,
        at=cast.now, on=cast.today,
    )  # fmt: skip


def test_the_same_seed_draws_the_same_sample_and_another_another(cast: Any) -> None:
    for hours in range(1, 21):
        contact(cast, hours=hours)
    row = started(cast)
    assert (len(row.sample), row.population_count) == (3, 20)
    assert [str(one) for one in queries.redraw(row, zone=ZONE, on=cast.today).ids] == row.sample
    assert {tuple(started(cast, row.programme, seed=seed).sample) for seed in range(5)} != {tuple(row.sample)}
    assert [one.id for one in queries.sampled(row, zone=ZONE, on=cast.today)] == row.sample


@pytest.mark.parametrize("subject", ["action", "message", "account", "permit"])
def test_every_kind_of_row_can_be_sampled(cast: Any, subject: str) -> None:
    message(cast, template(cast), cast.now - timedelta(hours=2))
    row = started(cast, programme(cast, subject=subject))
    assert row.sample and len(queries.sampled(row, zone=ZONE, on=cast.today)) == len(row.sample)


def test_an_audit_opens_a_finding_with_evidence_for_each_broken_control(cast: Any) -> None:
    broken = without_permit(cast)
    row = started(cast)
    found = AuditFinding.objects.get(run=row)
    assert (found.control, found.severity, found.case_count, found.status) == ("contact_without_permit", "critical", 1, "open")
    assert found.evidence[0]["id"] == broken and found.evidence[0]["kind"] == "action"
    assert [item["result"] for item in row.checklist] == ["fail", "pass", "pending"]
    assert Event.objects.filter(name="finding.opened", subject_id=found.id).exists()


def test_an_audit_closes_only_when_every_point_and_finding_is_dealt_with(cast: Any) -> None:
    without_permit(cast)
    row = started(cast)
    with pytest.raises(audits.AuditUnfinished):
        audits.close_audit(row, conclusion="Todo bien revisado", by=cast.carmen, at=cast.now)
    row = audits.answer_item(row, number=2, result="fail", note="En una llamada no", by=cast.carmen, at=cast.now)
    assert AuditFinding.objects.filter(run=row, control="").count() == 1
    with pytest.raises(audits.AuditUnfinished):
        audits.close_audit(row, conclusion="Todo bien revisado", by=cast.carmen, at=cast.now)
    for one in AuditFinding.objects.filter(run=row):
        plan(cast, one)
    assert audits.close_audit(row, conclusion="Todo bien revisado", by=cast.carmen, at=cast.now).status == "closed"
    with pytest.raises(audits.AuditClosed):
        audits.add_finding(row, title="x", detail="", severity="low", by=cast.carmen, at=cast.now)


def plan(cast: Any, one: AuditFinding, *, who: str = "gabriel", due: date | None = None) -> AuditFinding:
    return audits.plan_correction(
        one, correction="Cambiar el proceso", responsible_id=cast.users[who].id, due_on=due or cast.today + timedelta(days=5), by=cast.carmen, at=cast.now, on=cast.today
    )  # fmt: skip


@pytest.fixture
def finding(cast: Any) -> AuditFinding:
    without_permit(cast)
    started(cast)
    found: AuditFinding = AuditFinding.objects.get()
    return found


def test_who_answers_for_a_correction_does_not_close_it(cast: Any, finding: AuditFinding) -> None:
    with pytest.raises(audits.BadFinding):
        audits.close_finding(finding, proof="Se ve en la bitácora", by=cast.carmen, at=cast.now)
    plan(cast, finding)
    with pytest.raises(audits.SamePerson):
        audits.close_finding(finding, proof="Se ve en la bitácora", by=cast.gabriel, at=cast.now)
    with pytest.raises(audits.BadFinding):
        audits.close_finding(finding, proof="ok", by=cast.carmen, at=cast.now)
    assert audits.close_finding(finding, proof="Se ve en la bitácora", by=cast.carmen, at=cast.now).closed_by_id == cast.carmen.id


def test_the_database_too_wants_two_people_and_a_plan(cast: Any, finding: AuditFinding) -> None:
    plan(cast, finding)
    mine = AuditFinding.objects.filter(id=finding.id)
    with pytest.raises(IntegrityError, match="finding_two_people"), transaction.atomic():
        mine.update(status="closed", proof="x", closed_at=cast.now, closed_by_id=cast.gabriel.id)
    with pytest.raises(IntegrityError, match="finding_planned"), transaction.atomic():
        mine.update(correction="")


def test_a_finding_past_its_day_is_late_until_it_is_closed_and_may_be_reopened(cast: Any, finding: AuditFinding) -> None:
    plan(cast, finding, due=cast.today)
    tomorrow = cast.today + timedelta(days=1)
    assert queries.finding_counts(on=cast.today).late == 0 and queries.finding_counts(on=tomorrow).late == 1
    assert list(queries.findings(late_on=tomorrow)) == [finding]
    audits.close_finding(finding, proof="Se ve en la bitácora", by=cast.carmen, at=cast.now)
    assert queries.finding_counts(on=tomorrow).pending == 0
    again = audits.reopen_finding(finding, reason="Volvió a pasar", by=cast.carmen, at=cast.now)
    assert (again.status, again.reopened_count, again.proof) == ("open", 1, "")
    assert Event.objects.get(name="finding.reopened").detail["proof"] == "Se ve en la bitácora"


def test_the_calendar_does_each_period_once_and_sets_the_next_day(cast: Any) -> None:
    row = programme(cast, next_on=date(2026, 11, 1))
    given = {"on": cast.today, "zone": ZONE, "rules": rules(), "seed": 1, "by": SYSTEM, "at": cast.now}
    assert audits.start_due(**given) == 1 and audits.start_due(**given) == 0
    row.refresh_from_db()
    run = AuditRun.objects.get()
    assert (run.from_on, run.until_on, row.next_on, run.is_scheduled) == (date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1), True)


def test_a_paused_programme_waits(cast: Any) -> None:
    programme(cast, is_active=False, next_on=date(2026, 11, 1))
    assert audits.start_due(on=cast.today, zone=ZONE, rules=rules(), seed=1, by=SYSTEM, at=cast.now) == 0


@pytest.mark.parametrize(
    ("day", "period", "before", "after"),
    [(date(2026, 3, 31), "monthly", date(2026, 2, 28), date(2026, 4, 30)), (date(2027, 1, 1), "quarterly", date(2026, 10, 1), date(2027, 4, 1)),
     (date(2026, 1, 5), "weekly", date(2025, 12, 29), date(2026, 1, 12)), (date(2024, 1, 31), "monthly", date(2023, 12, 31), date(2024, 2, 29))],
)  # fmt: skip
def test_periods_stay_within_their_months(day: date, period: str, before: date, after: date) -> None:
    assert (queries.before(day, period), queries.after(day, period)) == (before, after)


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"subject": "x"}, {"controls": ["x"]}, {"controls": [], "questions": [" "]}, {"sample_size": 0}, {"sample_size": 501}, {"period": "x"}]
)
def test_a_bad_programme_is_refused(cast: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(audits.BadProgramme):
        programme(cast, **wrong)


def test_a_bad_period_is_refused(cast: Any) -> None:
    row = programme(cast)
    for first, last in ((cast.today, cast.today), (cast.today, cast.today + timedelta(days=9)), (cast.today - timedelta(days=900), cast.today)):
        with pytest.raises(audits.BadAudit):
            audits.start_audit(row, from_on=first, until_on=last, seed=1, zone=ZONE, rules=rules(), by=cast.carmen, at=cast.now, on=cast.today)
