"""What a simulation rests on besides the facts of its day, as digests: when one of them is another, the simulation is out of date."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from recaudo.flow.queries.limits import amounts_on, unit_costs
from recaudo.flow.queries.pacing import paces_on
from recaudo.kernel.time import local
from recaudo.law import queries as law
from recaudo.store import tenancy
from recaudo.strategy import queries as strategy
from recaudo.workforce import queries as workforce
from recaudo.workforce.models import Tenant

BASIS_ES = {
    "capacity": "la capacidad", "limits": "el presupuesto, una cobertura o un monto mínimo", "costs": "el costo por contacto", "pace": "el ritmo de contacto",
    "law": "las normas o una decisión de la casa sobre ellas", "strategy": "la versión en vigor", "experiments": "los experimentos en marcha",
}  # fmt: skip


def basis_on(at: datetime) -> dict[str, str]:
    """The digests of what is in force at an instant, by the names of BASIS_ES. A constant number of queries."""
    tenant = Tenant.objects.get(pk=tenancy.tenant_id())
    today = local(at, tenant.zone).date()
    rules = law.rules()
    running = [[str(one.pk), [[arm.code, arm.share_bp, str(arm.version_id)] for arm in one.arms.all()]] for one in strategy.running_experiments()]
    parts: dict[str, Any] = {
        "capacity": workforce.capacity_table(today), "limits": sorted([kind, str(scope), amount] for (kind, scope), amount in amounts_on(today).items()),
        "costs": unit_costs(tenant), "pace": [[str(one.pk), one.contacts, one.period_days, one.gap_days] for one in paces_on(today)], "law": [rules.version, sorted(map(repr, rules.caps))],
        "strategy": _in_force(), "experiments": running,
    }  # fmt: skip
    return {name: sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:16] for name, part in parts.items()}


def changed_since(kept: dict[str, str] | None, now: dict[str, str]) -> list[str]:
    """What changed since, in Spanish. Nothing is said of a simulation that was kept before this was."""
    return [text for name, text in BASIS_ES.items() if kept and kept.get(name) != now[name]]


def _in_force() -> str:
    try:
        return strategy.active_version().sha256
    except strategy.NoStrategy:
        return ""
