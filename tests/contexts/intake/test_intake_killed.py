"""A worker killed while it applies a file leaves nothing; running again gives the same books as an undisturbed run (RELIABILITY 10)."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cast import NOW, TODAY
from tests.contexts.intake.files import CARDS, HUGO, csv

ROOT = Path(__file__).resolve().parents[3]

# Applies the batch, and kills itself by SIGKILL when the given statement is about to run.
WORKER = """
import os, signal, sys
import django
django.setup()
from uuid import UUID
from recaudo.intake import services
from recaudo.intake.models import Batch
from recaudo.intake.services.load_accounts import AccountLoad
from recaudo.journal.services import SYSTEM
from recaudo.store import tenancy
from tests.cast import NOW

tenant, batch, word = sys.argv[1:4]
plain = AccountLoad._do
def counted(self, statement):
    if word and word in statement:
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(self, statement)
AccountLoad._do = counted
with tenancy.acting(UUID(tenant)):
    services.apply(Batch.objects.get(id=batch), by=SYSTEM, at=NOW)
"""

TABLES = {
    "portfolio_account": "number, balance_minor, overdue_minor, dpd, bucket, status, oldest_due_on, next_due_on, extra::text, derived::text",
    "portfolio_person": "name, search_name, kind, country, zones::text, encode(national_id_index, 'hex')",
    "portfolio_contactpoint": "kind, encode(value_index, 'hex'), hint, zones::text, place",
    "portfolio_instalment": "number, due_on, amount_minor, paid_minor",
    "portfolio_ledgerentry": "kind, component, amount_minor, \"on\"",
    "portfolio_buckethistory": "bucket, dpd, \"on\"",
    "intake_rejection": "row_number, field, code, reason",
}


@pytest.mark.parametrize("word", ["INSERT INTO portfolio_contactpoint", "INSERT INTO portfolio_ledgerentry"])
def test_a_killed_import_leaves_nothing_and_rerunning_equals_an_undisturbed_run(own_database: dict[str, Any], tmp_state: Path, word: str) -> None:
    tenant, batch = _received()
    assert _run(tenant, batch, word, tmp_state) == -signal.SIGKILL
    assert _status(tenant, batch) == "applying"
    assert _count(own_database, "portfolio_account") == 0
    assert _run(tenant, batch, "", tmp_state) == 0
    assert _status(tenant, batch) == "applied"
    killed = _hashes(own_database)
    assert _run(tenant, batch, "", tmp_state) == 0  # a job that is run once more
    assert _hashes(own_database) == killed
    other_tenant, other_batch = _received()
    assert _run(other_tenant, other_batch, "", tmp_state) == 0
    assert _hashes(own_database, other_tenant) == _hashes(own_database, tenant)


def _received() -> tuple[str, str]:
    from recaudo.intake import services
    from recaudo.journal.services import SYSTEM
    from recaudo.portfolio.models import Creditor, Portfolio
    from recaudo.store import tenancy
    from recaudo.store.keys import uuid7
    from recaudo.workforce.models import Tenant

    house = Tenant.objects.create(name="Casa", slug=f"casa-{str(uuid7())[-8:]}", country="MX", zone="America/Mexico_City", currency="MXN", created_at=NOW)
    rows = [HUGO.replace("T-2", f"K-{n}").replace("Hugo", f"Hugo{n}").replace("5587651234", f"55876{n:05d}") for n in range(200)] + [HUGO.replace("900.00", "x")]
    with tenancy.acting(house.id):
        creditor = Creditor.objects.create(code="A", name="A", country="MX", created_at=NOW)
        book = Portfolio.objects.create(creditor=creditor, code="P", name="P", product="credit_card", kind="consumer", currency="MXN", country="MX", created_at=NOW)
        layout = services.save_layout(name="tarjetas", target="accounts", mapping=CARDS, options={"date": "dmy"}, portfolio=book, by=SYSTEM, at=NOW)
        batch = services.receive(source=io.BytesIO(csv(*rows).encode()), file_name="k.csv", layout=layout, on=TODAY, by=SYSTEM, at=NOW)
        services.begin(batch, by=SYSTEM, at=NOW)
    return str(house.id), str(batch.id)


def _run(tenant: str, batch: str, word: str, state: Path) -> int:
    from django.conf import settings

    # The worker opens with the key that sealed the file here.
    environment = {**os.environ, "RECAUDO_FIELD_KEY": settings.FIELD_KEYS[1], "DJANGO_SETTINGS_MODULE": "recaudo.project.settings", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "INTAKE_FILES": str(state)}
    script = WORKER.replace(
        "from uuid import UUID",
        "from uuid import UUID\nfrom django.conf import settings\n"
        "settings.STORAGES = {**settings.STORAGES, 'default': {'BACKEND': 'django.core.files.storage.FileSystemStorage',"
        " 'OPTIONS': {'location': os.environ['INTAKE_FILES'] + '/files'}}}",
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script, tenant, batch, word], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr[-2000:]
    return done.returncode


def _status(tenant: str, batch: str) -> str:
    from recaudo.intake.models import Batch
    from recaudo.store import tenancy

    with tenancy.acting(tenant):  # type: ignore[arg-type]
        return str(Batch.objects.get(id=batch).status)


def _rows(dsns: dict[str, Any], query: str) -> list[tuple[Any, ...]]:
    import psycopg

    with psycopg.connect(**dsns["admin"]) as admin:
        return admin.execute(query).fetchall()


def _count(dsns: dict[str, Any], table: str) -> int:
    return int(_rows(dsns, f"SELECT count(*) FROM {table}")[0][0])


def _hashes(dsns: dict[str, Any], tenant: str | None = None) -> dict[str, str]:
    where = f"WHERE tenant_id = '{tenant}'" if tenant else ""
    return {
        table: hashlib.sha256(repr(sorted(map(repr, _rows(dsns, f"SELECT {columns} FROM {table} {where}")))).encode()).hexdigest()
        for table, columns in TABLES.items()
    }
