"""Carmen writes a policy, Gabriel approves it, whom it is for reads it and says so; its owner is told when to look at it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from tests.cast import Cast, _user
from tests.contexts.law.test_changed_values import in_force
from tests.contexts.law.test_law_pages import as_user

from recaudo.compliance.models import Policy, PolicyVersion
from recaudo.compliance.queries import policies as queries
from recaudo.compliance.services import policies as services
from recaudo.journal.models import Event
from recaudo.law import services as law
from recaudo.store import tenancy
from recaudo.strategy import services as strategy
from recaudo.strategy.models import Acknowledgement, Publication
from recaudo.strategy.queries.publications import readers, told_to

TEXT = "# Trato\n\nSe habla **con respeto**.\n\n<script>alert(1)</script>\n\n[malo](javascript:alert(1))"
PDF = b"%PDF-1.7 una politica"


@pytest.fixture
def policy(cast: Cast) -> Policy:
    return defined(cast)


def defined(cast: Cast, **more: Any) -> Policy:
    given = {
        "code": "POL-01", "title": "Trato a las personas", "area": "contact", "owner_id": cast.carmen.id, "review_months": 12, "read_days": 7, "roles": [],
        "agency_ids": [cast.agencies["NORTE"].id], "to_staff": True, **more,
    }  # fmt: skip
    return services.define_policy(**given, by=cast.carmen, at=cast.now)


def written(cast: Cast, policy: Policy, text: str = TEXT, **more: Any) -> PolicyVersion:
    return services.write_version(policy, text=text, note="Primera versión de la casa", links=more.pop("links", []), by=cast.carmen, at=cast.now, **more)


def approved(cast: Cast, policy: Policy, text: str = TEXT, **more: Any) -> PolicyVersion:
    row = services.submit_version(written(cast, policy, text, **more), by=cast.carmen, at=cast.now)
    return services.approve_version(row, on=cast.today, by=cast.gabriel, at=cast.now)


def test_who_wrote_it_cannot_approve_it_and_the_database_says_so_too(cast: Cast, policy: Policy) -> None:
    row = services.submit_version(written(cast, policy), by=cast.carmen, at=cast.now)
    with pytest.raises(services.OwnPolicy):
        services.approve_version(row, on=cast.today, by=cast.carmen, at=cast.now)
    with pytest.raises(IntegrityError, match="policy_two_people"), transaction.atomic():
        PolicyVersion.objects.filter(id=row.id).update(
            status="in_force", decided_by_id=cast.carmen.id, decided_at=cast.now, from_on=cast.today, review_on=cast.today
        )
    assert not Publication.objects.exists()


def test_it_is_read_by_whom_it_is_for_with_the_hash_of_what_they_read(cast: Cast, policy: Policy) -> None:
    row = approved(cast, policy)
    publication = Publication.objects.get(subject_id=row.id)
    names = {one.user.name for one in readers(publication)}
    assert {"Ana Pérez", "Nadia Cruz"} <= names and not names & {"Silvia Paz", "Raúl Mena"}
    made = strategy.acknowledge(publication, by=cast.ana, at=cast.now)
    assert made.digest == row.digest == publication.digest and len(row.digest) == 64
    event = Event.objects.get(name="strategy.acknowledged")
    assert event.detail["digest"] == row.digest and event.by_id == cast.ana.id
    assert row.review_on == cast.today.replace(year=2027) and publication.due_on == cast.today + timedelta(days=7)


def test_a_policy_is_for_the_roles_that_it_names(cast: Cast) -> None:
    row = approved(cast, defined(cast, roles=["back_office"], agency_ids=[]))
    assert [one.user.name for one in readers(Publication.objects.get(subject_id=row.id))] == ["Raúl Mena"]
    assert [one.subject_id for one, _ in told_to(cast.raul)] == [row.id] and not told_to(cast.ana)
    page = as_user(cast.raul).get(reverse("strategy:instructions")).content.decode()
    assert "POL-01 · Trato a las personas" in page and "falta leer" in page


def test_a_new_version_is_read_again_and_the_old_one_no_more(cast: Cast, policy: Policy) -> None:
    first = approved(cast, policy)
    strategy.acknowledge(Publication.objects.get(subject_id=first.id), by=cast.ana, at=cast.now)
    second = approved(cast, policy, "Se habla con respeto y de usted.")
    first.refresh_from_db()
    assert (first.status, first.until_on, second.number) == ("replaced", cast.today, 2) and first.digest != second.digest
    assert [(one.subject_id, at is None) for one, at in told_to(cast.ana)] == [(second.id, True), (first.id, False)]
    assert [one.subject_id for one, _ in told_to(cast.beto)] == [second.id]
    assert Acknowledgement.objects.count() == 1  # what was read stays read, as it was


def test_the_reader_sees_text_and_never_code(cast: Cast, policy: Policy) -> None:
    row = approved(cast, policy)
    publication = Publication.objects.get(subject_id=row.id)
    page = as_user(cast.ana).get(reverse("strategy:instruction", args=[publication.id])).content.decode()
    assert "<h3>Trato</h3>" in page and "<strong>con respeto</strong>" in page
    assert "<script>alert" not in page and 'href="javascript' not in page


def test_an_agency_reads_the_document_that_is_for_it_and_nothing_else_of_the_policies(cast: Cast, policy: Policy) -> None:
    row = approved(cast, policy, "", file=PDF, file_name="../../trato.pdf")
    assert row.file_name == "trato.pdf" and row.path
    publication = Publication.objects.get(subject_id=row.id)
    mine = as_user(cast.nadia).get(reverse("compliance:told_file", args=[publication.id]))
    assert mine.content == PDF and "attachment" in mine["Content-Disposition"]
    assert as_user(cast.silvia).get(reverse("compliance:told_file", args=[publication.id])).status_code == 404
    assert as_user(cast.nadia).get(reverse("compliance:policy", args=[policy.id])).status_code == 403
    with tenancy.acting(cast.tenant.id, agency=cast.agencies["NORTE"].id):
        assert not PolicyVersion.objects.exists() and not Policy.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"code": " "}, "clave"), ({"agency_ids": [], "to_staff": False}, "para quién"), ({"review_months": 0}, "meses"), ({"roles": ["regulator_readonly"]}, "roles")],
)  # fmt: skip
def test_a_policy_that_nobody_could_follow_is_refused(cast: Cast, wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(services.BadPolicy, match=says):
        defined(cast, **wrong)


def test_a_text_is_bounded_and_a_file_is_a_pdf(cast: Cast, policy: Policy) -> None:
    with pytest.raises(services.BadPolicy, match="texto o cargue"):
        written(cast, policy, "  ")
    with pytest.raises(services.BadPolicy, match="PDF"):
        written(cast, policy, "Algo", file=b"MZ\x90", file_name="x.pdf")
    with pytest.raises(services.BadPolicy, match="60000"):
        written(cast, policy, "x" * 60_001)
    services.submit_version(written(cast, policy), by=cast.carmen, at=cast.now)
    with pytest.raises(services.NotOpen, match="por aprobar"):
        written(cast, policy, "Otro")


def test_its_owner_is_told_once_that_it_is_looked_at_again(cast: Cast, policy: Policy) -> None:
    row = approved(cast, policy)
    assert services.remind_reviews(on=cast.today, by=cast.carmen, at=cast.now) == 0
    near = row.review_on - timedelta(days=10)
    assert [services.remind_reviews(on=near, by=cast.carmen, at=cast.now) for _ in range(2)] == [1, 0]
    assert mail.outbox[0].to == [cast.carmen.email] and "POL-01" in mail.outbox[0].subject
    assert Event.objects.filter(name="policy.review_due").count() == 1
    again = services.reviewed(row, note="Se revisó con el área jurídica", on=near, by=cast.carmen, at=cast.now)
    assert again.review_on > near + timedelta(days=360) and again.reminded_on is None


def test_the_page_shows_whether_it_is_used(cast: Cast, policy: Policy) -> None:
    row = approved(cast, policy, links=queries.linked(rules=["MX-HOURS"], strategies=[], templates=["aviso"], programmes=[]))
    assert [(one.kind, one.count) for one in queries.uses(row, at=cast.now)] == [("rule", 0), ("template", 0)]
    page = as_user(cast.carmen).get(reverse("compliance:policy", args=[policy.id])).content.decode()
    assert "MX-HOURS" in page and page.count("sin uso") == 1 and "Beto Luna" in page and row.digest in page


def test_carmen_writes_sends_and_gabriel_approves_on_screen(cast: Cast) -> None:
    carmen, gabriel = as_user(cast.carmen), as_user(cast.gabriel)
    data = {"code": "POL-02", "title": "Datos", "area": "data", "owner": str(cast.carmen.id), "review_months": 6, "read_days": 5, "to_staff": "on"}
    made = carmen.post(reverse("compliance:policy_new"), data)
    policy = Policy.objects.get()
    assert made.url == reverse("compliance:policy_write", args=[policy.id])
    write = reverse("compliance:policy_write", args=[policy.id])
    wrong = carmen.post(write, {"text": "x", "note": "Primera versión", "rules": "XX-NADA"})
    assert wrong.status_code == 422 and "XX-NADA" in wrong.content.decode()
    carmen.post(write, {"text": "# Datos", "note": "Primera versión", "rules": "mx-hours", "file": SimpleUploadedFile("p.pdf", PDF)})
    act = lambda client, step, **more: client.post(reverse("compliance:policy_act", args=[policy.id, step]), more, follow=True).content.decode()  # noqa: E731
    assert "Se envió" in act(carmen, "enviar") and "pídalo a otra persona" in act(carmen, "aprobar") and "está en vigor" in act(gabriel, "aprobar")
    defined(cast, code="POL-09")
    assert "POL-09" in carmen.get(reverse("compliance:policies")).content.decode()  # listed before it has a text
    row = PolicyVersion.objects.get()
    assert row.links == [{"kind": "rule", "key": "MX-HOURS", "label": "MX-HOURS"}] and row.status == "in_force"
    assert carmen.get(reverse("compliance:policy_file", args=[policy.id, 1])).content == PDF
    listed = carmen.get(reverse("compliance:policies")).content.decode()
    assert "POL-02" in listed and "0 de" in listed
    csv = carmen.post(reverse("compliance:policy_readers", args=[policy.id]), {"formato": "csv"})
    assert row.digest in b"".join(csv).decode()
    assert "se retiró" in act(carmen, "retirar").lower() and not told_to(cast.ana)


def test_others_do_not_write_policies(cast: Cast, policy: Policy) -> None:
    for who in ("ana", "elena", "raul"):
        assert as_user(cast.users[who]).post(reverse("compliance:policy_act", args=[policy.id, "retirar"])).status_code == 403
    with tenancy.acting(cast.other_tenant.id):
        victor = as_user(cast.victor)
    assert victor.get(reverse("compliance:policy", args=[policy.id])).status_code == 404


# ---------------------------------------------------------------- the law changes


def test_a_change_of_the_law_is_told_to_those_who_work_by_it(cast: Cast) -> None:
    change = in_force(cast, _user(cast.tenant.id, "olga", "Olga Ruiz", ["compliance_officer"]))
    told = Publication.objects.get(kind="law")
    assert told.subject_id == change.id and "MX-HOURS" in told.title and "9:00" in told.text and "Circular interna 7/2026" in told.text
    assert set(told.agency_ids) == {one.id for one in cast.agencies.values()} and told.to_staff
    assert {one.user.name for one in readers(told)} >= {"Ana Pérez", "Nadia Cruz"}
    page: Client = as_user(cast.ana)
    page.post(reverse("strategy:acknowledge", args=[told.id]))
    assert "Usted dijo que lo leyó" in page.get(reverse("strategy:instruction", args=[told.id])).content.decode()


def test_a_proposal_or_its_withdrawal_is_told_to_nobody(cast: Cast) -> None:
    made = law.propose(name="CL.week", choice="calendar", reason="Así lo lee el área jurídica.", by=cast.carmen, at=cast.now)
    law.withdraw(made, by=cast.carmen, at=cast.now)
    assert not Publication.objects.exists()
