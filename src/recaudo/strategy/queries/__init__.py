"""Reads of strategies: which version is in force, what its tables say, what changed, what a day decided."""

from recaudo.strategy.queries.snapshots import (
    SnapshotGone,
    file_digest,
    is_kept,
    snapshot_counts,
    snapshot_of,
    snapshot_row,
    snapshot_rows,
    snapshots,
)
from recaudo.strategy.queries.versions import (
    DAILY,
    NoStrategy,
    active_version,
    in_force,
    people,
    scheduled,
    strategies,
    strategy_by_id,
    version_by_id,
    versions,
)

__all__ = [
    "DAILY", "NoStrategy", "SnapshotGone", "active_version", "file_digest", "in_force", "is_kept", "people", "scheduled", "snapshot_counts", "snapshot_of", "snapshot_row",
    "snapshot_rows", "snapshots", "strategies", "strategy_by_id", "version_by_id", "versions",
]  # fmt: skip
