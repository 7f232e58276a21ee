"""An authority reads how the house behaves, and nobody's name, account or words."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.cast import Cast, _user
from tests.contexts.compliance.test_complaints import opened
from tests.contexts.compliance.test_policies import approved, defined
from tests.contexts.law.test_law_pages import as_user

from recaudo.compliance import services


@pytest.fixture
def authority(cast: Cast) -> Client:
    return as_user(_user(cast.tenant.id, "autoridad", "Inspector Uno", ["regulator_readonly"]))


def test_complaints_are_shown_by_folio_and_cause_with_what_was_corrected(cast: Any, authority: Client) -> None:
    row = opened(cast, text="Soy María, me amenazaron", account=cast.accounts["maria"])
    services.answer_complaint(row, result="founded", answer="Señora María, le pedimos disculpas.", measure="Capacitación al equipo", by=cast.carmen, at=cast.now)
    approved(cast, defined(cast))
    page = authority.get(reverse("compliance:oversight")).content.decode()
    assert row.folio in page and "Amenazas" in page and "Capacitación al equipo" in page and "POL-01" in page
    for secret in ("María", "López", "me amenazaron", cast.accounts["maria"].number, str(cast.maria.id), "disculpas", "Carmen"):
        assert secret not in page, secret


def test_it_reads_this_page_and_changes_nothing(cast: Any, authority: Client) -> None:
    row = opened(cast)
    assert authority.post(reverse("compliance:oversight")).status_code == 405
    for name, args in (("compliance:complaints", ()), ("compliance:complaint", (row.id,)), ("compliance:board", ()), ("compliance:policies", ()), ("compliance:complaint_answer", (row.id,))):
        method = authority.post if name.endswith("answer") else authority.get
        assert method(reverse(name, args=args)).status_code == 403, name


def test_filters_narrow_the_list(cast: Any, authority: Client) -> None:
    row, other = opened(cast), opened(cast, "pedro", cause="hours")
    page = authority.get(reverse("compliance:oversight"), {"causa": "hours"}).content.decode()
    assert other.folio in page and row.folio not in page
