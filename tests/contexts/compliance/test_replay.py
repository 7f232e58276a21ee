"""Carmen runs the law again over what was done; Olga sees what a proposal would have changed before she approves it."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from click.testing import CliRunner
from tests.cast import NOW, TODAY, Cast, _user
from tests.contexts.casework.scenes import call, close
from tests.contexts.flow.worlds import ready
from tests.contexts.law.test_law_pages import as_user

from recaudo.casework.models import Action
from recaudo.compliance.queries import replay as queries
from recaudo.compliance.services.replay import show_impact
from recaudo.journal.models import Event
from recaudo.law import services as law
from recaudo.law.models import LawImpact
from recaudo.project.cli.law import command
from recaudo.store import tenancy

ZONE = "America/Mexico_City"
REASON = "Acuerdo del comité normativo del 20 de noviembre."
NARROW = {"week": {"mon-fri": "09:00-16:00"}}


@pytest.fixture
def cast(own_database: Any, tmp_state: Any) -> Cast:
    """Two calls that the gate allowed, and one at three in the morning that somebody typed in without asking it."""
    cast = ready(with_strategy=False, with_capacity=False)
    with tenancy.acting(cast.tenant.id):
        for days in (1, 0):
            at = NOW - timedelta(days=days) + timedelta(hours=6)  # 17:00
            action, permit = call(cast, at=at)
            close(cast, action, permit, "NC01", at=at)
        Action.objects.filter(id=action.id).update(occurred_at=NOW - timedelta(hours=8))
    return cast


def signed_in(cast: Cast, user: Any) -> Any:
    with tenancy.acting(cast.tenant.id):
        return as_user(user)


def replayed(cast: Cast, key: str = queries.NOW) -> queries.Replay:
    with tenancy.acting(cast.tenant.id):
        return queries.replay(
            from_on=TODAY - timedelta(days=5), until_on=TODAY + timedelta(days=1), before=queries.version_of(queries.NOW, zone=ZONE),
            after=queries.version_of(key, zone=ZONE), zone=ZONE,
        )  # fmt: skip


def proposed(cast: Cast) -> Any:
    with tenancy.acting(cast.tenant.id):
        return law.propose_change(
            rule_id="MX-HOURS", values=NARROW, since=TODAY - timedelta(days=10), until=None, source="Circular 7/2026", reason=REASON,
            on=TODAY - timedelta(days=10), by=cast.carmen, at=NOW,
        )  # fmt: skip


def officers(cast: Cast) -> tuple[Any, Any]:
    with tenancy.acting(cast.tenant.id):
        return cast.carmen, _user(cast.tenant.id, "olga", "Olga Ruiz", ["compliance_officer"])


def test_a_contact_that_went_around_the_gate_is_found_by_rule_and_by_agent(cast: Cast) -> None:
    found = replayed(cast)
    assert (found.action_count, found.breaches_before) == (2, 1)
    assert [(one.key, one.before) for one in found.by_rule] == [("MX-HOURS", 1)]
    assert {one.key: (one.action_count, one.before) for one in found.by_agent} == {str(cast.ana.id): (2, 1)}


def test_a_proposal_says_what_it_would_turn_and_nothing_is_in_force(cast: Cast) -> None:
    change = proposed(cast)
    found = replayed(cast, str(change.id))
    assert (found.now_refused, found.now_allowed, found.breaches_before, found.breaches_after) == (1, 0, 1, 2)
    assert found.before.rules.version != found.after.rules.version
    assert replayed(cast).breaches_before == 1


def test_a_reading_and_a_cap_are_replayed_too(cast: Cast) -> None:
    with tenancy.acting(cast.tenant.id):
        decision = law.propose(name="house.max_per_day", choice="2", reason=REASON, by=cast.carmen, at=NOW)
        version = queries.version_of(str(decision.id), zone=ZONE)
    assert sorted(cap.max_contacts_per_person for cap in version.rules.caps) == [2, 5]


def test_seeing_the_effect_is_written_down_and_opens_the_approval(cast: Cast) -> None:
    _, olga = officers(cast)
    change = proposed(cast)
    page = signed_in(cast, olga).get(f"/cumplimiento/repeticion/?propuesta={change.id}&desde=2026-11-20&hasta=2026-11-24")
    text = page.content.decode()
    assert page.status_code == 200 and "Lo vi: volver a la propuesta" in text and page.context["found"].now_refused == 1
    with tenancy.acting(cast.tenant.id):
        with pytest.raises(law.ImpactUnseen):
            law.approve_change(change.id, by=olga, at=NOW)
        found = show_impact(proposal=str(change.id), on=TODAY, zone=ZONE, by=olga, at=NOW)
        noted = LawImpact.objects.get()
        assert (noted.action_count, noted.now_refused, noted.now_allowed) == (2, 1, 0) == (found.action_count, found.now_refused, found.now_allowed)
        law.approve_change(change.id, by=olga, at=NOW)
    assert replayed(cast).breaches_before == 2
    assert replayed(cast, queries.DELIVERED).breaches_after == 1


def test_the_page_lists_the_contacts_behind_each_number_and_hands_them_out(cast: Cast) -> None:
    carmen, _ = officers(cast)
    client = signed_in(cast, carmen)
    page = client.get("/cumplimiento/repeticion/?desde=2026-11-20&hasta=2026-11-24&version=vigente&regla=MX-HOURS")
    assert page.context["row_count"] == 1 and "Ver cuenta" in page.content.decode()
    none = client.get("/cumplimiento/repeticion/?desde=2026-11-20&hasta=2026-11-24&version=vigente&regla=CL-HOURS")
    assert none.context["row_count"] == 0
    answer = client.get("/cumplimiento/repeticion/contactos.csv?desde=2026-11-20&hasta=2026-11-24&version=vigente")
    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["regla_vigente"], row["canal"]) for row in rows] == [("MX-HOURS", "call")]


def test_who_takes_the_contacts_out_is_recorded_and_no_name_is_a_formula(cast: Cast) -> None:
    carmen, _ = officers(cast)
    with tenancy.acting(cast.tenant.id):
        cast.ana.name = "=HYPERLINK(1)"
        cast.ana.save(update_fields=["name"])
    answer = signed_in(cast, carmen).get("/cumplimiento/repeticion/contactos.csv?desde=2026-11-20&hasta=2026-11-24&version=vigente")
    (row,) = csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert row["agente"] == "'=HYPERLINK(1)"
    with tenancy.acting(cast.tenant.id):
        assert Event.objects.filter(name="list.exported", by_id=carmen.id, detail__list="replay", detail__rows=1).count() == 1


@pytest.mark.parametrize(
    "query", ["desde=2026-11-24&hasta=2026-11-01", "desde=x", "desde=2026-01-01&hasta=2026-11-24", "version=luna",
              "desde=0001-01-01&hasta=0001-01-03", "desde=9999-12-31&hasta=9999-12-31", "dia=9999-12-31", "version=0191d5f0-0000-7000-8000-000000000000"]
)
def test_a_mangled_question_is_said_and_nothing_breaks(query: str, cast: Cast) -> None:
    carmen, _ = officers(cast)
    for path in ("/cumplimiento/repeticion/", "/cumplimiento/repeticion/contactos.csv"):
        page = signed_in(cast, carmen).get(f"{path}?{query}")
        assert page.status_code in {404, 422}


def test_another_organisation_has_nothing_to_replay(cast: Cast) -> None:
    with tenancy.acting(cast.other_tenant.id):
        version = queries.version_of(queries.NOW, zone=ZONE)
        found = queries.replay(from_on=TODAY - timedelta(days=5), until_on=TODAY + timedelta(days=1), before=version, after=version, zone=ZONE)
    assert found.action_count == 0 and found.by_rule == ()


def test_the_command_counts_the_same(cast: Cast) -> None:
    slug = cast.tenant.slug
    done = CliRunner().invoke(command, ["replay", "--from", "2026-11-20", "--to", "2026-11-24", "--tenant", slug, "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output)[0]
    assert (answer["contacts"], answer["refused"], answer["by_rule"][0]["key"]) == (2, 1, "MX-HOURS")
    said = CliRunner().invoke(command, ["replay", "--from", "2026-11-20", "--to", "2026-11-24", "--tenant", slug])
    assert "2 contactos; rechazados hoy 1" in said.output
    wrong = CliRunner().invoke(command, ["replay", "--from", "2026-11-24", "--to", "2026-11-01", "--tenant", slug])
    assert wrong.exit_code == 1 and "período" in wrong.output


