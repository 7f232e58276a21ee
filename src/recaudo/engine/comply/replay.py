"""The law run again over contacts that happened: which of them a pack would have refused, and what a change turns.

Words: an *action* is a recorded contact of either direction; the *judged* ones are asked about, all of them are history
for those that came later. A *breach* is an outbound action that the pack refuses with what had happened until then.

It is `screen` with the actions on both sides: the history of each action is every action of the same person before it,
counted in windows of local days. What `screen` does not know (see columnar.py) is refused here too, never let through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine.comply.columnar import screen
from recaudo.engine.comply.columns import OPTIONAL, WORDS
from recaudo.engine.comply.pack import Pack
from recaudo.engine.comply.spans import EPOCH
from recaudo.engine.comply.words import HouseCap

COLUMNS = ("action_id", "person_id", "zones", *WORDS, "creditor", "collector", "debt_id", "direction", "outcome", "at", "judged")
# How far back the actions should reach before the first judged one: limits look back a month at most.
HISTORY_DAYS = 32


def replay(
    actions: pa.Table,
    states: pa.Table,
    consents: pa.Table,
    packs: Mapping[str, Pack],
    *,
    preferences: pa.Table,
    caps: Sequence[HouseCap] = (),
    guarded: bool = True,
) -> pa.Table:
    """The verdict of each judged outbound action at its own instant.

    actions   COLUMNS: action_id; person_id; country, subdivision, zones, channel, purpose, person_role, place,
              address_source, creditor, collector, debt_id as in `screen`; direction `in` or `out`; outcome in the
              law's words; at (UTC instant); judged (whether to ask about it). Optional columns as in `screen`.
              In any order; those from HISTORY_DAYS before the first judged one are needed
    states, consents, preferences   as in `screen`, with their own dates
    packs     the law to try; caps the organisation's limits (each is asked)
    Returns   action_id, allowed, rule_id (null = allowed), one row for each judged outbound action, in order
    Raises    as `screen`
    """
    judged = actions.filter(pc.and_kleene(actions["judged"], pc.not_equal(pc.fill_null(actions["direction"], "out"), "in")))
    named = {"candidate_id": judged["action_id"], "planned_at": judged["at"]}
    kept = ("person_id", "zones", *WORDS, "creditor", "collector", "debt_id", *(name for name in (*OPTIONAL, "address") if name in actions.column_names))
    candidates = pa.table({**named, **{name: judged[name] for name in kept}})
    history = actions.select(["person_id", "debt_id", "creditor", "collector", "channel", "direction", "outcome", "purpose", "at"])
    if "address" in actions.column_names:
        history = history.append_column("number", actions["address"])
    answer = screen(
        candidates, history, states, consents, packs, EPOCH, preferences=preferences, cap=tuple(caps), guarded=guarded, find_next=False
    )
    return pa.table({"action_id": answer["candidate_id"], "allowed": answer["allowed"], "rule_id": answer["rule_id"]})


def turned(before: pa.Table, after: pa.Table) -> pa.Table:
    """What a change of the law does to each action: two answers of `replay` over the same actions side by side.

    Returns  action_id, rule_before, rule_after (null = allowed), now_refused, now_allowed
    """
    return pa.table(
        {
            "action_id": before["action_id"],
            "rule_before": before["rule_id"],
            "rule_after": after["rule_id"],
            "now_refused": pc.and_(before["allowed"], pc.invert(after["allowed"])),
            "now_allowed": pc.and_(pc.invert(before["allowed"]), after["allowed"]),
        }
    )
