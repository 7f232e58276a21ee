"""Contact points, consents, placements and searching."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from recaudo.portfolio import queries
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, ContactPoint, Placement
from recaudo.portfolio.queries import AccountFilters
from recaudo.portfolio.services.consents import BadConsent
from recaudo.portfolio.services.contacts import BadContactPoint
from recaudo.portfolio.services.placements import BadPlacement
from recaudo.store import tenancy


def save(cast, kind, value, person=None, **more):
    return portfolio.save_contact_point(**{"person": person or cast.pedro, "kind": kind, "value": value, "source": "debtor", "by": cast.ana, "at": cast.now} | more)


def test_a_phone_is_kept_in_one_form_masked_and_encrypted(cast):
    point = save(cast, "phone", "9 8765 4321")
    assert (point.value, point.hint, point.line_type, point.zones) == ("+56987654321", "··4321", "either", ["America/Santiago"])
    assert point.ownership_score > 0.9
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM portfolio_contactpoint WHERE id = %s", [point.id])
        assert b"87654321" not in bytes(cursor.fetchone()[0])


@pytest.mark.parametrize("written", ["+52 1 55 1234 5678", "55-1234-5678", "044 55 1234 5678", "+525512345678"])
def test_the_same_mexican_line_in_any_form_is_the_same_point(cast, written):
    before = cast.maria.contact_points.get(kind="phone")
    assert save(cast, "phone", written, cast.maria, source="agreed").id == before.id
    assert cast.maria.contact_points.filter(kind="phone").count() == 1


def test_hearing_of_it_again_does_not_undo_an_opt_out(cast):
    point = cast.maria.contact_points.get(kind="phone")
    portfolio.set_contact_point_status(point, status="opted_out", by=cast.ana, at=cast.now)
    assert save(cast, "phone", "5512345678", cast.maria).status == "opted_out"


def test_a_wrong_number_is_trusted_no_more(cast):
    point = portfolio.set_contact_point_status(cast.maria.contact_points.get(kind="phone"), status="wrong_party", by=cast.ana, at=cast.now)
    assert point.ownership_score == 0
    verified = portfolio.set_contact_point_status(cast.maria.contact_points.get(kind="email"), status="valid", by=cast.ana, at=cast.now)
    assert verified.verified_on == cast.today


@pytest.mark.parametrize(
    ("kind", "value", "more"),
    [("phone", "123", {}), ("phone", "0000000000", {}), ("email", "sin arroba", {}), ("address", "na", {}), ("fax", "1", {}),
     ("phone", "987654321", {"source": "rumor"}), ("phone", "987654321", {"status": "raro"}), ("phone", "987654321", {"place": "luna"})],
)  # fmt: skip
def test_what_cannot_reach_anybody_is_refused_with_a_reason(cast, kind, value, more):
    before = ContactPoint.objects.count()
    with pytest.raises(BadContactPoint) as caught:
        save(cast, kind, value, **more)
    assert ContactPoint.objects.count() == before
    assert len(caught.value.text) > 50
    assert len(value) < 3 or value not in caught.value.text


def test_a_consent_needs_proof_and_an_opt_out_does_not(cast):
    give = {"person": cast.maria, "channels": ["sms"], "source": "call", "by": cast.ana, "at": cast.now}
    with pytest.raises(BadConsent):
        portfolio.give_consent(kind="authorised_channel", evidence=" ", **give)
    with pytest.raises(BadConsent):
        portfolio.give_consent(kind="authorised_channel", evidence="x", **{**give, "channels": ["fax"]})
    with pytest.raises(BadConsent):
        portfolio.give_consent(kind="whatever", evidence="x", **give)
    consent = portfolio.give_consent(kind="channel_optout", evidence="", **give)
    later = cast.now + timedelta(hours=1)
    assert portfolio.revoke_consent(consent, by=cast.ana, at=later).revoked_at == later
    assert portfolio.revoke_consent(consent, by=cast.ana, at=later + timedelta(hours=1)).revoked_at == later


def test_an_agency_sees_what_is_placed_with_it_until_it_is_recalled(cast):
    norte, sur = cast.agencies["NORTE"], cast.agencies["SUR"]
    ids = [cast.accounts["maria"].id, cast.accounts["pedro"].id]
    place = {"team": None, "from_on": cast.today, "by": cast.gabriel, "at": cast.now}
    assert portfolio.place_accounts(account_ids=ids, agency=norte, **place).placed == 2
    again = portfolio.place_accounts(account_ids=ids, agency=norte, **place)
    assert (again.placed, again.unchanged) == (0, 2)
    with tenancy.acting(cast.tenant.id, norte.id):
        assert Account.objects.count() == 2
        assert {a.number for a in queries.find_accounts(AccountFilters())} == {"CTA-MARIA", "CTA-PEDRO"}
        assert queries.search("Lucía").count() == 0
    moved = portfolio.place_accounts(account_ids=ids[:1], agency=sur, **place)
    assert (moved.placed, moved.ended) == (1, 1)
    with tenancy.acting(cast.tenant.id, norte.id):
        assert Account.objects.get().number == "CTA-PEDRO"
    assert portfolio.recall_accounts(account_ids=ids, by=cast.gabriel, at=cast.now) == 2
    with tenancy.acting(cast.tenant.id, sur.id):
        assert not Account.objects.exists()
    assert set(Placement.objects.values_list("status", flat=True)) == {"recalled"}


def test_a_placement_names_one_holder_and_a_day_that_came(cast):
    ids = [cast.accounts["maria"].id]
    with pytest.raises(BadPlacement):
        portfolio.place_accounts(account_ids=ids, agency=None, team=None, from_on=cast.today, by=cast.gabriel, at=cast.now)
    with pytest.raises(BadPlacement):
        portfolio.place_accounts(account_ids=ids, agency=cast.agencies["SUR"], team=None, from_on=cast.today + timedelta(days=1),
                                 by=cast.gabriel, at=cast.now)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [("maria lopez", "CTA-MARIA"), ("MARÍA", "CTA-MARIA"), ("nunez lópez", "CTA-MARIA"), ("cta-ped", "CTA-PEDRO"), ("REFLUCIA", "CTA-LUCIA"),
     ("LOMM800101AB1", "CTA-MARIA"), ("lomm 800101-ab1", "CTA-MARIA"), ("+52 1 55 1234 5678", "CTA-MARIA"), ("5512345678", "CTA-MARIA"),
     ("pagos@esquina.example", "CTA-ESQUINA"), ("esquina", "CTA-ESQUINA")],
)  # fmt: skip
def test_what_a_person_types_finds_the_account(cast, typed, found):
    assert [account.number for account in queries.find_accounts(AccountFilters(text=typed))] == [found]


@pytest.mark.parametrize("typed", ["zz", "nadie así", "999", "%", "_____", "' OR 1=1 --"])
def test_what_is_not_there_is_not_found(cast, typed):
    assert list(queries.find_accounts(AccountFilters(text=typed))) == []


def test_filters_narrow_the_list_and_the_worst_comes_first(cast):
    def numbers(**filters):
        return [account.number for account in queries.find_accounts(AccountFilters(**filters))]

    assert numbers() == ["CTA-ESQUINA", "CTA-MARIA", "CTA-PEDRO", "CTA-LUCIA"]
    assert numbers(bucket="B2") == ["CTA-MARIA"]
    assert numbers(dpd_from=5, dpd_to=40) == ["CTA-MARIA", "CTA-PEDRO"]
    assert numbers(currency="MXN", is_open=True) == ["CTA-MARIA", "CTA-LUCIA"]
    assert numbers(is_open=False) == []
    assert queries.bounded_count(queries.find_accounts(AccountFilters()), 3) == (3, False)


def test_the_sheet_of_an_account_is_complete_in_few_queries(cast, django_assert_max_num_queries):
    account = cast.accounts["maria"]
    portfolio.record_payment(account=account, amount_minor=100_000, currency="MXN", paid_on=cast.today, external_id="p", by=cast.raul, at=cast.now)
    with django_assert_max_num_queries(12):
        sheet = queries.account_sheet(account)
    assert sheet.components == {"principal": 1_150_000}
    assert [party.role for party in sheet.parties] == ["holder"]
    assert {point.kind for point in sheet.parties[0].contact_points} == {"phone", "im", "email"}
    assert (len(sheet.instalments), len(sheet.payments), len(sheet.entries)) == (2, 1, 2)
