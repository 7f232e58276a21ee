"""Import of N rows x 40 columns, against two baselines in the same run.

    python benchmarks/import_.py --rows 100000 [--again] [--json]

The file is invented and deterministic: a card portfolio with ids, a phone, a mail, an address and 17 further columns. The import does
all of it: read, clean and validate, encrypt, write persons, accounts, parties, contact points, instalments, ledger and history, verify
against the ledger, in one transaction. `--again` also loads the same file a second time (0 changes).

    bare       COPY of the same file as text into a table without index, keys or security: one row a row of the file
    finished   COPY of the very rows that the import wrote (some twelve a row of the file, with their keys and ciphertexts, in binary, from
               the disk) into the same tables, emptied, with their indexes, constraints and triggers, as the superuser whom no row security
               holds: what any way of filling this data model costs the database, nothing read, checked, sealed or worked out

Both are in seconds and in processor seconds; where others use the machine the latter are the honest ones. A scratch database is made
beside the others and dropped at the end.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg

from benchmarks.common import Timing, Watch, megabytes, report, scratch, timed

COLUMNS = [
    "cuenta", "cliente", "rfc", "saldo", "vencido", "dias", "cuotas", "proximo", "minimo", "celular", "correo", "calle", "municipio", "estado", "apertura",
    "limite", "ultimo_pago", "fecha_pago", "nacimiento", "puntaje", "sucursal", "intereses", "comisiones",
]  # fmt: skip
EXTRA = [f"dato_{n}" for n in range(40 - len(COLUMNS))]
MAPPING: dict[str, Any] = {
    "number": "cuenta", "holder_name": "cliente", "holder_id": "rfc", "balance": "saldo", "overdue": "vencido", "dpd": "dias", "instalments_overdue": "cuotas",
    "next_due_on": "proximo", "next_amount": "minimo", "phone_1": "celular", "email_1": "correo", "street": "calle", "municipality": "municipio",
    "subdivision": "estado", "opened_on": "apertura", "credit_limit": "limite", "last_payment": "ultimo_pago", "last_payment_on": "fecha_pago",
    "holder_birth_on": "nacimiento", "risk_score": "puntaje", "branch": "sucursal", "interest": "intereses", "fees": "comisiones",
    "extra": {"columns": EXTRA},
}  # fmt: skip
NAMES, SURNAMES = ["Ana", "Luis", "Rosa", "Hugo", "Inés", "Raúl", "Sofía", "Pedro", "Lucía", "Mario"], ["López", "Díaz", "Soto", "Núñez", "Ramos", "Gil", "Peña", "Cruz", "Vega", "Mora"]
PLACES = [("Cuauhtémoc", "CMX"), ("Monterrey", "NLE"), ("Guadalajara", "JAL"), ("Puebla", "PUE"), ("Tijuana", "BCN")]
# What an import of accounts writes, in an order in which every reference points at what is there.
WRITTEN = (
    "portfolio_person", "portfolio_account", "portfolio_accountparty", "portfolio_instalment", "portfolio_ledgerentry",
    "portfolio_buckethistory", "portfolio_contactpoint",
)  # fmt: skip
NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@dataclass
class Cost(Timing):
    """Timing, and the processor seconds of the database session (0 when the server is on another machine)."""

    server: float = 0.0

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s (CPU {self.cpu:.2f} of this process, {self.server:.2f} of its database session)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    from recaudo.project import postgres

    server = postgres.ensure().admin_dsn  # before the scratch: its folder would be another installation, with a server of its own
    if server is None:
        raise SystemExit("needs the database's superuser: leave DATABASE_URL unset")
    with scratch() as folder:
        path = folder / "cartera.csv"
        write_file(path, args.rows)
        bare = copy_bare(path)
        lines, spent = import_file(path, args.rows, again=args.again)
        finished, written = copy_finished(folder, server)
        lines |= compared(args.rows, spent, bare, finished, written)
    report("import", args.rows, lines, is_json=args.json)


def write_file(path: Path, rows: int) -> None:
    """The invented file: valid ids (check digits computed), one person a row, about 45 % late."""
    from stdnum.mx import rfc

    rng = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(",".join([*COLUMNS, *EXTRA]) + "\n")
        for n in range(rows):
            first, last, second = rng.choice(NAMES), rng.choice(SURNAMES), rng.choice(SURNAMES)
            year, month, day = 50 + n % 45, 1 + n // 45 % 12, 1 + n // 540 % 28
            letters = "".join("BCDFGHJKLMNPQRSTVWXZ"[n // step % 20] for step in (15_120, 302_400, 6_048_000, 7))
            root = f"{letters}{year:02d}{month:02d}{day:02d}{'123456789ABCDEFGHIJKLMNPQRSTUV'[n % 30]}{'123456789'[n % 9]}"
            number = root + rfc.calc_check_digit(root)
            balance = rng.randrange(100_000, 9_000_000)
            late = rng.random() < 0.45
            months = rng.randrange(1, 7) if late else 0
            overdue = balance // 20 * months
            place, state = PLACES[n % 5]
            cells = [
                f"C{n:09d}", f"{first} {last} {second}", number, _money(balance), _money(min(overdue, balance)), str(months * 30 - 12 if late else 0), str(months),
                "05/12/2026", _money(balance // 20), f"55{10_000_000 + n * 7 % 89_000_000:08d}", f"p{n}@correo.mx", f"Calle {n % 900} núm. {n % 300 + 1}", place, state,
                f"{n % 28 + 1:02d}/0{n % 9 + 1}/201{n % 10}", _money(balance * 2), _money(balance // 30), "10/11/2026", f"{day:02d}/{month:02d}/19{year:02d}",
                str(300 + n % 550), f"Sucursal {n % 120}", _money(balance // 50), _money(balance // 200),
            ]  # fmt: skip
            out.write(",".join(cells) + "," + ",".join(f"valor {n % 50} {m}" for m in range(len(EXTRA))) + "\n")


def copy_bare(path: Path) -> Cost:
    """COPY of the file as text into a table without index, keys or security."""
    from django.db import connection, transaction

    columns = ", ".join(f'"{name}" text' for name in [*COLUMNS, *EXTRA])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE bare ({columns}) ON COMMIT DROP")
        with costing(cursor) as cost, cursor.cursor.copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy, path.open("rb") as file:
            _pour(file, copy)
    return cost


def copy_finished(folder: Path, admin: dict[str, Any]) -> tuple[Cost, int]:
    """COPY of what the import wrote into the same tables, emptied: cost, and the number of rows.

    Reading them out, emptying the tables and the commit of that stand outside the clock; the commit of the rows stands inside, as it does
    for the import. The figures of the accounts come with the rows, so the trigger that adds entries up is told so, as the import tells it.
    """
    from django.db import connection

    with psycopg.connect(**{**admin, "dbname": connection.settings_dict["NAME"]}) as server, server.cursor() as cursor:
        columns = {table: _columns(cursor, table) for table in WRITTEN}
        for table in WRITTEN:
            with cursor.copy(f"COPY {table} ({columns[table]}) TO STDOUT (FORMAT binary)") as copy, (folder / table).open("wb") as file:
                for block in copy:
                    file.write(block)
        cursor.execute(f"TRUNCATE {', '.join(WRITTEN)} CASCADE")
        server.commit()
        cursor.execute("SELECT set_config('recaudo.ledger_bulk', 'on', true)")
        rows = 0
        with costing(cursor) as cost:
            for table in WRITTEN:
                with cursor.copy(f"COPY {table} ({columns[table]}) FROM STDIN (FORMAT binary)") as copy, (folder / table).open("rb") as file:
                    _pour(file, copy)
                rows += cursor.rowcount
            server.commit()
    return cost, rows


def import_file(path: Path, rows: int, *, again: bool) -> tuple[dict[str, Any], Cost]:
    """Check alone, then apply, then perhaps the same file again: what to print, and the cost of applying.

    Raises when a figure of the books is not the file's.
    """
    from django.db import connection

    from recaudo.intake import services
    from recaudo.journal.services import SYSTEM
    from recaudo.portfolio.models import Creditor, Portfolio
    from recaudo.store import tenancy
    from recaudo.store.keys import uuid7
    from recaudo.workforce.models import Tenant

    house = Tenant.objects.create(name="Medición", slug=f"medicion-{str(uuid7())[-8:]}", country="MX", zone="America/Mexico_City", currency="MXN", created_at=NOW)
    with tenancy.acting(house.id):
        creditor = Creditor.objects.create(code="A", name="A", country="MX", created_at=NOW)
        book = Portfolio.objects.create(creditor=creditor, code="P", name="P", product="credit_card", kind="consumer", currency="MXN", country="MX", created_at=NOW)
        layout = services.save_layout(name="banco", target="accounts", mapping=MAPPING, options={"date": "dmy"}, portfolio=book, by=SYSTEM, at=NOW)

    def received() -> Any:
        with tenancy.acting(house.id):
            return services.receive(source=path, file_name=path.name, layout=layout, on=NOW.date(), by=SYSTEM, at=NOW)

    with Watch() as watch, connection.cursor() as cursor:
        batch = received()
        with costing(cursor) as checking, tenancy.acting(house.id):
            services.check(batch, by=SYSTEM, at=NOW)
        with costing(cursor) as applying, tenancy.acting(house.id):
            batch = services.apply(batch, by=SYSTEM, at=NOW)
    if batch.status != "applied" or batch.accepted_count != rows:
        raise SystemExit(f"not applied whole: {batch.status} {batch.problem} {batch.accepted_count} of {rows}")
    lines: dict[str, Any] = {
        "file": megabytes(path.stat().st_size), "check": str(checking), "validated_rows_a_second": f"{rows / checking.seconds:,.0f}",
        "import": str(applying), "imported_rows_a_second": f"{rows / applying.seconds:,.0f}", "peak_memory": megabytes(watch.peak),
    }  # fmt: skip
    if again:
        second = received()
        with timed() as repeating, tenancy.acting(house.id):
            second = services.apply(second, by=SYSTEM, at=NOW)
        lines |= {"again_seconds": f"{repeating.seconds:.2f}", "again_changes": second.changes.get("created", 0) + second.changes.get("updated", 0)}
    return lines, applying


def compared(rows: int, spent: Cost, bare: Cost, finished: Cost, written: int) -> dict[str, Any]:
    """Both baselines and what the import is to them, in seconds and in processor seconds of the database."""
    return {
        "bare_copy": str(bare), "import_to_bare_copy": f"{spent.seconds / bare.seconds:.1f} x",
        "finished_copy": f"{finished}, {written:,} rows, {written / rows:.1f} a row of the file",
        "import_to_finished_copy": f"{spent.seconds / finished.seconds:.2f} x ({spent.server / finished.server:.2f} x in CPU of the database)"
        if finished.server else f"{spent.seconds / finished.seconds:.2f} x", "finished_to_bare_copy": f"{finished.seconds / bare.seconds:.1f} x",
    }  # fmt: skip


@contextmanager
def costing(cursor: Any) -> Iterator[Cost]:
    """What the block costs: seconds, processor seconds of this process and of the cursor's database session."""
    cost, before = Cost(), _session_seconds(cursor)
    with timed() as timing:
        yield cost
    cost.seconds, cost.cpu, cost.server = timing.seconds, timing.cpu, _session_seconds(cursor) - before


def _session_seconds(cursor: Any) -> float:
    """Processor seconds of a database session so far; 0 when the server is on another machine."""
    cursor.execute("SELECT pg_backend_pid()")
    found = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not found.exists():
        return 0.0
    user, system = found.read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _columns(cursor: Any, table: str) -> str:
    cursor.execute("SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table])
    return str(cursor.fetchone()[0])


def _pour(file: IO[bytes], copy: Any) -> None:
    while block := file.read(1 << 20):
        copy.write(block)


def _money(minor: int) -> str:
    return f"{minor / 100:.2f}"


if __name__ == "__main__":
    main()
