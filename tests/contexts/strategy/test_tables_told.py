"""Rules in force are told to agencies and agents; each says that they read them, and it shows who did not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from recaudo.journal.models import Event
from recaudo.kernel.problems import NotFound
from recaudo.strategy import services
from recaudo.strategy.models import Acknowledgement
from recaudo.strategy.queries import publications as told


def row_table(version):
    return services.sound(version.xml.encode()).decision("treatment").table


def publish(cast, version, *agencies, **more):
    given = {"to_staff": False, "note": "Se escribe antes de llamar", "due_on": None, **more}
    return services.publish(version, agencies=[cast.agencies[one] for one in agencies], today=cast.today, by=cast.gabriel, at=cast.now, **given)


def test_an_agency_reads_its_rules_in_words_and_says_so_once(cast, enter, active):
    made = publish(cast, active, "NORTE")
    nadia = enter("nadia")
    assert "falta leer" in nadia.get(reverse("strategy:instructions")).content.decode()
    page = nadia.get(reverse("strategy:instruction", args=[made.id])).content.decode()
    assert "Llamada de ejecutivo" in page and "CALL_AGENT" not in page and "Riesgo (0 a 1000)" not in page
    for _ in range(2):
        nadia.post(reverse("strategy:acknowledge", args=[made.id]))
    assert "Usted dijo que las leyó" in nadia.get(reverse("strategy:instruction", args=[made.id])).content.decode()
    assert Acknowledgement.objects.count() == 1 and Event.objects.filter(name="strategy.acknowledged").count() == 1


def test_another_agency_and_the_house_do_not_see_what_is_not_theirs(cast, enter, active):
    made = publish(cast, active, "NORTE")
    for who in ("silvia", "ana", "victor"):
        client = enter(who)
        assert client.get(reverse("strategy:instruction", args=[made.id])).status_code in (403, 404), who
        assert client.post(reverse("strategy:acknowledge", args=[made.id])).status_code in (403, 404), who
    assert not Acknowledgement.objects.count()
    with pytest.raises(NotFound):
        services.acknowledge(made, by=cast.ana, at=cast.now)


def test_the_manager_sees_who_has_not_read(cast, enter, active):
    made = publish(cast, active, "NORTE", to_staff=True, due_on=cast.today + timedelta(days=3))
    services.acknowledge(made, by=cast.ana, at=cast.now)
    people = {one.user.name: one for one in told.readers(made)}
    assert people["Ana Pérez"].read_at and not people["Beto Luna"].read_at and "Elena Vidal" not in people and "Nadia" in " ".join(people)
    assert not any("Silvia" in name for name in people)
    page = enter("gabriel").get(reverse("strategy:publication", args=[made.id])).content.decode()
    assert "Beto Luna" in page and "Despacho Norte" in page and page.index("Beto Luna") < page.index("Ana Pérez")
    assert f"1 de {len(people)}" in enter("gabriel").get(reverse("strategy:publications")).content.decode()


def test_what_was_told_stays_as_it_was(cast, active):
    made = publish(cast, active, "NORTE")
    before = made.content
    draft = services.draft(active, note="Otra", by=cast.elena, at=cast.now)
    services.change_cell(draft, decision="channel", rule_id="channel_r1", column="channel_out1", text='"letter"', by=cast.elena, at=cast.now)
    made.refresh_from_db()
    assert made.content == before and made.version_id == active.id


def test_rows_of_accounts_that_no_agency_works_are_left_out_for_it(cast, enter, active):
    draft = services.draft(active, note="Sólo propias", by=cast.elena, at=cast.now)
    column = next(one.id for one in row_table(active).inputs if one.expression.text == "placed_with_agency")
    services.change_cell(draft, decision="treatment", rule_id="treatment_r7", column=column, text="no", by=cast.elena, at=cast.now)
    services.submit(draft, by=cast.elena, at=cast.now)
    services.approve(draft, by=cast.gabriel, at=cast.now)
    made = publish(cast, services.activate(draft, on=cast.today, by=cast.gabriel, at=cast.now), "NORTE", to_staff=True)
    own = {row["number"] for row in made.content[0]["rows"] if row["is_own"]}
    assert own == {7}
    read = {row["number"] for row in told.shown_to(made, cast.nadia)[0]["rows"]}
    rules = row_table(active).rules
    assert read == {rule.number for rule in rules} - {7} and len(told.shown_to(made, cast.ana)[0]["rows"]) == len(rules)


def test_only_what_decides_is_told_and_to_somebody(cast, enter, active):
    draft = services.draft(active, note="Otra", by=cast.elena, at=cast.now)
    with pytest.raises(services.NotInForce, match="borrador"):
        publish(cast, draft, "NORTE")
    with pytest.raises(services.NobodyToTell):
        publish(cast, active)
    with pytest.raises(services.PastDue):
        publish(cast, active, "NORTE", due_on=cast.today - timedelta(days=1))
    gabriel = enter("gabriel")
    page = gabriel.post(reverse("strategy:publish", args=[active.id]), {"note": "x"})
    assert page.status_code == 422 and "al menos un despacho" in page.content.decode()
    done = gabriel.post(reverse("strategy:publish", args=[active.id]), {"note": "Nuevas reglas", "agencies": [str(cast.agencies["SUR"].id)]}, follow=True)
    assert "Publicadas" in done.content.decode() and "Silvia" in done.content.decode()
    assert enter("elena").get(reverse("strategy:publish", args=[active.id])).status_code == 403
