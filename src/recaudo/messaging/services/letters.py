"""What messages say: the facts of many actions read at once, from the balances of this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum

from recaudo.agreements.models import Promise
from recaudo.casework.models import Action
from recaudo.kernel.money import shown
from recaudo.kernel.time import local
from recaudo.messaging.models import Template
from recaudo.messaging.services.links import not_me_link, stop_link
from recaudo.messaging.services.rendering import Merge
from recaudo.portfolio.models import Account, ContactPoint, LedgerEntry
from recaudo.workforce.models import Agency, Tenant

PRODUCT_ES = {"credit_card": "tarjeta", "instalment_loan": "crédito", "invoice": "factura", "other": "cuenta"}
COSTS = ("interest", "default_interest", "fees", "collection_cost")
NOTICE = (
    "Pague sólo al acreedor; nadie más puede recibir su pago. Esto no es un procedimiento de ejecución. {costs}"
    "Puede pedir el detalle, aclararla o acordar condiciones por escrito: responda a este mensaje."
)
_MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")


@dataclass(frozen=True, slots=True)
class Facts:
    """What some actions need to be written, by id; read with a constant number of queries."""

    accounts: Mapping[UUID, Account]
    points: Mapping[UUID, ContactPoint]
    promises: Mapping[UUID, Promise]
    costs: Mapping[UUID, int]
    agencies: Mapping[UUID, Agency]


def facts_of(actions: Iterable[Action]) -> Facts:
    """Accounts with creditor, contact points with person, active promises, interest and costs, agencies. Five queries."""
    rows = list(actions)
    ids = {row.account_id for row in rows if row.account_id}
    costs = LedgerEntry.objects.filter(account_id__in=ids, component__in=COSTS).values("account_id").annotate(total=Sum("amount_minor"))
    agencies = {row.agency_id for row in rows if row.agency_id}
    return Facts(
        accounts={one.id: one for one in Account.objects.filter(id__in=ids).select_related("creditor")},
        points={one.id: one for one in ContactPoint.objects.filter(id__in=[r.contact_point_id for r in rows]).select_related("person")},
        promises={one.account_id: one for one in Promise.objects.filter(account_id__in=ids, status="active")},
        costs={row["account_id"]: int(row["total"] or 0) for row in costs},
        agencies={one.id: one for one in Agency.objects.filter(id__in=agencies)} if agencies else {},
    )


def approved(actions: Iterable[Action]) -> dict[tuple[str, str], Template]:
    """The approved templates that actions name, by code and channel."""
    codes = {action.template for action in actions}
    found = Template.objects.filter(code__in=codes, status="approved", language="es")
    return {(template.code, template.channel): template for template in found}


def compose(tenant: Tenant, action: Action, facts: Facts, *, at: datetime, by_name: str = "") -> Merge | None:
    """What a message about an account says. None when its account or contact point is gone.

    by_name  who sends by hand; otherwise the organisation's setting sender.agent answers for it
    """
    account = facts.accounts.get(action.account_id) if action.account_id else None
    point = facts.points.get(action.contact_point_id) if action.contact_point_id else None
    if account is None or point is None:
        return None
    return _merge(tenant, account, point, action.channel, facts, at=at, by_name=by_name, agency_id=action.agency_id)


def _merge(
    tenant: Tenant, account: Account, point: ContactPoint, channel: str, facts: Facts, *, at: datetime, by_name: str, agency_id: UUID | None
) -> Merge:
    person, creditor, promise = point.person, account.creditor, facts.promises.get(account.id)
    sender: dict[str, Any] = tenant.settings.get("sender", {})
    agency = facts.agencies.get(agency_id) if agency_id else None
    first = person.name.split()[:1] or [""]
    return Merge(
        nombre=first[0].title() if person.kind == "natural" else person.name,
        acreedor=creditor.name,
        producto=PRODUCT_ES.get(account.product, "cuenta"),
        cuenta=account.number if account.product == "invoice" else account.number[-4:],
        saldo=shown(account.overdue_minor, account.currency),
        saldo_total=shown(account.balance_minor, account.currency),
        vence=day(account.next_due_on if account.dpd <= 0 else account.oldest_due_on),
        dias=str(account.dpd),
        promesa_monto=shown(promise.amount_minor, promise.currency) if promise else "",
        promesa_fecha=day(promise.due_on) if promise else "",
        referencia=account.pay_reference or account.number,
        como_pagar=creditor.how_to_pay,
        quejas=creditor.complaint_contact,
        aviso_legal=NOTICE.format(costs=_costs(account, facts)),
        organizacion=agency.name if agency else tenant.name,
        agente=by_name or str(sender.get("agent", "")),
        contacto=agency.address_phone if agency else str(sender.get("address_phone", "")),
        hoy=day(local(at, tenant.zone).date()),
        enlace_baja=stop_link(tenant.id, point.id, channel, on=at.date()),
        enlace_no_soy_yo=not_me_link(tenant.id, point.id, channel, on=at.date()),
    )


def _costs(account: Account, facts: Facts) -> str:
    # Payments are negative entries: the sum is what is still owed besides the principal.
    total = max(0, facts.costs.get(account.id, 0))
    return f"Intereses y gastos incluidos: {shown(total, account.currency)}. "


def with_not_me(body: str, merge: Merge, channel: str) -> str:
    """The text of a first contact through a contact point: whoever reads it may not be the person, and can say so at once.

    An SMS names the word to answer with, for a link would double its length.
    """
    if merge.enlace_no_soy_yo and merge.enlace_no_soy_yo in body:
        return body
    offer = "¿No es usted? Responda NO SOY YO." if channel == "sms" else f"¿No es usted? Avísenos con un toque: {merge.enlace_no_soy_yo}"
    return f"{body.rstrip()}\n{offer}"


def day(value: date | None) -> str:
    """«24 nov 2026»; nothing is an empty text."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}" if value else ""
