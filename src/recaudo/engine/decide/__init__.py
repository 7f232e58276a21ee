"""Decide: DMN decision tables over facts, for one account with reasons or for millions in one statement.

Words: a *model* is a DMN file; it has *decisions* (tables or FEEL expressions) over *facts*. The *reference* decides one
account and explains it; the *compiled* statement decides a table of accounts. Both give the same answer; `differences`
checks it on a sample of every production run.

Profile: decision tables (U A P F R O C C+ C# C< C>), literal expressions, contexts, conditionals and inlined knowledge
models over text, number, boolean, date, date and time in UTC and both durations. What cannot be one statement raises
NotCompilable with its place; there is no slow path. `tck.run_folder` runs the DMN conformance suite on either evaluator.

It does not know accounts, tenants, versions or approvals (see `recaudo.strategy`), and reads no clock: the day is a fact.
"""

from __future__ import annotations

from recaudo.engine.decide.analyse import Analysis, Issue, Region, analyse
from recaudo.engine.decide.check import Finding, check
from recaudo.engine.decide.compiled import Compiled, Difference, OutputColumn, differences, run, verify
from recaudo.engine.decide.compiled import compile_model as compile
from recaudo.engine.decide.digest import digest
from recaudo.engine.decide.edit import (
    Change,
    RuleTexts,
    add_rule,
    delete_rule,
    diff,
    move_rule,
    replace_rules,
    set_cell,
    to_xml,
)
from recaudo.engine.decide.model import Model
from recaudo.engine.decide.pieces import Domain
from recaudo.engine.decide.reader import read
from recaudo.engine.decide.reference import DecisionTrace, Explanation, evaluate
from recaudo.engine.decide.tables import CellTrace, FiredRule

__all__ = [
    "Analysis", "CellTrace", "Change", "Compiled", "DecisionTrace", "Difference", "Domain", "Explanation", "Finding", "FiredRule", "Issue",
    "Model", "OutputColumn", "Region", "RuleTexts", "add_rule", "analyse", "check", "compile", "delete_rule", "diff", "differences", "digest", "evaluate", "move_rule", "read", "replace_rules",
    "run", "set_cell", "to_xml", "verify",
]  # fmt: skip
