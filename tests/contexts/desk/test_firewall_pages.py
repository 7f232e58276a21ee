"""The screens of the wrong-party firewall: quarantine, release by two people, searches."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.contexts.casework.scenes import point
from tests.contexts.desk.test_pages import address, enter, now  # noqa: F401 the pages' clock

from recaudo.casework import services as casework
from recaudo.casework.models import Action, Search
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import ContactPoint, Placement, Quarantine, QuarantineRelease


@pytest.fixture
def told(cast: Any, client: Client) -> Quarantine:
    """Ana heard «no es él» on María's number."""
    enter(client, cast.ana).post(address(cast, "maria", "llamar/"), {"medio": point(cast, "maria").id})
    client.post(f"/gestiones/{Action.objects.get().id}/resultado/", {"disposition": "TC06"})
    return Quarantine.objects.get()


def test_the_list_and_the_detail_say_who_said_it_and_how(cast: Any, client: Client, told: Quarantine) -> None:
    page = client.get("/cuarentena/").content.decode()
    assert "··5678" in page and "María López" in page and "Ana Pérez" in page and "525512345678" not in page
    page = client.get(f"/cuarentena/{told.id}/").content.decode()
    assert "TC06" in page and "Proponer liberarlo" in page


def test_the_account_page_shows_the_number_in_quarantine_and_offers_no_call(cast: Any, client: Client, told: Quarantine) -> None:
    page = client.get(address(cast, "maria")).content.decode()
    assert "En cuarentena" in page and f'value="{point(cast, "maria").id}"' not in page.split("Quién responde")[0]


def test_one_proposes_another_approves_and_the_number_serves_again(cast: Any, client: Client, told: Quarantine) -> None:
    typed = {"person": cast.maria.id, "evidence_kind": "document", "evidence": "Contrato 7781, anexo B"}
    weak = client.post(f"/cuarentena/{told.id}/liberar/", {**typed, "evidence": "sí"})
    assert weak.status_code == 422 and not QuarantineRelease.objects.exists()
    assert client.post(f"/cuarentena/{told.id}/liberar/", typed).status_code == 302
    release = QuarantineRelease.objects.get()
    assert client.post(f"/cuarentena/liberaciones/{release.id}/aprobar/").status_code == 403  # an agent may not
    enter(client, cast.sofia)
    page = client.get(f"/cuarentena/{told.id}/").content.decode()
    assert "La evidencia basta: liberar" in page and "Contrato 7781" in page
    client.post(f"/cuarentena/liberaciones/{release.id}/aprobar/")
    assert ContactPoint.objects.get(person=cast.maria, kind="phone").status == "unverified"
    assert "Liberado para esta persona" in client.get(f"/cuarentena/{told.id}/").content.decode()


def test_who_proposed_cannot_approve_even_with_the_right_to(cast: Any, client: Client, told: Quarantine) -> None:
    enter(client, cast.gabriel)
    client.post(f"/cuarentena/{told.id}/liberar/", {"person": cast.maria.id, "evidence_kind": "document", "evidence": "Contrato 7781, anexo B"})
    release = QuarantineRelease.objects.get()
    client.post(f"/cuarentena/liberaciones/{release.id}/aprobar/")
    release.refresh_from_db()
    assert release.is_approved is None
    assert "Usted la propuso" in client.get(f"/cuarentena/{told.id}/").content.decode()
    client.post(f"/cuarentena/liberaciones/{release.id}/negar/", {"reason": "Me equivoqué de contrato"})
    release.refresh_from_db()
    assert release.is_approved is False


def test_the_status_list_of_a_person_cannot_lift_it(cast: Any, client: Client, told: Quarantine) -> None:
    held = ContactPoint.objects.get(person=cast.maria, kind="phone")
    answer = client.post(f"/personas/{cast.maria.id}/medios/{held.id}/", {"status": "valid"})
    assert answer.status_code == 409
    held.refresh_from_db()
    assert held.status == "wrong_party"


def test_a_search_is_taken_and_closed_on_its_page(cast: Any, client: Client, told: Quarantine) -> None:
    page = client.get("/busquedas/").content.decode()
    assert "María López" in page and "··5678" in page
    search = Search.objects.get()
    client.post(f"/busquedas/{search.id}/tomar/")
    assert "María López" in client.get("/busquedas/?ver=mias").content.decode()
    half = client.post(f"/busquedas/{search.id}/", {"kind": "phone", "value": "", "source": "skip_tracing", "note": "En el directorio"})
    assert half.status_code == 422
    client.post(f"/busquedas/{search.id}/", {"kind": "phone", "value": "+525587650000", "source": "debtor", "note": "Lo dio en ventanilla"})
    search.refresh_from_db()
    assert (search.status, search.result) == ("closed", "found")
    assert "Se encontró un medio" in client.get("/busquedas/?ver=cerradas").content.decode()


def test_an_agency_sees_why_the_number_of_its_person_rests_and_not_who_said_it_of_whom(cast: Any, client: Client, told: Quarantine) -> None:
    portfolio.save_contact_point(person=cast.pedro, kind="phone", value="+525512345678", source="creditor", country="MX", by=cast.raul, at=cast.now)
    Placement.objects.create(account=cast.accounts["pedro"], agency=cast.agencies["NORTE"], status="active", from_on=cast.today, created_at=cast.now)
    enter(client, cast.nadia)
    page = client.get("/cuarentena/").content.decode()
    assert "··5678" in page and "otra persona" in page and "María López" not in page and "Ana Pérez" not in page
    page = client.get(f"/cuarentena/{told.id}/").content.decode()
    assert cast.pedro.name in page and "Proponer liberarlo" in page
    assert "María López" not in page and "Ana Pérez" not in page and "TC06" not in page


def test_a_view_of_the_searches_that_does_not_exist_shows_the_open_ones(cast: Any, client: Client, told: Quarantine) -> None:
    page = client.get("/busquedas/?ver=nada").content.decode()
    assert '<h2 class="card-title">Abiertas</h2>' in page and "María López" in page


def test_who_may_not_see_persons_sees_none_of_it(cast: Any, client: Client, told: Quarantine) -> None:
    enter(client, cast.elena)
    assert client.get("/cuarentena/").status_code == 403 and client.get("/busquedas/").status_code == 403


@pytest.mark.parametrize("page", ["/cuarentena/", "/busquedas/"])
def test_the_lists_ask_as_many_queries_for_four_as_for_one(cast: Any, client: Client, told: Quarantine, page: str) -> None:
    def asked() -> int:
        client.get(page)  # the first visit also renews the session
        with CaptureQueriesContext(connection) as found:
            assert client.get(page).status_code == 200
        return len(found)

    one = asked()
    for who in ("pedro", "lucia", "esquina"):
        casework.wrong_party(contact_point=point(cast, who), channel="sms", evidence="«no soy yo»", by=cast.ana, at=cast.now)
    assert asked() == one <= 18  # twelve of which are the session's
