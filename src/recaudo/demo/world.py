"""The demo organisation: who works there, whose debts it collects, its files loaded, and some days already worked.

Everything goes through the services that a customer's people use; nothing is written past them. Deterministic by seed and day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password

from recaudo.demo import duties, files, firewall, norms, plans, policies, scores, trials
from recaudo.demo.layouts import layouts
from recaudo.demo.past import work_a_day
from recaudo.flow.day import run_day
from recaudo.flow.services.limits import set_limits
from recaudo.intake import services as intake
from recaudo.intake.models import Layout
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.kernel.time import day_at
from recaudo.messaging import services as messaging
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, Portfolio
from recaudo.store import tenancy
from recaudo.strategy import services as strategy
from recaudo.strategy.models import StrategyVersion
from recaudo.workforce import services as workforce
from recaudo.workforce.models import Agency, Tenant, User

NAME = "Cobranza Andina (demostración)"
PASSWORD = "demostracion-2026"  # noqa: S105 printed on the screen of a demo that listens on loopback only
ADMIN = "admin@demo.example"
STAFF: tuple[tuple[str, str, str], ...] = (
    # mail, name, role
    ("gerente@demo.example", "Gabriela Soto", "collections_manager"),
    ("estrategia@demo.example", "Elena Vidal", "strategy_manager"),
    ("supervisor@demo.example", "Sergio Ríos", "call_supervisor"),
    ("agente@demo.example", "Ana Pérez", "call_agent"),
    ("agente2@demo.example", "Beto Luna", "call_agent"),
    ("backoffice@demo.example", "Raúl Mena", "back_office"),
    ("cumplimiento@demo.example", "Carmen Lara", "compliance_officer"),
    ("cumplimiento2@demo.example", "Olga Ruiz", "compliance_officer"),
    ("finanzas@demo.example", "Fabiola Nava", "finance"),
    ("auditor@demo.example", "Aurelio Paz", "auditor"),
    ("direccion@demo.example", "Diana Leal", "executive"),
    ("sistema@demo.example", "Sistema del banco", "integrator"),
)
BOOKS: tuple[tuple[str, str, str, str, tuple[tuple[str, str, str, str, str], ...]], ...] = (
    # creditor code, name, country, how to pay, (portfolio code, name, product, kind, currency)
    ("BANCO-MX", "Banco Ejemplo México", "MX", "SPEI o ventanilla del banco con su referencia.",
     (("TC-MX", "Tarjetas México", "credit_card", "consumer", "MXN"),)),
    ("BANCO-CL", "Banco Ejemplo Chile", "CL", "En línea o en caja vecina con su referencia.",
     (("TC-CL", "Tarjetas Chile", "credit_card", "consumer", "CLP"),)),
    ("BANCO-CO", "Banco Ejemplo Colombia", "CO", "PSE o corresponsal con su referencia.",
     (("TC-CO", "Tarjetas Colombia", "credit_card", "consumer", "COP"),)),
    ("CRECE-CL", "Financiera Crece", "CL", "Transferencia o Servipag con su referencia.",
     (("CI-CL", "Créditos en cuotas", "instalment_loan", "consumer", "CLP"),)),
    ("MAYOREO", "Mayoreo del Pacífico", "MX", "Transferencia a la cuenta de la factura con su referencia.",
     (("FAC-MX", "Facturas México", "invoice", "commercial", "MXN"), ("FAC-CO", "Facturas Colombia", "invoice", "commercial", "COP"))),
)  # fmt: skip
# Units of work by channel, Monday to Sunday, for a portfolio of 10,000 accounts; larger ones scale. Visits and letters have none:
# the organisation of the demo does neither.
CAPACITY = {
    "call": (160, 160, 160, 160, 160, 60, 0), "sms": (900,) * 6 + (0,), "im": (700,) * 6 + (0,), "email": (2000,) * 6 + (0,),
}  # fmt: skip
# Pesos per US dollar, only to compare across countries; round figures of late 2026, not a quotation.
USD = {"MXN": "18.50", "CLP": "950", "COP": "4100", "USD": "1"}
SENDER = {"agent": "Sergio Ríos", "address_phone": "Av. Central 100, Ciudad de México, 55 0000 0000"}
Progress = Callable[[str, float], None]


class DemoExists(Problem):
    code = "demo_exists"
    message = "La organización de demostración ya existe."
    status = 409


@dataclass(slots=True)
class World:
    """What was made: the tenant, the day it ends on, and what each file gave."""

    tenant: Tenant
    on: date
    loads: list[dict[str, Any]] = field(default_factory=list)
    worked: dict[str, int] = field(default_factory=dict)


def existing() -> Tenant | None:
    """The demo organisation, when there is one."""
    return Tenant.objects.filter(name=NAME).first()


def working_day(today: date) -> date:
    """Today when people work on it, else the last day on which they did (no Sundays; Saturdays are short)."""
    return today if today.weekday() < 5 else today - timedelta(days=today.weekday() - 4)


def build(
    *, accounts: int, seed: int, today: date, at: datetime, folder: Path, past_days: int = 3, progress: Progress | None = None
) -> World:
    """Make the whole world up to the morning of the last working day; its own day is not run yet.

    Call outside a transaction. Raises DemoExists
    """
    tell = progress or (lambda step, fraction: None)
    if existing():
        raise DemoExists()
    on = working_day(today)
    before = on - timedelta(days=31)
    tell("organización y equipo", 0.0)
    tenant, people = _organisation(at, _morning(before))
    world = World(tenant, on)
    with tenancy.acting(tenant.id):
        trial = trials.prepare(people, version=_books(people, _morning(before), accounts), on=before, at=_morning(before))
    tell("archivos de los acreedores", 0.05)
    written = files.write(folder, accounts=accounts, seed=seed, before=before, on=on)
    files.write_faulty(folder, on=on, seed=seed)
    first = [item for item in written if item.on == before]
    later = [item for item in written if item.on == on]
    for place, item in enumerate(first):
        tell(f"carga {item.path.name}", 0.15 + 0.3 * place / len(first))
        world.loads.append(_load(tenant, people["backoffice@demo.example"], item, _morning(before)))
    with tenancy.acting(tenant.id):
        portfolio.accrue(on=before, by=journal.SYSTEM, at=_morning(before))
        _place(people, before)
        trials.live(trial, people, on=before, seed=seed)
    days = [day for n in range(9, 0, -1) if (day := on - timedelta(days=n)).weekday() < 5][-past_days:] if past_days else []
    if past_days >= 3:
        # One day two weeks ago, so that what came in after a day of work is known.
        days.insert(0, working_day(on - timedelta(days=15)))
    for place, day in enumerate(days):
        tell(f"jornada del {day:%d/%m}", 0.5 + 0.3 * place / len(days))
        run_day(tenant, on=day, by=journal.SYSTEM, at=_morning(day), clock=lambda day=day: _morning(day))
        for name, count in work_a_day(tenant, people, day=day, seed=seed).items():
            world.worked[name] = world.worked.get(name, 0) + count
    if days:
        with tenancy.acting(tenant.id):
            firewall.tell(people, at=day_at(days[-1], tenant.zone, 16))
    for place, item in enumerate(later):
        tell(f"carga {item.path.name}", 0.8 + 0.2 * place / len(later))
        world.loads.append(_load(tenant, people["backoffice@demo.example"], item, max(_morning(on), at - timedelta(hours=1))))
    with tenancy.acting(tenant.id):
        scores.reach_in_force(tenant, author=people["estrategia@demo.example"], approver=people["gerente@demo.example"], at=_morning(on))
        duties.fill(people, on=on, at=at)
        norms.decide(people, zone=tenant.zone, on=on, at=at)
        plans.set_up(people, on=on, at=at)
        policies.fill(people, at=at)
    trials.simulate(tenant, people)
    return world


def _morning(day: date) -> datetime:
    """11:00 UTC: five in the morning in Mexico City."""
    return datetime.combine(day, time(11), tzinfo=UTC)


def _organisation(at: datetime, since: datetime) -> tuple[Tenant, dict[str, User]]:
    tenant, admin = workforce.create_organisation(
        name=NAME, country="MX", admin_email=ADMIN, admin_name="Ignacio Paz", password=PASSWORD, at=since, may_be_another=True
    )
    tenant.settings = {**tenant.settings, "usd_rates": USD, "unit_costs": trials.COSTS, "is_demo": True, "day_at": "05:30", "sender": SENDER}
    tenant.save(update_fields=["settings"])
    people = {ADMIN: admin}
    hashed = make_password(PASSWORD)
    with tenancy.acting(tenant.id):
        agency = workforce.save_agency(
            None, name="Despacho Norte", code="NORTE", country="MX", registry_id="REDECO-0001", address_phone="Av. Norte 100, 55 0000 0000",
            by=admin, at=since,
        )  # fmt: skip
        roster: list[tuple[str, str, str, Agency | None]] = [(*entry, None) for entry in STAFF]
        roster += [("despacho@demo.example", "Omar Gil", "agency_admin", agency), ("despacho2@demo.example", "Nadia Cruz", "agency_agent", agency)]
        for mail, name, role, firm in roster:
            user = User(tenant_id=tenant.id, email=mail, name=name, roles=[role], agency=firm, created_at=since, password=hashed)
            user.save()
            journal.record("user.joined", by=admin, at=since, subject="user", subject_id=user.id, roles=[role])
            people[mail] = user
        workforce.save_team(
            None, name="Mora temprana", channel="call", supervisor=people["supervisor@demo.example"],
            members=[people["agente@demo.example"], people["agente2@demo.example"]], by=admin, at=since,
        )  # fmt: skip
        # Its secret is kept nowhere: whoever wants to try the interface issues another on that person's page.
        workforce.issue_token(people["sistema@demo.example"], name="Banco Ejemplo, abonos", days=365, by=admin, at=since)
    return tenant, people


def _books(people: dict[str, User], at: datetime, accounts: int) -> StrategyVersion:
    admin, manager, analyst = people[ADMIN], people["gerente@demo.example"], people["estrategia@demo.example"]
    books: dict[str, Portfolio] = {}
    for code, name, country, how, portfolios in BOOKS:
        creditor = portfolio.save_creditor(
            creditor=None, code=code, name=name, country=country, legal_name=f"{name} SA", how_to_pay=how,
            complaint_contact=f"quejas@{code.lower()}.example", by=admin, at=at,
        )  # fmt: skip
        for book, title, product, kind, currency in portfolios:
            books[book] = portfolio.save_portfolio(
                portfolio=None, creditor=creditor, code=book, name=title, product=product, kind=kind, currency=currency,
                country=book[-2:], by=admin, at=at,
            )  # fmt: skip
    factor = max(accounts / 10_000, 0.05)
    units = {channel: [int(count * factor) for count in week] for channel, week in CAPACITY.items()}
    workforce.set_capacity(units, valid_from=at.date(), today=at.date(), by=admin, at=at)
    tenant = Tenant.objects.get(pk=manager.tenant_id)
    set_limits(
        tenant, {("budget", None): int(2_000_00 * factor), ("portfolio", books["TC-CO"].pk): max(int(40 * factor), 1)}, valid_from=at.date(),
        today=at.date(), by=manager, at=at,
    )  # fmt: skip
    messaging.ensure_templates(by=manager, at=at)
    version = strategy.create_strategy(
        code="collections", name="Cobranza integral", purpose="De la prevención a la cartera castigada, consumo y comercial.",
        xml=strategy.default_xml(), by=analyst, at=at,
    )  # fmt: skip
    strategy.submit(version, by=analyst, at=at)
    strategy.approve(version, by=manager, at=at, note="Revisada con cumplimiento.")
    version = strategy.activate(version, on=at.date(), by=manager, at=at)
    agency = people["despacho@demo.example"].agency
    told = strategy.publish(
        version, agencies=[agency] if agency else [], to_staff=True, due_on=at.date() + timedelta(days=7), today=at.date(), by=manager, at=at,
        note="Así se decide desde hoy qué se hace con cada cuenta, por qué medio y con qué oferta. Las cuentas suspendidas no se trabajan.",
    )  # fmt: skip
    scores.put_in_force(author=analyst, approver=manager, at=at)
    for reader in ("despacho@demo.example", "agente@demo.example"):
        strategy.acknowledge(told, by=people[reader], at=at)
    for name, target, book, mapping, options in layouts():
        intake.save_layout(
            name=name, target=target, mapping=mapping, options=options, portfolio=books.get(book), by=people["backoffice@demo.example"], at=at
        )
    return version


def _load(tenant: Tenant, by: User, item: files.Written, at: datetime) -> dict[str, Any]:
    with tenancy.acting(tenant.id):
        layout = Layout.objects.get(name=item.layout, is_current=True)
        batch = intake.receive(source=item.path, file_name=item.path.name, layout=layout, on=item.on, by=by, at=at)
    with tenancy.acting(tenant.id):
        batch = intake.apply(batch, by=by, at=at)
    return {
        "file": batch.file_name, "status": batch.status, "rows": batch.row_count, "accepted": batch.accepted_count,
        "rejected": batch.rejected_count, "problem": batch.problem,
    }  # fmt: skip


def _place(people: dict[str, User], on: date) -> None:
    """The agency gets part of the late Mexican cards."""
    agency = people["despacho@demo.example"].agency
    late = Account.objects.filter(portfolio__code="TC-MX", dpd__gte=75).order_by("id").values_list("id", flat=True)[:400]
    portfolio.place_accounts(account_ids=list(late), agency=agency, team=None, from_on=on, by=people["gerente@demo.example"], at=_morning(on))


