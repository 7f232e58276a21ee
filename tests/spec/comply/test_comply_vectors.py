"""Every published vector of the law passes, and the runner says which one does not, and why."""

import json
from pathlib import Path

import pytest

from recaudo.engine.comply import build, lawbook, read_files, vectors

LINES = (Path(__file__).parent / "vectors.jsonl").read_text(encoding="utf-8").splitlines()
BY_ID = {json.loads(line)["id"]: json.loads(line) for line in LINES}


def test_every_vector_passes():
    report = vectors(LINES)
    assert report.failures == ()
    assert (report.passed, report.failed) == (214, 0)


CHANGED = [
    ("CL-004", {"expected": {"verdict": "allow", "rule_id": None}}, "veredicto"),
    ("CL-004", {"expected": {"verdict": "deny", "rule_id": "CL-WORKPLACE"}}, "regla"),
    ("US-009", {"expected": {"verdict": "allow", "rule_id": None}}, "avisos"),
    ("US-020", {"expected": {"verdict": "deny", "rule_id": "US-FREQ-CONV"}}, "excepción"),
    ("CL-029", {"alt_verdicts": {"CL.hours_channels=literal": "deny"}}, "CL.hours_channels=literal"),
    ("CL-068", {"expected": {"max_fee_uf": "2.71", "rule_id": "CL-FEE"}}, "monto"),
    ("PE-026", {"expected": {"date": "2026-12-23"}}, "fecha"),
    ("CO-045", {"expected": {"verdict": "allow", "rule_id": "CO-BUREAU-20D"}}, "veredicto"),
    ("CL-079", {"expected": {"verdict": "deny", "rule_id": "CL-RET-GESTIONES"}}, "veredicto"),
    ("CL-079", {"expected": {"verdict": "allow", "rule_id": "CL-NADA"}}, "CL-NADA"),
]


@pytest.mark.parametrize(("name", "change", "word"), CHANGED)
def test_a_wrong_expectation_fails_and_says_what_differs(name, change, word):
    report = vectors([json.dumps(BY_ID[name] | change)])
    assert (report.passed, report.failed) == (0, 1)
    assert report.failures[0].id == name
    assert word in report.failures[0].reason


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "X"}', '{"id": "X", "kind": "otro", "expected": {}}'])
def test_a_line_that_cannot_be_read_is_a_failure_and_not_a_crash(line):
    assert vectors(["", line, json.dumps(BY_ID["CL-004"])]).passed == 1


def test_an_unknown_jurisdiction_denies():
    vector = BY_ID["CL-002"] | {"jurisdiction": "XX", "expected": {"verdict": "deny", "rule_id": "COMMON-COUNTRY-UNKNOWN"}}
    assert vectors([json.dumps(vector)]).passed == 1


# Our copy of the vectors is a part of the suite they come from: these rules are tested by the country tables alone.
BY_THE_TABLES = {
    "AR-C-THIRD-PARTY", "AR-CONTENT", "AR-HOURS", "BR-AL-HOURS", "BR-ES-HOURS", "BR-RJ-HOURS", "BR-THIRD-PARTY", "CL-JUDICIAL-STAGE",
    "CL-WORKPLACE", "CR-THIRD-PARTY-CARDS", "EC-THIRD-PARTY", "EC-WORKPLACE", "GT-DAILY-2", "MX-CALLER-ID", "MX-MARKETING-LISTS", "PE-SPAM",
    "PE-UTILITY-CLAIM", "PE-WORKPLACE", "US-DISCLOSURE", "US-OPTOUT-NOTICE", "US-SOCIAL", "US-WORK-EMAIL",
}  # fmt: skip


def test_no_rule_can_be_lost_without_a_vector_noticing():
    files = read_files()
    unnoticed = set()
    for path, content in files.items():
        if path.startswith("common/") or path.endswith("meta.yaml") or "/" not in path:
            continue
        for raw in content["rules"]:
            if raw["type"] in {"duty", "sanction", "pending", "deadline", "retention", "fee", "prior_notice"}:
                continue
            if vectors(LINES, book=build(_without(files, path, raw["id"]))).failed == 0:
                unnoticed.add(raw["id"])
    assert unnoticed == BY_THE_TABLES


def _without(files, path, rule_id):
    folder = path.rpartition("/")[0]
    meta = files[f"{folder}/meta.yaml"]
    return files | {
        path: {"rules": [raw for raw in files[path]["rules"] if raw["id"] != rule_id]},
        f"{folder}/meta.yaml": meta | {"reading_order": [r for r in meta["reading_order"] if r != rule_id]},
    }


def test_the_lawbook_of_the_package_is_the_one_that_is_judged():
    assert vectors(LINES, book=lawbook()) == vectors(LINES)
