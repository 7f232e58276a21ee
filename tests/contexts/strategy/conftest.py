"""A strategy in force, a draft of Elena's, and a day that was kept: four accounts of known facts."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from recaudo.engine import decide
from recaudo.engine.facts import FACTS, arrow_schema, types
from recaudo.store import tenancy
from recaudo.store.keys import uuid7
from recaudo.strategy import services
from recaudo.workforce.models import User

PLAIN = {"text": "x", "integer": 0, "money": 0, "rate": 0.5, "boolean": False, "date": None, "instant": None}


@pytest.fixture
def enter(cast, client):
    """Sign somebody in: `enter("elena").get(...)`."""

    def sign_in(name):
        with tenancy.acting(cast.users[name].tenant_id):
            client.force_login(cast.users[name], backend="recaudo.workforce.backends.StaffBackend")
        return client

    return sign_in


@pytest.fixture
def active(cast):
    """Version 1, made by Elena, approved and put in force by Gabriel."""
    made = services.create_strategy(code="collections", name="Cobranza", xml=services.default_xml(), by=cast.elena, at=cast.now)
    services.submit(made, by=cast.elena, at=cast.now)
    services.approve(made, by=cast.gabriel, at=cast.now, note="De acuerdo")
    return services.activate(made, on=cast.today, by=cast.gabriel, at=cast.now)


@pytest.fixture
def draft(cast, active):
    return services.draft(active, note="Probar otro canal", by=cast.elena, at=cast.now)


def send(version, *, by, at):
    """Give the first row of the risk table another reason, and send the draft."""
    rule = row_of(version, "risk", 1)
    changed = services.change_cell(version, decision="risk", rule_id=rule.id, column="motivo", text=f"{rule.annotation} (revisado)", by=by, at=at)
    return services.submit(changed, by=by, at=at)


@pytest.fixture
def boss(cast):
    """Someone else who may both edit and approve."""
    return User.objects.create(
        tenant_id=cast.tenant.id, email="boss@valle.example", name="Berta Gil", roles=["collections_manager"], created_at=cast.now
    )


def facts(**known):
    """A row of facts: every one has a plain value but those that are given."""
    row = {name: PLAIN[fact.type] for name, fact in FACTS.items()}
    row |= {"product": "credit_card", "kind": "consumer", "country": "MX", "currency": "MXN", "has_phone": True, "has_im": True, "has_email": True,
            "last_outcome": None, "acceptance": None, "days_since_contact": None, "days_since_payment": None, "days_to_due": None}  # fmt: skip
    return row | known


@pytest.fixture
def snapshot(cast, active, tmp_state):
    """The day that `active` decided: María 40 days late, Pedro 5, La Esquina 95, Lucía current with a payment due in three days."""
    ids = {key: str(one.id) for key, one in cast.accounts.items()}
    rows = [
        facts(account_id=ids["maria"], stage="middle", bucket="B2", dpd=40, overdue_minor=250_000, balance_minor=1_250_000, overdue_usd_minor=13_587),
        facts(account_id=ids["pedro"], stage="early", bucket="B1", dpd=5, overdue_minor=80_000, balance_minor=900_000, overdue_usd_minor=4_348),
        facts(account_id=ids["esquina"], stage="late", bucket="B4", dpd=95, overdue_minor=500_000, balance_minor=500_000, overdue_usd_minor=27_174),
        facts(account_id=ids["lucia"], stage="preventive", bucket="CUR", dpd=0, balance_minor=300_000, overdue_usd_minor=0, days_to_due=3),
    ]  # fmt: skip
    table = pa.Table.from_pylist(sorted(rows, key=lambda row: row["account_id"]), schema=arrow_schema())
    with duckdb.connect() as db:
        decided = decide.run(decide.compile(decide.read(active.xml.encode()), types()), table, db)
        db.register("f", table)
        db.register("d", decided)
        whole = db.execute("SELECT f.*, d.* EXCLUDE (account_id), 'planned' AS outcome FROM f JOIN d USING (account_id) ORDER BY account_id").to_arrow_table()
    return services.keep_snapshot(iter(whole.to_batches()), schema=whole.schema, on=cast.today, run_id=uuid7(), version=active, by=cast.gabriel, at=cast.now)


def row_of(version, decision, number):
    return decide.read(version.xml.encode()).decision(decision).table.rules[number - 1]
