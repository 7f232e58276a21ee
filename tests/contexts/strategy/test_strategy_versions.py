"""The life of a version: two people, a content that stays, one in force, a way back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.contexts.strategy.conftest import row_of, send

from recaudo.engine import decide
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM
from recaudo.strategy import queries, services
from recaudo.strategy.models import StrategyVersion


def events(version):
    return list(Event.objects.filter(subject_id=version.id).order_by("id").values_list("name", flat=True))


def sent(cast, draft):
    return send(draft, by=cast.elena, at=cast.now)


def approved(cast, draft):
    return services.approve(sent(cast, draft), by=cast.gabriel, at=cast.now)


def test_a_version_goes_from_draft_to_force_through_two_people(cast, active, draft):
    done = services.activate(approved(cast, draft), on=cast.today, by=cast.gabriel, at=cast.now)
    active.refresh_from_db()
    assert (done.status, active.status) == ("active", "retired")
    assert queries.active_version().pk == done.pk
    assert events(done) == ["strategy.drafted", "strategy.changed", "strategy.submitted", "strategy.approved", "strategy.activated"]
    assert events(active)[-1] == "strategy.retired"


def test_whoever_made_it_cannot_approve_nor_reject_it(cast, boss, active):
    own = send(services.draft(active, note="Mía", by=boss, at=cast.now), by=boss, at=cast.now)
    for decide_on in (services.approve, services.reject):
        with pytest.raises(services.OwnStrategy):
            decide_on(own, by=boss, at=cast.now, note="yo misma")
    own.refresh_from_db()
    assert own.status == "submitted"


def test_a_second_author_cannot_slip_into_a_draft_and_then_approve_it(cast, draft):
    with pytest.raises(services.SomeoneElsesDraft):
        services.change_cell(draft, decision="channel", rule_id=row_of(draft, "channel", 2).id, column="channel_out1", text='"im"', by=cast.gabriel, at=cast.now)


def test_a_draft_of_the_product_belongs_to_the_first_who_changes_it(cast, active):
    made = services.draft(active, note="Automático", by=SYSTEM, at=cast.now)
    services.delete_row(made, decision="channel", rule_id=row_of(made, "channel", 3).id, by=cast.gabriel, at=cast.now)
    services.submit(made, by=cast.gabriel, at=cast.now)
    with pytest.raises(services.OwnStrategy):
        services.approve(made, by=cast.gabriel, at=cast.now)


def test_what_was_sent_does_not_change(cast, draft):
    version = sent(cast, draft)
    before = version.sha256
    changes = [
        lambda: services.change(version, xml=services.default_xml(), note="", by=cast.elena, at=cast.now),
        lambda: services.set_note(version, note="otra", by=cast.elena, at=cast.now),
        lambda: services.move_row(version, decision="channel", rule_id="channel_r2", steps=1, by=cast.elena, at=cast.now),
        lambda: services.submit(version, by=cast.elena, at=cast.now),
    ]
    for change in changes:
        with pytest.raises(services.NotADraft, match="enviada a aprobación"):
            change()
    version.refresh_from_db()
    assert version.sha256 == before


@pytest.mark.parametrize("status", ["draft", "submitted", "rejected"])
def test_only_what_was_approved_comes_into_force(cast, active, draft, status):
    if status != "draft":
        sent(cast, draft)
    if status == "rejected":
        services.reject(draft, by=cast.gabriel, at=cast.now, note="No")
    with pytest.raises(services.NotApproved):
        services.activate(draft, on=cast.today, by=cast.gabriel, at=cast.now)
    assert queries.active_version().pk == active.pk


def test_an_earlier_version_comes_back(cast, active, draft):
    services.activate(approved(cast, draft), on=cast.today, by=cast.gabriel, at=cast.now)
    active.refresh_from_db()
    back = services.activate(active, on=cast.today, by=cast.gabriel, at=cast.now + timedelta(hours=1))
    draft.refresh_from_db()
    assert (queries.active_version().pk, back.retired_at, draft.status) == (active.pk, None, "retired")
    assert StrategyVersion.objects.filter(status="active").count() == 1


def test_a_day_to_come_waits_for_its_day(cast, active, draft):
    later = cast.today + timedelta(days=3)
    version = services.activate(approved(cast, draft), on=later, by=cast.gabriel, at=cast.now)
    assert (version.status, queries.active_version().pk) == ("approved", active.pk)
    assert services.put_due_in_force(on=later - timedelta(days=1), by=SYSTEM, at=cast.now) == 0
    assert services.put_due_in_force(on=later, by=SYSTEM, at=cast.now) == 1
    assert queries.active_version().pk == version.pk


def test_a_date_can_be_taken_back(cast, active, draft):
    later = cast.today + timedelta(days=3)
    version = services.activate(approved(cast, draft), on=later, by=cast.gabriel, at=cast.now)
    services.cancel_activation(version, by=cast.gabriel, at=cast.now)
    assert services.put_due_in_force(on=later, by=SYSTEM, at=cast.now) == 0
    with pytest.raises(services.NotApproved):
        services.cancel_activation(version, by=cast.gabriel, at=cast.now)


def test_a_new_row_without_a_result_may_wait_in_a_draft_but_is_not_sent(cast, draft):
    first = row_of(draft, "channel", 1)
    services.add_row(draft, decision="channel", beside=first.id, by=cast.elena, at=cast.now)
    with pytest.raises(services.StrategyNotSound, match="La fila 2 no dice qué da «Canal»"):
        services.submit(draft, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_rows_are_copied_moved_and_deleted_and_keep_their_identity(cast, draft):
    third = row_of(draft, "channel", 3)
    services.add_row(draft, decision="channel", beside=third.id, is_copy=True, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    copy = row_of(draft, "channel", 4)
    assert [c.text for c in copy.inputs] == [c.text for c in third.inputs] and copy.annotation == third.annotation and copy.id != third.id
    services.move_row(draft, decision="channel", rule_id=copy.id, steps=-1, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    assert row_of(draft, "channel", 3).id == copy.id
    services.delete_row(draft, decision="channel", rule_id=copy.id, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    assert row_of(draft, "channel", 3).id == third.id
    assert {one["what"] for one in Event.objects.filter(name="strategy.changed", subject_id=draft.id).values_list("detail", flat=True)} == {"row_copied", "row_moved", "row_deleted"}


def test_the_last_row_of_a_table_stays(cast, draft):
    for rule in decide.read(draft.xml.encode()).decision("offer").table.rules[1:]:
        services.delete_row(draft, decision="offer", rule_id=rule.id, by=cast.elena, at=cast.now)
    with pytest.raises(services.EmptyTable):
        services.delete_row(draft, decision="offer", rule_id=row_of(draft, "offer", 1).id, by=cast.elena, at=cast.now)


@pytest.mark.parametrize(
    ("decision", "number", "column", "typed", "kept"),
    [
        ("channel", 2, "channel_out1", "WhatsApp", '"im"'),
        ("channel", 2, "channel_in2", "no", "false"),
        ("channel", 2, "channel_in1", "Recordatorio por SMS, VISIT", '"REMIND_SMS", "VISIT"'),
        ("treatment", 3, "treatment_in7", "[30..60)", "[30..60)"),
        ("treatment", 3, "treatment_in7", "", "-"),
        ("channel", 2, "motivo", "  Porque sí ", "Porque sí"),
    ],
)
def test_a_cell_takes_what_people_write(cast, draft, decision, number, column, typed, kept):
    rule = row_of(draft, decision, number)
    services.change_cell(draft, decision=decision, rule_id=rule.id, column=column, text=typed, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    after = row_of(draft, decision, number)
    table = decide.read(draft.xml.encode()).decision(decision).table
    cells = dict(zip([c.id for c in (*table.inputs, *table.outputs)], (*after.inputs, *after.outputs), strict=True))
    assert (after.annotation if column == "motivo" else cells[column].text) == kept


@pytest.mark.parametrize(
    ("column", "typed", "said"),
    [
        ("channel_out1", "fax", "póngalo entre comillas"),
        ("channel_out1", '"fax"', "no es un valor de «Canal»"),
        ("channel_in6", "> ", "no se entiende"),
        ("channel_in6", '"alta"', "número"),
        ("channel_in2", '"' + "x" * 2100 + '"', "2000 caracteres"),
    ],
)
def test_a_cell_that_is_wrong_says_why_and_changes_nothing(cast, draft, column, typed, said):
    before = draft.sha256
    with pytest.raises(services.CellRefused, match=said):
        services.change_cell(draft, decision="channel", rule_id=row_of(draft, "channel", 2).id, column=column, text=typed, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    assert draft.sha256 == before
