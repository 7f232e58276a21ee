"""Two records that are one person: joined, and taken apart exactly."""

from __future__ import annotations

import pytest

from recaudo.journal.models import Event
from recaudo.portfolio import queries
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, AccountParty, Consent, ContactPoint, Person, PersonMerge, Preference
from recaudo.portfolio.services.persons import CannotMerge, CannotUnmerge
from recaudo.store.fields import blind_index
from recaudo.store.keys import uuid7


@pytest.fixture
def twin(cast):
    """A second record of María: same id, same phone (opted out), an address and a consent of its own, one account."""
    maria = cast.maria
    twin = Person.objects.create(
        kind="natural", name="MARIA LOPEZ NUÑEZ", search_name="maria lopez nunez", id_type="RFC", national_id="LOMM800101AB1",
        national_id_index=blind_index("LOMM800101AB1", "national_id"), country="MX", zones=["America/Mexico_City"],
        birth_on="1980-01-01", created_at=cast.now,
    )  # fmt: skip
    key = {"at": cast.now, "by": cast.raul}
    phone = portfolio.save_contact_point(person=twin, kind="phone", value="55 1234 5678", source="debtor", **key)
    portfolio.set_contact_point_status(phone, status="opted_out", **key)
    portfolio.save_contact_point(person=twin, kind="address", value="Av. Juárez 12, Centro", source="creditor", **key)
    portfolio.give_consent(person=twin, kind="authorised_channel", channels=["sms"], source="call", evidence="grabación 7", **key)
    Preference.objects.create(person=twin, channel="call", source="call", created_at=cast.now)
    model = cast.accounts["maria"]
    account = Account.objects.create(
        creditor=model.creditor, portfolio=model.portfolio, number="CTA-TWIN", holder=twin, product="credit_card", currency="MXN",
        created_at=cast.now,
    )  # fmt: skip
    AccountParty.objects.create(account=account, person=twin, role="holder", created_at=cast.now)
    # On María's own account the twin stands as holder too: the same role twice once they are one.
    AccountParty.objects.create(account=model, person=twin, role="holder", created_at=cast.now)
    assert maria.id != twin.id
    return twin


def everything():
    """All rows that a merge may touch, as they are; ciphertext aside, which is new each time it is written."""
    tables = []
    for model in (Account, AccountParty, ContactPoint, Consent, Preference, Person):
        rows = []
        for row in model.objects.order_by("id"):
            rows.append({field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields})
        tables.append([{name: bytes(v) if isinstance(v, memoryview) else v for name, v in row.items()} for row in rows])
    return tables


def join(cast, twin, **more):
    return portfolio.merge_persons(**{"kept": cast.maria, "merged": twin, "reason": "Misma identificación", "by": cast.raul, "at": cast.now} | more)


def test_joining_moves_everything_to_the_record_that_stays(cast, twin):
    merge = join(cast, twin)
    twin.refresh_from_db()
    kept = cast.maria
    kept.refresh_from_db()
    assert twin.merged_into_id == kept.id
    assert set(Account.objects.filter(holder=kept).values_list("number", flat=True)) == {"CTA-MARIA", "CTA-TWIN"}
    assert AccountParty.objects.filter(account=cast.accounts["maria"], role="holder").count() == 1
    assert kept.contact_points.filter(kind="phone").count() == 1
    assert kept.contact_points.get(kind="address").hint.startswith("Av. Juárez")
    assert kept.consents.get().evidence == "grabación 7"
    assert kept.preferences.count() == 1
    assert kept.birth_on == "1980-01-01"
    event = Event.objects.get(name="person.merged")
    assert (event.subject_id, event.detail["merge_id"], event.detail["merged_id"]) == (kept.id, str(merge.id), str(twin.id))


def test_who_asked_not_to_be_called_asked_it_as_one_person(cast, twin):
    join(cast, twin)
    assert cast.maria.contact_points.get(kind="phone").status == "opted_out"


def test_undoing_restores_every_row(cast, twin):
    before = everything()
    merge = join(cast, twin)
    assert everything() != before
    portfolio.unmerge_persons(merge, by=cast.raul, at=cast.now)
    assert everything() == before
    assert Event.objects.filter(name="person.unmerged").count() == 1


def test_what_came_after_the_merge_stays_with_the_kept_record(cast, twin):
    merge = join(cast, twin)
    added = portfolio.save_contact_point(person=cast.maria, kind="email", value="nueva@correo.mx", source="debtor", by=cast.raul, at=cast.now)
    portfolio.unmerge_persons(merge, by=cast.raul, at=cast.now)
    added.refresh_from_db()
    assert added.person_id == cast.maria.id


def test_a_merge_is_undone_once_and_from_the_outside_in(cast, twin):
    first = join(cast, twin)
    second = portfolio.merge_persons(kept=cast.lucia, merged=cast.maria, reason="Prueba", by=cast.raul, at=cast.now)
    twin.refresh_from_db()
    assert twin.merged_into_id == cast.lucia.id
    with pytest.raises(CannotUnmerge):
        portfolio.unmerge_persons(first, by=cast.raul, at=cast.now)
    portfolio.unmerge_persons(second, by=cast.raul, at=cast.now)
    portfolio.unmerge_persons(first, by=cast.raul, at=cast.now)
    with pytest.raises(CannotUnmerge):
        portfolio.unmerge_persons(first, by=cast.raul, at=cast.now)


def test_a_record_is_not_joined_with_itself_nor_twice_nor_without_a_reason(cast, twin):
    for wrong in ({"merged": cast.maria}, {"reason": " "}):
        with pytest.raises(CannotMerge):
            join(cast, twin, **wrong)
    join(cast, twin)
    with pytest.raises(CannotMerge):
        join(cast, twin)


def test_a_reaction_above_notes_what_it_moved(cast, twin):
    merge, case = join(cast, twin), uuid7()
    portfolio.add_moved(merge.id, kind="cases", ids=[case])
    assert PersonMerge.objects.get(id=merge.id).moved["cases"] == [str(case)]


def test_the_pair_is_a_candidate_until_somebody_decides(cast, twin):
    (pair,) = queries.duplicates()
    assert {pair.left.person.id, pair.right.person.id} == {cast.maria.id, twin.id}
    assert pair.score > 0.9
    assert "identificación" in pair.why_es
    merge = join(cast, twin)
    assert queries.duplicates() == []
    portfolio.unmerge_persons(merge, by=cast.raul, at=cast.now)
    assert queries.duplicates() == []  # somebody looked: it is not offered again


def test_a_pair_declared_two_persons_is_not_offered_again(cast, twin):
    portfolio.dismiss_duplicate(left=cast.maria, right=twin, by=cast.raul, at=cast.now)
    assert queries.duplicates() == []
    assert list(queries.merges()) == []


def test_a_phone_of_the_family_alone_makes_no_pair(cast):
    portfolio.save_contact_point(person=cast.lucia, kind="phone", value="+525512345678", source="debtor", by=cast.raul, at=cast.now)
    assert queries.duplicates() == []


def test_a_search_for_the_joined_record_finds_the_one_that_stayed(cast, twin):
    join(cast, twin)
    assert {a.number for a in queries.search("LOMM800101AB1")} == {"CTA-MARIA", "CTA-TWIN"}
