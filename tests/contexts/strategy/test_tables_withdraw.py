"""A draft that says nothing new is not sent; what nobody decided on can be put aside."""

from __future__ import annotations

import pytest
from django.urls import reverse
from tests.contexts.strategy.conftest import row_of, send

from recaudo.journal.models import Event
from recaudo.strategy import services
from recaudo.strategy.models import StrategyVersion


def test_a_draft_like_its_base_is_not_sent(cast, enter, draft):
    with pytest.raises(services.UnchangedDraft, match="versión 1"):
        services.submit(draft, by=cast.elena, at=cast.now)
    page = enter("elena").post(reverse("strategy:submit", args=[draft.id]))
    assert page.status_code == 409 and "no hay nada que aprobar" in page.content.decode()


def test_a_change_taken_back_is_no_change(cast, draft):
    rule = row_of(draft, "channel", 2)
    for text in ('"letter"', rule.outputs[0].text):
        services.change_cell(draft, decision="channel", rule_id=rule.id, column="channel_out1", text=text, by=cast.elena, at=cast.now)
    with pytest.raises(services.UnchangedDraft):
        services.submit(draft, by=cast.elena, at=cast.now)


def test_its_author_puts_a_draft_aside_and_it_can_still_be_read(cast, enter, draft):
    elena = enter("elena")
    assert "Descartar" in elena.get(reverse("strategy:version", args=[draft.id])).content.decode()
    page = elena.post(reverse("strategy:withdraw", args=[draft.id]), follow=True).content.decode()
    assert "Descartada" in page and "cell-edit" not in page and 'id="withdraw"' not in page
    assert Event.objects.filter(name="strategy.withdrawn", subject_id=draft.id).count() == 1
    with pytest.raises(services.NotADraft):
        services.submit(draft, by=cast.elena, at=cast.now)


def test_what_waits_for_approval_can_be_taken_back_only_by_its_author(cast, boss, draft):
    sent = send(draft, by=cast.elena, at=cast.now)
    with pytest.raises(services.SomeoneElsesDraft):
        services.withdraw(sent, by=boss, at=cast.now)
    services.withdraw(sent, by=cast.elena, at=cast.now)
    with pytest.raises(services.NotSubmitted, match="descartada"):
        services.approve(sent, by=cast.gabriel, at=cast.now)


def test_what_decides_is_not_put_aside(cast, active):
    with pytest.raises(services.NotWithdrawable, match="en vigor"):
        services.withdraw(active, by=cast.elena, at=cast.now)
    assert StrategyVersion.objects.get().status == "active"
