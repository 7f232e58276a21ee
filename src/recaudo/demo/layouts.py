"""How the demo's files are read: the same saved layouts that a customer makes in the import wizard."""

from __future__ import annotations

from typing import Any

PERSON: dict[str, Any] = {
    "holder_name": "Nombre", "holder_kind": "TipoPersona", "holder_id_type": "TipoId", "holder_id": "Identificacion",
    "holder_birth_on": "Nacimiento", "phone_1": "Telefono", "phone_2": "Telefono2", "email_1": "Correo", "street": "Calle",
    "subdivision": "Entidad", "municipality": "Ciudad", "country": "Pais", "consent_channels": "CanalesAutorizados",
    "consent_on": "FechaAutorizacion",
}  # fmt: skip
STATUSES = {f"month_status_{n}": f"Estado{n}" for n in range(5)}
STYLE = {
    "mx": {"decimal": ".", "date": "dmy", "currency": "MXN"},
    "cl": {"decimal": ",", "date": "dmy", "currency": "CLP"},
    "co": {"decimal": ",", "date": "ymd", "currency": "COP"},
}


def layouts() -> list[tuple[str, str, str, dict[str, Any], dict[str, Any]]]:
    """(name, target, portfolio code, mapping, options) of every layout."""
    found: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = []
    for country, style in STYLE.items():
        book = f"TC-{country.upper()}"
        found += [
            (f"tarjetas-{country}", "accounts", book, {
                "number": "Cuenta", "opened_on": "Apertura", "credit_limit": "Limite", "balance": "Saldo", **STATUSES,
                "last_payment": "UltimoPago", "pay_reference": "Referencia", "branch": "Sucursal", "risk_score": "Score", **PERSON,
            }, {**style, "derive": "monthly_status_v1"}),
            (f"actualizacion-{country}", "update", book, {
                "number": "Cuenta", "balance": "Saldo", **STATUSES, "month_status_5": "Estado5",
            }, {**style, "derive": "monthly_status_v1"}),
            (f"pagos-{country}", "payments", book, {
                "external_id": "Folio", "account_ref": "Referencia", "amount": "Importe", "paid_on": "Fecha", "method": "Medio",
                "payer": "Ordenante",
            }, style),
        ]  # fmt: skip
    found.append(("creditos-cl", "accounts", "CI-CL", {
        "number": "Operacion", "opened_on": "Desembolso", "credit_limit": "MontoOtorgado", "balance": "Saldo", "overdue": "Vencido",
        "next_amount": "Cuota", "instalments_overdue": "CuotasMora", "due_on": "Vencimiento", "next_due_on": "ProximoVencimiento",
        "risk_score": "Puntaje", "pay_reference": "Referencia", **PERSON, "codebtor_name": "CodeudorNombre", "codebtor_id": "CodeudorRut",
        "codebtor_phone_1": "CodeudorTelefono", "guarantor_name": "AvalNombre", "guarantor_id": "AvalRut",
        "guarantor_phone_1": "AvalTelefono",
    }, {"decimal": ".", "date": "ymd", "currency": "CLP"}))  # fmt: skip
    found.append(("facturas", "accounts", "", {
        "portfolio_code": "Cartera", "number": "Factura", "issued_on": "Emision", "due_on": "Vencimiento", "invoice_amount": "Importe",
        "balance": "SaldoFactura", "currency": "Moneda", "acceptance": "Aceptacion", "purchase_order": "OrdenCompra",
        "pay_reference": "Referencia", **PERSON,
    }, {"decimal": ".", "date": "ymd"}))  # fmt: skip
    return found
