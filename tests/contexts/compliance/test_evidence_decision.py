"""A decision can be put again years later: what the gate knew is kept with what it answered."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.contexts.casework.scenes import authorise, call, close, plan, point

from recaudo.casework import services as casework
from recaudo.casework.models import PermitRecord
from recaudo.casework.services import ContactRefused, decision
from recaudo.law.queries import rules

NIGHT = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # 23:00 in Mexico City


def test_a_permit_keeps_the_whole_hash_of_the_law_and_the_data_it_rests_on(cast: Any) -> None:
    call(cast)
    record = PermitRecord.objects.get()
    assert record.pack_hash == rules().pack("MX").version and len(record.pack_hash) == 64
    assert "holidays" in record.libraries and "tzdata" in record.libraries
    assert record.input_digest == decision.digest(decision.input_of(record))


@pytest.mark.parametrize(("who", "at"), [("maria", None), ("maria", NIGHT), ("pedro", None), ("esquina", NIGHT)])
def test_a_kept_question_gets_the_same_answer_again(cast: Any, who: str, at: datetime | None) -> None:
    authorise(cast, who, "call")
    action, permit = call(cast, who)
    close(cast, action, permit, "NC01")
    action = plan(cast, who)
    with contextlib.suppress(ContactRefused):
        casework.clear(action=action, contact_point=point(cast, who), at=at or cast.now, by=cast.ana)
    record = PermitRecord.objects.filter(action_id=action.id).get()
    again = decision.decide_again(PermitRecord.objects.get(id=record.id))
    assert (again.allowed, again.rule, again.citation) == (record.is_allowed, record.rule, record.citation)


def test_what_is_changed_afterwards_does_not_change_a_kept_answer(cast: Any) -> None:
    action, permit = call(cast, "pedro")
    close(cast, action, permit, "NC01")
    with pytest.raises(ContactRefused):
        call(cast, "pedro")
    record = PermitRecord.objects.filter(is_allowed=False).get()
    cast.pedro.zones = ["Asia/Tokyo"]
    cast.pedro.save()
    assert decision.decide_again(record).rule == record.rule
    # The answer follows from the input: without the earlier call in it, the same question is allowed.
    says = json.loads(decision.input_of(record))
    assert len(says["dossier"]["history"]) == 1
    says["dossier"]["history"] = []
    record.input = decision.packed(json.dumps(says))
    assert decision.decide_again(record).allowed


def test_the_input_names_nobody_and_is_ciphertext_in_the_database(cast: Any) -> None:
    call(cast)
    record = PermitRecord.objects.get()
    text = decision.input_of(record)
    assert "5512345678" not in text and "López" not in text and "LOMM" not in text
    stored = PermitRecord.objects.filter(id=record.id).values_list("input", flat=True).get()
    assert isinstance(stored, bytes | memoryview) and b"dossier" not in bytes(stored)


def test_a_permit_of_before_says_that_it_cannot_be_repeated(cast: Any) -> None:
    call(cast)
    record = PermitRecord.objects.get()
    record.input = None
    with pytest.raises(decision.NoInput):
        decision.input_of(record)
