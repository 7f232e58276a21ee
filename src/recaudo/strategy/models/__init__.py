"""Strategies, versions, snapshots."""

from recaudo.strategy.models.strategy import Snapshot, Strategy, StrategyVersion

__all__ = ["Snapshot", "Strategy", "StrategyVersion"]
