"""Strategies and their versions."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from django.db.models import QuerySet

from recaudo.engine import decide
from recaudo.engine.facts import types
from recaudo.kernel.problems import NotFound, Problem
from recaudo.strategy.models import Strategy, StrategyVersion
from recaudo.workforce.models import User

# The strategy that the day applies to every account.
DAILY = "collections"


class NoStrategy(Problem):
    code = "no_strategy"
    message = "No hay una estrategia en vigor. Apruebe una versión en Estrategia y póngala en vigor."
    status = 409


def active_version(code: str = DAILY) -> StrategyVersion:
    """The version in force of a strategy. Raises NoStrategy."""
    version = StrategyVersion.objects.select_related("strategy").filter(strategy__code=code, status="active").first()
    if version is None:
        raise NoStrategy()
    found: StrategyVersion = version
    return found


def strategies() -> QuerySet[Strategy]:
    return Strategy.objects.order_by("name")


def strategy_by_id(strategy_id: UUID) -> Strategy:
    """Raises NotFound."""
    found: Strategy | None = Strategy.objects.filter(pk=strategy_id).first()
    if found is None:
        raise NotFound()
    return found


def versions(strategy: Strategy) -> QuerySet[StrategyVersion]:
    """The versions of a strategy, newest first, without their files."""
    return StrategyVersion.objects.filter(strategy=strategy).select_related("based_on").defer("xml", "based_on__xml").order_by("-number")


def version_by_id(version_id: UUID) -> StrategyVersion:
    """Raises NotFound."""
    found: StrategyVersion | None = StrategyVersion.objects.select_related("strategy", "based_on").filter(pk=version_id).first()
    if found is None:
        raise NotFound()
    return found


def model_of(version: StrategyVersion) -> decide.Model:
    """The tables of a version. A file is read once: its hash is its identity."""
    return _model(version.sha256, version.xml)


def compiled_of(version: StrategyVersion) -> decide.Compiled:
    """The version as one statement. Raises NotCompilable."""
    return _compiled(version.sha256, version.xml)


@lru_cache(maxsize=16)
def _model(sha256: str, xml: str) -> decide.Model:
    return decide.read(xml.encode())


@lru_cache(maxsize=8)
def _compiled(sha256: str, xml: str) -> decide.Compiled:
    return decide.compile(_model(sha256, xml), types())


def people(versions: list[StrategyVersion]) -> dict[UUID, str]:
    """The names of who made and who decided a set of versions."""
    ids = {key for one in versions for key in (one.created_by_id, one.decided_by_id) if key}
    return dict(User.objects.filter(pk__in=ids).values_list("id", "name"))


def in_force(strategy: Strategy) -> StrategyVersion | None:
    """The version that decides today, or none."""
    found: StrategyVersion | None = versions(strategy).filter(status="active").first()
    return found


def scheduled(strategy: Strategy) -> list[StrategyVersion]:
    """Approved versions whose day has not come yet, soonest first."""
    return list(versions(strategy).filter(status="approved", active_from__isnull=False).order_by("active_from"))
