"""Reads of intake: batches and layouts, what was refused and why, the report of a batch."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet

from recaudo.intake.fields import STATUS_ES
from recaudo.intake.models import Batch, Layout, Rejection
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Portfolio
from recaudo.workforce.models import Tenant

CHANGES_ES: dict[str, str] = {
    "created": "Registros nuevos", "updated": "Cuentas actualizadas", "unchanged": "Sin cambios", "stale": "Omitidas: ya hay datos de un día posterior",
    "adjusted": "Ajustes de saldo", "persons": "Personas nuevas", "parties": "Relaciones con personas", "contact_points": "Medios de contacto nuevos",
    "instalments": "Vencimientos", "entries": "Movimientos", "consents": "Consentimientos", "duplicates": "Pagos que ya estaban",
    "unidentified": "Pagos por identificar", "already_in_balance": "Pagos ya incluidos en el saldo",
}  # fmt: skip


class LayoutNotFound(Problem):
    code = "layout_not_found"
    message = "No existe el formato «{name}». Guardados: {known}."


class PortfolioNotFound(Problem):
    code = "portfolio_not_found"
    message = "No existe la cartera «{name}»{where}. Dé de alta la cartera o corrija el código."


class OrganisationNotFound(Problem):
    code = "organisation_not_found"
    message = "Diga qué organización con --organisation: {known}."


def organisation(slug: str | None) -> Tenant:
    """The one asked for, or the only one. Raises OrganisationNotFound."""
    tenants = list(Tenant.objects.filter(slug=slug) if slug else Tenant.objects.order_by("created_at")[:2])
    if len(tenants) != 1:
        raise OrganisationNotFound(known=", ".join(Tenant.objects.order_by("slug").values_list("slug", flat=True)) or "no hay ninguna; use recaudo init")
    only: Tenant = tenants[0]
    return only


def layouts() -> QuerySet[Layout]:
    return Layout.objects.filter(is_current=True).select_related("creditor", "portfolio").order_by("name")


def layout_named(name: str) -> Layout:
    """The current version. Raises LayoutNotFound."""
    found: Layout | None = layouts().filter(name=name).first()
    if found is None:
        raise LayoutNotFound(name=name, known=", ".join(layouts().values_list("name", flat=True)) or "ninguno")
    return found


def portfolio_named(code: str | None, creditor: str | None) -> Portfolio | None:
    """A portfolio by its code, of a creditor when one is named; a creditor alone means its only portfolio. Raises PortfolioNotFound."""
    if not code and not creditor:
        return None
    found = Portfolio.objects.filter(**({"code": code} if code else {}), **({"creditor__code": creditor} if creditor else {}))[:2]
    if len(found) != 1:
        raise PortfolioNotFound(name=code or "", where=f" del acreedor «{creditor}»" if creditor else "")
    only: Portfolio = found[0]
    return only


def batches(*, status: str = "") -> QuerySet[Batch]:
    """Newest first."""
    rows = Batch.objects.select_related("layout", "portfolio").order_by("-created_at")
    return rows.filter(status=status) if status else rows


def reasons(batch: Batch, *, limit: int = 40) -> list[dict[str, Any]]:
    """Why rows were refused or data left out, most frequent first: field, code, reason, is_row, count."""
    rows = Rejection.objects.filter(batch=batch).exclude(code__startswith="duplicate_").values("field", "code", "reason", "is_row")
    plain = list(rows.annotate(count=Count("id")).order_by("-is_row", "-count")[:limit])
    repeated = Rejection.objects.filter(batch=batch, code__startswith="duplicate_").values("field", "code", "is_row").annotate(count=Count("id"))
    for one in repeated:
        plain.append({**one, "reason": f"Columna «{one['field']}»: ya viene en otra fila del archivo. Deje una sola."})
    return sorted(plain, key=lambda one: (not one["is_row"], -one["count"]))


def first_rejections(batch: Batch, *, limit: int = 50) -> list[Rejection]:
    return list(Rejection.objects.filter(batch=batch).defer("row").order_by("row_number", "-is_row")[:limit])


def earlier_same(batch: Batch) -> Batch | None:
    """An applied batch with the very same content."""
    same = Batch.objects.filter(sha256=batch.sha256, status="applied").exclude(id=batch.id)
    newest: Batch | None = same.order_by("-applied_at").first()
    return newest


def report(batch: Batch) -> dict[str, Any]:
    """What a batch did, for the command line and programs."""
    changes = {key: value for key, value in batch.changes.items() if key != "omitted"}
    return {
        "id": str(batch.id), "file": batch.file_name, "on": batch.on.isoformat(), "status": batch.status, "status_es": STATUS_ES[batch.status],
        "target": batch.layout.target if batch.layout else None, "layout": batch.layout.name if batch.layout else None, "reading": batch.reading,
        "rows": batch.row_count, "accepted": batch.accepted_count, "refused": batch.rejected_count, "omitted": batch.changes.get("omitted", 0),
        "totals": batch.totals, "changes": changes, "changes_es": {CHANGES_ES.get(key, key): value for key, value in changes.items() if value},
        "reasons": reasons(batch), "problem": batch.problem,
    }  # fmt: skip


def counts_by_status() -> dict[str, int]:
    rows = Batch.objects.values_list("status").annotate(count=Count("id")).order_by()
    return dict(rows)
