"""The people of every story.

Tenant *Cobranza del Valle* (Mexico City). **Sofía** supervises the call centre, **Ana** and **Beto** are agents, **Elena** designs
strategies, **Gabriel** manages, **Carmen** is the compliance officer, **Ignacio** the administrator, **Raúl** back office.
**Despacho Norte** works some accounts; **Nadia** is its agent, **Omar** its administrator; **Despacho Sur** has **Silvia**.
Tenant *Otra Casa* has **Víctor**, who must never see anything of the first.
**María** owes on a card in Mexico (40 days late), **Pedro** on a loan in Chile (5 days late), **La Esquina SAS** on invoices in
Colombia (95 days late), **Lucía** is current.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from recaudo.portfolio.models import (
    Account,
    AccountParty,
    ContactPoint,
    Creditor,
    Instalment,
    LedgerEntry,
    Person,
    Portfolio,
)
from recaudo.store import tenancy
from recaudo.store.fields import blind_index
from recaudo.store.keys import uuid7
from recaudo.workforce.models import Agency, Tenant, User

PASSWORD = "una-clave-larga-1"
NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # a Tuesday, 11:00 in Mexico City, 14:00 in Santiago, 12:00 in Bogotá
TODAY = date(2026, 11, 24)


@dataclass
class Cast:
    """Everybody by name."""

    tenant: Tenant
    other_tenant: Tenant
    users: dict[str, User] = field(default_factory=dict)
    agencies: dict[str, Agency] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    portfolios: dict[str, Portfolio] = field(default_factory=dict)
    now: datetime = NOW
    today: date = TODAY

    def __getattr__(self, name: str) -> Any:
        for group in (self.users, self.people):
            if name in group:
                return group[name]
        raise AttributeError(name)


STAFF = {
    "sofia": ("Sofía Ríos", ["call_supervisor"]),
    "ana": ("Ana Pérez", ["call_agent"]),
    "beto": ("Beto Luna", ["call_agent"]),
    "elena": ("Elena Vidal", ["strategy_manager"]),
    "gabriel": ("Gabriel Soto", ["collections_manager"]),
    "carmen": ("Carmen Lara", ["compliance_officer"]),
    "ignacio": ("Ignacio Paz", ["tenant_admin"]),
    "raul": ("Raúl Mena", ["back_office"]),
}
DEBTORS = {
    # name: (shown name, kind, country, zone, id type, id, phone, mail, product, portfolio kind, currency, balance, overdue, dpd)
    "maria": ("María López Núñez", "natural", "MX", "America/Mexico_City", "RFC", "LOMM800101AB1", "+525512345678",
              "maria@correo.example", "credit_card", "consumer", "MXN", 1_250_000, 250_000, 40),
    "pedro": ("Pedro Soto Díaz", "natural", "CL", "America/Santiago", "RUT", "123456785", "+56912345678",
              "pedro@correo.example", "instalment_loan", "consumer", "CLP", 900_000, 80_000, 5),
    "esquina": ("La Esquina SAS", "legal", "CO", "America/Bogota", "NIT", "9001234567", "+573001234567",
                "pagos@esquina.example", "invoice", "commercial", "COP", 500_000_000, 500_000_000, 95),
    "lucia": ("Lucía Ramos Gil", "natural", "MX", "America/Mexico_City", "RFC", "RAGL900202CD2", "+525587654321",
              "lucia@correo.example", "credit_card", "consumer", "MXN", 300_000, 0, 0),
}  # fmt: skip


def make_cast() -> Cast:
    """Everybody, in two tenants. Call inside a test's transaction."""
    tenant = _tenant("Cobranza del Valle", "valle")
    other = _tenant("Otra Casa", "otra")
    cast = Cast(tenant, other)
    with tenancy.acting(tenant.id):
        for code, name in (("NORTE", "Despacho Norte"), ("SUR", "Despacho Sur")):
            cast.agencies[code] = Agency.objects.create(name=name, code=code, country="MX", created_at=NOW)
        for key, (name, roles) in STAFF.items():
            cast.users[key] = _user(tenant.id, key, name, roles)
        for key, name, role, agency in (
            ("nadia", "Nadia Cruz", "agency_agent", "NORTE"),
            ("omar", "Omar Gil", "agency_admin", "NORTE"),
            ("silvia", "Silvia Paz", "agency_agent", "SUR"),
        ):
            cast.users[key] = _user(tenant.id, key, name, [role], cast.agencies[agency])
        for key in DEBTORS:
            _debtor(cast, key)
    with tenancy.acting(other.id):
        cast.users["victor"] = _user(other.id, "victor", "Víctor Ajeno", ["collections_manager", "tenant_admin"])
    return cast


