"""Strategies, versions, snapshots, experiments."""

from recaudo.strategy.models.experiment import Experiment, ExperimentArm, ExperimentMember
from recaudo.strategy.models.strategy import Snapshot, Strategy, StrategyVersion

__all__ = ["Experiment", "ExperimentArm", "ExperimentMember", "Snapshot", "Strategy", "StrategyVersion"]
