"""Nobody sees, changes or even notices what is another organisation's, or another agency's (check 24).

For every route with a parameter, the id of something that exists and is not ours must be answered byte for byte as an id of
nothing. A new route with a parameter that PARAMETERS does not know fails: somebody must say what it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.cast import NOW, _tenant, _user
from tests.contexts.project import rights
from tests.contexts.project.test_rights_matrix import routes
from tests.journeys.worlds import WorldDatabase, inside, world_database

from recaudo.kernel.permissions import ROLES
from recaudo.store import tenancy
from recaudo.store.keys import uuid7

# What a parameter names: a table of ours, or words that are nobody's (the value is an example).
PARAMETERS: dict[str, str] = {
    "account_id": "portfolio.Account", "person_id": "portfolio.Person", "portfolio_id": "portfolio.Portfolio",
    "creditor_id": "portfolio.Creditor", "payment_id": "portfolio.Payment", "merge_id": "portfolio.PersonMerge",
    "point_id": "portfolio.ContactPoint", "consent_id": "portfolio.Consent", "document_id": "portfolio.Document",
    "user_id": "workforce.User", "team_id": "workforce.Team", "agency_id": "workforce.Agency", "invitation_id": "workforce.Invitation",
    "token_id": "workforce.ApiToken", "model_id": "strategy.ScoreModel",
    "event_id": "journal.Event", "verification_id": "journal.Verification", "evidence_id": "compliance.EvidenceFile",
    "request_id": "compliance.RightsRequest", "complaint_id": "compliance.Complaint", "term_id": "compliance.RetentionTerm",
    "programme_id": "compliance.AuditProgramme", "audit_id": "compliance.AuditRun", "finding_id": "compliance.AuditFinding",
    "removal_id": "compliance.RetentionRun", "policy_id": "compliance.Policy", "batch_id": "intake.Batch", "layout_id": "intake.Layout", "case_id": "casework.Case",
    "action_id": "casework.Action", "hold_id": "casework.Hold", "dispute_id": "casework.Dispute", "pause_id": "casework.ContactPause",
    "quarantine_id": "portfolio.Quarantine", "release_id": "portfolio.QuarantineRelease", "search_id": "casework.Search",
    "act_id": "casework.InterruptingAct", "preference_id": "portfolio.Preference",
    "wave_id": "casework.Wave", "run_id": "flow.Run", "message_id": "messaging.Message", "template_id": "messaging.Template",
    "version_id": "strategy.StrategyVersion", "strategy_id": "strategy.Strategy", "publication_id": "strategy.Publication", "decision_id": "law.LawDecision",
    "change_id": "law.LawChange", "what_if_id": "flow.WhatIf", "pace_id": "flow.Pace", "override_id": "flow.Override", "escalation_id": "flow.Escalation", "plan_id": "flow.CollectionPlan", "experiment_id": "strategy.Experiment",
}  # fmt: skip
WORDS: dict[str, str] = {
    "kind": "csv", "channel": "sms", "key": "K-02", "decision": "treatment", "step": "nota", "move": "cerrar", "name": "window", "jurisdiction": "mx", "number": "1", "rule_id": "MX-HOURS",
}  # fmt: skip
# Ways in: their parameter is a secret of its own, tested where they are.
SECRET_PARAMETERS = {"workforce:accept", "messaging:hook", "messaging:not-me", "messaging:stop", "messaging:stop-one-click", "account_reset_password_from_key"}
# What a body, a filter or a search may carry.
FIELDS: dict[str, tuple[str, ...]] = {
    "portfolio.Account": ("account", "account_id", "account_ids", "accounts", "cuenta", "id", "ids"),
    "portfolio.Person": ("person", "person_id", "kept", "merged", "keep", "persona", "payer"),
    "portfolio.Portfolio": ("portfolio", "portfolio_id", "cartera", "portfolios"),
    "portfolio.Creditor": ("creditor", "creditor_id", "acreedor"),
    "portfolio.ContactPoint": ("point", "contact_point", "medio"),
    "workforce.User": ("user", "by", "to", "assigned_to", "supervisor", "members", "agent", "responsable"),
    "workforce.Team": ("team", "team_id", "equipo"), "workforce.Agency": ("agency", "agency_id", "despacho"),
    "casework.Case": ("case", "case_id", "cases", "case_ids", "caso", "casos"), "casework.Action": ("action", "action_id"),
    "intake.Layout": ("layout", "formato"), "intake.Batch": ("batch", "batch_id"), "flow.Run": ("run", "run_id"),
    "messaging.Template": ("template", "template_id", "plantilla"), "journal.Event": ("event", "subject", "after"),
    "strategy.StrategyVersion": ("version", "version_id", "other", "con"),
}  # fmt: skip
# New on every page: the tokens against forged and repeated requests.
TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=|csrf-token" content=|name="key" value=)"[^"]*"')
# Each call does something of its own, which the next answer shows.
ACTING = {"journal:export", "journal:verify", "journal:anchor_export", "strategy:start", "flow:start", "workforce:close_sessions"}


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[WorldDatabase]:
    folder = tmp_path_factory.mktemp("isolation")
    patch = pytest.MonkeyPatch()
    patch.setattr(timezone, "now", lambda: NOW + timedelta(minutes=5))
    endpoint = request.getfixturevalue("endpoint")
    with world_database(endpoint, folder, name="isolation") as made, inside(made, django_db_blocker):
        _add_what_is_missing()
        yield made
    patch.undo()


def _add_what_is_missing() -> None:
    """What no demo day makes, written plainly: this is about who sees it."""
    tenant = apps.get_model("workforce.Tenant").objects.get()
    made = apps.get_model
    with tenancy.acting(tenant.id):
        account = made("portfolio.Account").objects.first()
        people = list(made("portfolio.Person").objects.order_by("id")[:2])
        made("portfolio.Document").objects.create(
            account=account, kind="contract", title="Contrato", path="d/1", media_type="application/pdf", size=1, sha256="0" * 64, created_at=NOW
        )
        made("portfolio.PersonMerge").objects.create(kept=people[0], merged=people[1], reason="x", created_at=NOW)
        made("workforce.Invitation").objects.create(
            email="nueva@demo.example", name="Nueva", roles=["call_agent"], token_hash=b"0" * 32, expires_at=NOW + timedelta(days=1), created_at=NOW
        )
        hold = made("casework.Hold").objects.create(
            person=account.holder, account_id=account.id, kind="dispute", reason="x", from_at=NOW, created_at=NOW
        )
        made("casework.Dispute").objects.create(person=account.holder, account_id=account.id, kind="charge", hold=hold, created_at=NOW)
        point = made("portfolio.ContactPoint").objects.filter(person=account.holder).first()
        said = {"hint": "··1", "person": account.holder, "channel": "call", "evidence_kind": "said", "evidence": "x", "last_at": NOW, "created_at": NOW}
        quarantine, _ = made("portfolio.Quarantine").objects.get_or_create(kind="phone", value_index=point.value_index, defaults=said)
        asked = {"person": account.holder, "evidence_kind": "document", "evidence": "x", "proposed_by_id": uuid7(), "created_at": NOW}
        made("portfolio.QuarantineRelease").objects.get_or_create(quarantine=quarantine, decided_at=None, defaults=asked)
        made("portfolio.Preference").objects.create(person=account.holder, channel="call", source="debtor", created_at=NOW)
        made("casework.Search").objects.get_or_create(person=account.holder, status="open", defaults={"channel": "call", "created_at": NOW})
        made("casework.IdentityCheck").objects.create(action_id=uuid7(), person=account.holder, checked=["name"], is_verified=True, created_at=NOW)
        made("casework.InterruptingAct").objects.create(
            account_id=account.id, person_id=account.holder_id, kind="lawsuit", on=NOW.date(), evidence="x", created_at=NOW
        )
        made("compliance.RetentionRun").objects.create(on=NOW.date(), status="rejected", created_at=NOW)
        made("casework.ContactPause").objects.create(scope="channel:letter", reason="x", created_at=NOW)
        made("law.LawDecision").objects.create(
            name="CL.week", choice="calendar", reason="x", proposed_by_id=uuid7(), created_at=NOW
        )


@pytest.fixture(scope="module")
def theirs(world: WorldDatabase) -> dict[str, UUID]:
    """An id of each kind that belongs to the demo organisation, not placed with any agency of the strangers."""
    tenant = apps.get_model("workforce.Tenant").objects.get(name__startswith="Cobranza Andina")
    found: dict[str, UUID] = {}
    with tenancy.acting(tenant.id):
        placed = apps.get_model("portfolio.Placement").objects.values_list("account_id", flat=True)
        account = apps.get_model("portfolio.Account").objects.exclude(id__in=list(placed)).filter(dpd__gt=0).first()
        for label in set(PARAMETERS.values()):
            row = apps.get_model(label).objects.order_by("pk").first()
            assert row is not None, f"the world has no {label}: nothing would be tested"
            found[label] = row.pk
        found["portfolio.Account"], found["portfolio.Person"] = account.id, account.holder_id
    return found


class Stranger:
    """Somebody with every right where they are, and nothing here."""

    def __init__(self, client: Client, sees_whole_tenant: bool) -> None:
        self.client, self.sees_whole_tenant = client, sees_whole_tenant


@pytest.fixture(scope="module", params=["another organisation", "another agency"])
def stranger(request: pytest.FixtureRequest, world: WorldDatabase) -> Stranger:
    ours = apps.get_model("workforce.Tenant").objects.get(name__startswith="Cobranza Andina")
    if request.param == "another organisation":
        tenant, agency = _tenant("Otra Casa", "otra"), None
        roles = sorted(code for code, role in ROLES.items() if not role.is_agency)
    else:
        tenant, roles = ours, ["agency_admin", "agency_agent"]
        with tenancy.acting(tenant.id):
            agency = apps.get_model("workforce.Agency").objects.create(name="Despacho Sur", code="SUR", country="MX", created_at=NOW)
    with tenancy.acting(tenant.id):
        user = _user(tenant.id, f"victor-{uuid7().hex[-6:]}", "Víctor Ajeno", roles, agency)
    client = Client(raise_request_exception=False)
    with tenancy.identifying():
        client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return Stranger(client, agency is not None)


def parameters_of(pattern: Any) -> list[str]:
    return list(pattern.pattern.converters) or list(getattr(getattr(pattern.pattern, "regex", None), "groupindex", ()))


def test_every_parameter_of_every_route_is_known_here() -> None:
    unknown = {
        (name, parameter)
        for name, pattern in routes().items() if name not in SECRET_PARAMETERS
        for parameter in parameters_of(pattern) if parameter not in PARAMETERS | WORDS
    }  # fmt: skip
    assert not unknown, f"say in PARAMETERS what these name: {sorted(unknown)}"
    for label in PARAMETERS.values():
        apps.get_model(label)


# Tables that an agency's people share with the whole organisation: they hold no portfolio data.
SHARED = {"workforce.User", "workforce.Team", "workforce.Agency", "workforce.Invitation", "messaging.Template", "strategy.Strategy",
          "strategy.StrategyVersion", "law.LawDecision", "portfolio.Portfolio", "portfolio.Creditor", "flow.Run", "casework.Wave",
          "casework.ContactPause", "intake.Layout"}  # fmt: skip


def same(
    client: Client, method: str, one: str, other: str, ids: tuple[list[UUID], list[UUID]], bodies: tuple[Any, Any] = (None, None)
) -> str:
    """Empty when both answers are the same but for the id that was asked; else what differs."""
    answers = []
    for path, mine, body in ((one, ids[0], bodies[0]), (other, ids[1], bodies[1])):
        client.cookies.pop("messages", None)  # what an earlier answer still wanted to say
        call = getattr(client, method)
        answer = call(path, body or {}, headers={"Idempotency-Key": "k"}) if method == "post" else call(path)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        content = TOKEN.sub(b"", content)
        headers = {key: value for key, value in answer.headers.items() if key not in {"Content-Length", "Date"}}
        text = repr(sorted(headers.items()))
        for key in mine:
            content, text = content.replace(str(key).encode(), b"ID"), text.replace(str(key), "ID")
        answers.append((answer.status_code, text, content))
    (status, _, body), (status2, _, body2) = answers
    if status == 500 or status2 == 500:
        return f"{method} {one}: {status} {status2}"
    if answers[0] != answers[1]:
        place = next((n for n, (a, b) in enumerate(zip(body, body2, strict=False)) if a != b), 0)
        return f"{method} {one}: {status} and {status2}; {body[place - 40 : place + 60]!r} / {body2[place - 40 : place + 60]!r}"
    return ""


def test_an_id_of_somebody_elses_is_answered_as_an_id_of_nothing(stranger: Stranger, theirs: dict[str, UUID]) -> None:
    wrong, not_found = [], 0
    for name, pattern in routes().items():
        named = [part for part in parameters_of(pattern) if part in PARAMETERS]
        if not named or name in SECRET_PARAMETERS:
            continue
        if stranger.sees_whole_tenant and all(PARAMETERS[part] in SHARED for part in named):
            continue
        words = {part: WORDS[part] for part in parameters_of(pattern) if part in WORDS}
        mine = {part: theirs[PARAMETERS[part]] for part in named}
        nothing = {part: uuid7() for part in named}
        paths = reverse(name, kwargs=words | mine), reverse(name, kwargs=words | nothing)
        for method in ("get", "post"):
            if found := same(stranger.client, method, *paths, (list(mine.values()), list(nothing.values()))):
                wrong.append(f"{name} {found}")
        status = stranger.client.get(paths[0]).status_code
        not_found += status == 404
        if status not in {403, 404, 405}:
            wrong.append(f"{name}: {status}")
    assert not wrong, "\n".join(wrong)
    assert not_found >= (3 if stranger.sees_whole_tenant else 25), "the strangers were refused before the rows were asked for"


def test_an_id_in_a_filter_a_body_or_an_export_leads_nowhere(stranger: Stranger, theirs: dict[str, UUID]) -> None:
    wrong: list[str] = []
    labels = [label for label in FIELDS if not (stranger.sees_whole_tenant and label in SHARED)]
    mine = {field: theirs[label] for label in labels for field in FIELDS[label]}
    nothing = {field: uuid7() for field in mine}
    ids = list(mine.values()), list(nothing.values())
    query = tuple("?" + "&".join(f"{field}={key}" for field, key in given.items()) for given in (mine, nothing))
    for name, pattern in routes().items():
        if parameters_of(pattern) or name not in rights.RIGHTS | rights.API or name in ACTING:
            continue
        path = reverse(name)
        for found in (
            same(stranger.client, "get", path + query[0], path + query[1], ids),
            same(stranger.client, "post", path, path, ids, (mine, nothing)),
        ):
            if found:
                wrong.append(f"{name} {found}")
    assert not wrong, "\n".join(wrong)


def test_a_search_for_what_somebody_else_has_finds_nothing(stranger: Stranger, theirs: dict[str, UUID]) -> None:
    tenant = apps.get_model("workforce.Tenant").objects.get(name__startswith="Cobranza Andina")
    with tenancy.acting(tenant.id):
        account = apps.get_model("portfolio.Account").objects.select_related("holder").get(id=theirs["portfolio.Account"])
        phone = apps.get_model("portfolio.ContactPoint").objects.filter(person=account.holder, kind="phone").first()
        words = [account.number, account.holder.name, account.holder.national_id, account.pay_reference, phone.value if phone else ""]
    shown = 0
    for name in ("desk:accounts", "portfolio:payments", "portfolio:duplicates", "messaging:mailbox", "api:accounts"):
        for word in filter(None, words):
            for key in ("q", "number", "text"):
                answer = stranger.client.get(reverse(name), {key: word})
                shown += answer.status_code == 200
                found = answer.content.decode().replace(f'value="{word}"', "")
                assert str(account.id) not in found and str(account.holder_id) not in found, (name, key)
    assert shown > 20


def test_every_table_of_a_tenant_shows_a_stranger_nothing(world: WorldDatabase) -> None:
    """Asked directly, as the application's role, with each organisation's name and each agency's."""
    with psycopg.connect(**world.dsns["admin"]) as admin:
        tables = [row[0] for row in admin.execute(
            "SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_name, table_schema)"
            " WHERE column_name = 'tenant_id' AND table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name !~ '_(\\d{6}|rest)$'"
        )]  # fmt: skip
        tenant = admin.execute("SELECT id FROM workforce_tenant WHERE name LIKE 'Cobranza Andina%'").fetchone()[0]
        full = {table for table in tables if admin.execute(f'SELECT 1 FROM "{table}" WHERE tenant_id = %s LIMIT 1', [tenant]).fetchone()}
    assert len(full) >= 35, sorted(set(tables) - full)
    seen, by_agency = [], []
    with tenancy.acting(uuid7()), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE tenant_id = %s', [tenant])
            if cursor.fetchone()[0]:
                seen.append(table)
    with tenancy.acting(tenant, uuid7()), connection.cursor() as cursor:
        for table in sorted(full):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            if cursor.fetchone()[0]:
                by_agency.append(table)
    assert not seen, f"another organisation's rows: {seen}"
    shared = {apps.get_model(label)._meta.db_table for label in SHARED}
    portfolio = [table for table in by_agency if table not in shared and table.startswith(("portfolio", "casework", "messaging", "agreements"))]
    assert not portfolio, f"an agency with nothing placed sees: {portfolio}"
