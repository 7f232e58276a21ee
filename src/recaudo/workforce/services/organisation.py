"""The organisation: made once by `recaudo init`, changed on the settings page."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from recaudo.journal import services as journal
from recaudo.kernel.money import minor_digits
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy
from recaudo.store.keys import uuid7
from recaudo.workforce.models import Tenant, User
from recaudo.workforce.queries import ADMINISTRATOR, forget_organisation
from recaudo.workforce.services.people import check_email, check_password

# Where the product is used first: usual zone and currency. Others are given by hand.
COUNTRIES: dict[str, tuple[str, str]] = {
    "AR": ("America/Argentina/Buenos_Aires", "ARS"), "BO": ("America/La_Paz", "BOB"), "BR": ("America/Sao_Paulo", "BRL"),
    "CL": ("America/Santiago", "CLP"), "CO": ("America/Bogota", "COP"), "CR": ("America/Costa_Rica", "CRC"),
    "DO": ("America/Santo_Domingo", "DOP"), "EC": ("America/Guayaquil", "USD"), "GT": ("America/Guatemala", "GTQ"),
    "HN": ("America/Tegucigalpa", "HNL"), "MX": ("America/Mexico_City", "MXN"), "NI": ("America/Managua", "NIO"),
    "PA": ("America/Panama", "PAB"), "PE": ("America/Lima", "PEN"), "PY": ("America/Asuncion", "PYG"),
    "SV": ("America/El_Salvador", "USD"), "US": ("America/New_York", "USD"), "UY": ("America/Montevideo", "UYU"),
}  # fmt: skip

# When the day of a new organisation begins by itself, on its own clock; people change it in Ajustes.
DAY_AT = "05:30"


class OrganisationExists(Problem):
    code = "organisation_exists"
    message = "Ya existe la organización «{name}». Para crear otra en esta instalación repita la orden con --another."


class UnknownCountry(Problem):
    code = "unknown_country"
    message = "El país «{country}» no está en la lista. Use su código de dos letras: {known}."


class UnknownZone(Problem):
    code = "unknown_zone"
    message = "La zona horaria «{zone}» no existe. Use un nombre como America/Mexico_City."


@transaction.atomic
def create_organisation(
    *,
    name: str,
    country: str,
    admin_email: str,
    admin_name: str,
    password: str,
    at: datetime,
    zone: str = "",
    currency: str = "",
    may_be_another: bool = False,
    by: Any = journal.SYSTEM,
) -> tuple[Tenant, User]:
    """The organisation and its first administrator.

    zone, currency  empty: the usual ones of the country
    may_be_another  allow it although this installation has an organisation already
    Raises          OrganisationExists, UnknownCountry, UnknownZone, UnknownCurrency, EmailTaken, WeakPassword
    """
    existing = Tenant.objects.order_by("created_at").first()
    if existing and not may_be_another:
        raise OrganisationExists(name=existing.name)
    country = country.upper()
    if country not in COUNTRIES:
        raise UnknownCountry(country=country, known=", ".join(COUNTRIES))
    zone, currency = zone or COUNTRIES[country][0], (currency or COUNTRIES[country][1]).upper()
    check_zone(zone)
    minor_digits(currency)
    tenant = Tenant.objects.create(
        name=name.strip(), slug=_slug(name), country=country, zone=zone, currency=currency, settings={"day_at": DAY_AT}, created_at=at
    )
    with tenancy.acting(tenant.id):
        email = check_email(admin_email)
        admin = User(tenant_id=tenant.id, email=email, name=admin_name.strip(), roles=[ADMINISTRATOR], created_at=at)
        check_password(password, user=admin)
        admin.set_password(password)
        admin.save()
        journal.record(
            "organisation.created", by=by, at=at, subject="organisation", subject_id=tenant.id, country=country,
            zone=zone, currency=currency, admin_id=admin.id,
        )  # fmt: skip
    return tenant, admin


@transaction.atomic
def change_settings(
    tenant: Tenant,
    *,
    name: str,
    zone: str,
    currency: str,
    by: Any,
    at: datetime,
    day_at: time | None = None,
    sender_agent: str = "",
    sender_contact: str = "",
    usd_rates: Mapping[str, Decimal] | None = None,
) -> Tenant:
    """What the organisation decides about itself.

    day_at           when its day begins by itself, on the clock of `zone`; None: only when somebody starts it
    sender_agent     who answers for what the machine writes; some laws want a name in the first message
    sender_contact   address and phone that a message may have to give
    usd_rates        units of a currency per US dollar, only to compare debts across currencies; None leaves them as they are
    Raises  UnknownZone, UnknownCurrency
    """
    check_zone(zone)
    minor_digits(currency)
    tenant = _held(tenant)
    before = {"name": tenant.name, "zone": tenant.zone, "currency": tenant.currency, **tenant.settings}
    tenant.name, tenant.zone, tenant.currency = name.strip(), zone, currency
    hour = {"day_at": f"{day_at:%H:%M}" if day_at else ""} if day_at or tenant.settings.get("day_at") else {}
    sender = {"sender": {"agent": sender_agent.strip(), "address_phone": sender_contact.strip()}}
    rates = {} if usd_rates is None else {"usd_rates": {code: str(rate) for code, rate in usd_rates.items()}}
    tenant.settings = {**tenant.settings, **hour, **sender, **rates}
    tenant.save(update_fields=["name", "zone", "currency", "settings"])
    after = {"name": tenant.name, "zone": tenant.zone, "currency": tenant.currency, **tenant.settings}
    changed = {key: [before.get(key), value] for key, value in after.items() if before.get(key) != value}
    if changed:
        journal.record(
            "organisation.changed", by=by, at=at, subject="organisation", subject_id=tenant.id, changed=changed
        )
        transaction.on_commit(lambda: forget_organisation(tenant.id))
    return tenant


@transaction.atomic
def set_unit_costs(tenant: Tenant, *, costs: Mapping[str, Decimal], by: Any, at: datetime) -> Tenant:
    """What one contact costs by channel, in the organisation's currency; a channel that is not given has no known cost."""
    tenant = _held(tenant)
    before = tenant.settings.get("unit_costs", {})
    after = {channel: str(cost) for channel, cost in sorted(costs.items())}
    if after != before:
        tenant.settings = {**tenant.settings, "unit_costs": after}
        tenant.save(update_fields=["settings"])
        journal.record("costs.changed", by=by, at=at, subject="organisation", subject_id=tenant.id, before=before, after=after)
        transaction.on_commit(lambda: forget_organisation(tenant.id))
    return tenant


def _held(tenant: Tenant) -> Tenant:
    """The organisation as it is now, held until the transaction ends: its settings are one document that several people write."""
    found: Tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    return found


def check_zone(zone: str) -> None:
    """Raises UnknownZone."""
    if zone not in zoneinfo.available_timezones():
        raise UnknownZone(zone=zone)


def _slug(name: str) -> str:
    base = slugify(name)[:30] or "organizacion"
    return base if not Tenant.objects.filter(slug=base).exists() else f"{base}-{str(uuid7())[-6:]}"
