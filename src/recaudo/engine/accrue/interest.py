"""Interest for paying late. The rate and its legal ceiling come from the contract and the lawbook, never from here."""

from __future__ import annotations

from decimal import Decimal

from recaudo.kernel.money import Money
from recaudo.kernel.problems import Problem


class NegativeDays(Problem):
    code = "negative_days"
    message = "Los días de atraso no pueden ser negativos ({days})."


class NegativePrincipal(Problem):
    code = "negative_principal"
    message = "El capital sobre el que se calcula interés no puede ser negativo."


def late_interest(principal: Money, *, rate: Decimal, days: int, year_days: int = 365, ceiling: Decimal | None = None) -> Money:
    """Simple interest for paying late.

    principal   still owed, 0 or more
    rate        a fraction of the principal per year: 0.12 is 12 %
    days        whole days late, 0 or more; days_past_due already leaves out the pauses
    year_days   365 or 360, as the contract says
    ceiling     highest lawful yearly rate; a contract above it is charged the ceiling
    Returns     the interest, rounded half even to the minor unit
    Raises      NegativeDays, NegativePrincipal
    """
    if days < 0:
        raise NegativeDays(days=days)
    if principal.minor < 0:
        raise NegativePrincipal()
    lawful = rate if ceiling is None else min(rate, ceiling)
    return principal.times(lawful * days / year_days)
