"""Strategies, versions, snapshots, experiments, score models."""

from recaudo.strategy.models.experiment import Experiment, ExperimentArm, ExperimentMember
from recaudo.strategy.models.publication import Acknowledgement, Publication
from recaudo.strategy.models.score import ScoreDay, ScoreModel, ScoreOverride
from recaudo.strategy.models.strategy import Snapshot, Strategy, StrategyVersion

__all__ = ["Acknowledgement", "Experiment", "ExperimentArm", "ExperimentMember", "Publication", "ScoreDay", "ScoreModel", "ScoreOverride", "Snapshot", "Strategy", "StrategyVersion"]