def _tenant(name: str, slug: str) -> Tenant:
    return Tenant.objects.create(
        name=name, slug=f"{slug}-{str(uuid7())[-8:]}", country="MX", zone="America/Mexico_City", currency="MXN", created_at=NOW
    )


def _user(tenant_id: UUID, key: str, name: str, roles: list[str], agency: Agency | None = None) -> User:
    from django.contrib.auth.hashers import make_password

    user = User(
        tenant_id=tenant_id, email=f"{key}.{str(tenant_id)[-6:]}@valle.example", name=name, roles=roles, agency=agency,
        created_at=NOW,
    )
    if "hash" not in _HASHED:  # argon2 is slow on purpose: once is enough for everybody
        _HASHED["hash"] = make_password(PASSWORD)
    user.password = _HASHED["hash"]
    user.save()
    return user


_HASHED: dict[str, str] = {}


def _debtor(cast: Cast, key: str) -> None:
    name, kind, country, zone, id_type, national_id, phone, mail, product, book, currency, balance, overdue, dpd = DEBTORS[key]
    creditor, _ = Creditor.objects.get_or_create(
        code=f"ACR-{country}",
        defaults={"name": f"Acreedor {country}", "country": country, "created_at": NOW, "how_to_pay": "Pague en ventanilla.",
                  "complaint_contact": "quejas@acreedor.example"},
    )  # fmt: skip
    portfolio, _ = Portfolio.objects.get_or_create(
        code=f"{product}-{country}",
        defaults={"creditor": creditor, "name": f"{product} {country}", "product": product, "kind": book,
                  "currency": currency, "country": country, "created_at": NOW},
    )  # fmt: skip
    cast.portfolios[portfolio.code] = portfolio
    person = Person.objects.create(
        kind=kind, name=name, search_name=name.lower().translate(str.maketrans("áéíóúñ", "aeioun")), id_type=id_type,
        national_id=national_id, national_id_index=blind_index(national_id, "national_id"), country=country, zones=[zone],
        created_at=NOW,
    )
    points = (("phone", phone, f"··{phone[-4:]}"), ("im", phone, f"··{phone[-4:]}"), ("email", mail, f"{mail[0]}···@{mail.split('@')[1]}"))
    for point, value, hint in points:
        ContactPoint.objects.create(
            person=person, kind=point, value=value, value_index=blind_index(value, point), hint=hint, country=country,
            zones=[zone], status="valid", source="creditor", captured_on=TODAY - timedelta(days=90), ownership_score=0.9,
            line_type="mobile" if point != "email" else "", created_at=NOW,
        )
    late = dpd > 0
    account = Account.objects.create(
        creditor=creditor, portfolio=portfolio, number=f"CTA-{key.upper()}", holder=person, product=product, currency=currency,
        status="delinquent" if late else "current", balance_minor=0, overdue_minor=overdue, dpd=dpd,
        bucket=_bucket(dpd), stage=_stage(dpd), oldest_due_on=TODAY - timedelta(days=dpd) if late else None,
        next_due_on=TODAY + timedelta(days=10), instalments_overdue=1 if late else 0, accrued_on=TODAY,
        opened_on=TODAY - timedelta(days=400), pay_reference=f"REF{key.upper()}", created_at=NOW, updated_at=NOW,
    )
    AccountParty.objects.create(account=account, person=person, role="holder", created_at=NOW)
    if late:
        Instalment.objects.create(account=account, number=1, due_on=TODAY - timedelta(days=dpd), amount_minor=overdue, created_at=NOW)
    if balance > overdue:
        Instalment.objects.create(
            account=account, number=2, due_on=TODAY + timedelta(days=10), amount_minor=balance - overdue, created_at=NOW
        )
    LedgerEntry.objects.create(account=account, on=TODAY - timedelta(days=400), kind="opening", amount_minor=balance, created_at=NOW)
    account.refresh_from_db()
    cast.people[key], cast.accounts[key] = person, account


def _bucket(dpd: int) -> str:
    edges = ((0, "CUR"), (30, "B1"), (60, "B2"), (90, "B3"), (120, "B4"), (150, "B5"), (180, "B6"))
    return next((name for limit, name in edges if dpd <= limit), "WO")


def _stage(dpd: int) -> str:
    return "preventive" if dpd <= 0 else "early" if dpd < 120 else "late"
