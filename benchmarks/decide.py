"""The compiled tables beside their floor and beside zen-engine, in the same run: 140 rules in three chained tables and an expression.

    python -m benchmarks.decide [--accounts 1000000] [--large 10000000] [--peer 20000] [--rules 10 100 1000 5000 10000]

Floor: the same columns read and as many columns of the same kinds written. Peer: zen-engine, the same rules as JDM, over a sample whose
results must be the same; its figure is that of the sample times what is missing (requirements/bench.txt installs it; without it the
comparison is left out and said so). Memory and linearity: a process of its own from Parquet to Parquet, for both sizes. Growth: one
table of eight conditions with so many rules, read, analysed, compiled and run; what is refused says why.

Every figure is the best of three. Aims: 6 times the floor, 50 times faster than the peer, 1 GiB at 10,000,000.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.common import Timing, megabytes, peak_memory_bytes, report, timed
from benchmarks.facts import facts_file
from benchmarks.rules import one_table, strategy
from recaudo.engine import decide
from recaudo.engine.facts import FACTS, types
from recaudo.kernel.problems import Problem

# Thirty facts and the key, as the day has them.
NAMES = ("account_id", *[name for name, fact in FACTS.items() if not fact.is_key][:30])
# What is written for each result, from a fact of its kind.
LIKE = {
    "segment": "product", "segment_rule": "dpd", "treatment": "stage", "channel": "kind", "action_rule": "attempts_7d", "offer": "bucket",
    "discount": "risk_score", "terms_rule": "months_on_book", "priority": "balance_minor",
}  # fmt: skip
RESULTS = ("segment", "treatment", "channel", "offer", "discount", "priority")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks decide", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--large", type=int, default=10_000_000, help="accounts of the second size; 0 leaves it out")
    parser.add_argument("--peer", type=int, default=20_000, help="accounts for zen-engine; 0 leaves it out")
    parser.add_argument("--rules", type=int, nargs="*", default=[10, 100, 1_000, 5_000, 10_000])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--from", dest="source", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.source:
        print(json.dumps(streamed(args.source)))
        return
    with tempfile.TemporaryDirectory() as folder:
        day = facts_file(Path(folder) / "facts.parquet", args.accounts, NAMES)
        report("decide: 140 rules in three tables and an expression, 30 facts", args.accounts, beside_floor(day, args.accounts, args.peer), is_json=args.json)
        report("decide: one table of eight conditions", args.accounts, dict(growth(day, rules) for rules in args.rules), is_json=args.json)
        day.unlink()
        sizes = sorted({args.accounts, args.large} - {0})
        report("decide: Parquet to Parquet, a process of its own", sizes[-1], in_files(Path(folder), sizes), is_json=args.json)


def best(work: Callable[[], object], times: int = 3) -> Timing:
    found = []
    for _ in range(times):
        with timed() as took:
            work()
        found.append(took)
    return min(found, key=lambda one: one.cpu)


def told(took: Timing) -> str:
    return f"{took.cpu:7.2f} CPU-s  {took.seconds:7.2f} s"


def floor(compiled: decide.Compiled, source: str) -> str:
    """Reads the columns that the tables read, and writes the columns that they write."""
    written = ", ".join(f"{LIKE[column.name]} AS {column.name}" for column in compiled.columns)
    unwritten = [name for name in compiled.facts if name not in LIKE.values()]
    # No fact is below this: the comparison keeps every row, after it was read.
    read = " AND ".join(f"({name} IS NULL OR {name}::BIGINT >= -1)" for name in unwritten)
    return f"SELECT account_id, {written} FROM {source} WHERE {read}"


def beside_floor(day: Path, accounts: int, sample: int) -> dict[str, Any]:
    xml, jdm = strategy()
    compiled = decide.compile(decide.read(xml), types())
    with duckdb.connect(config={"preserve_insertion_order": False}) as db:
        run(db, f"CREATE TABLE facts AS FROM '{day}'")
        ours = best(lambda: run(db, f"CREATE OR REPLACE TABLE out AS {compiled.sql('facts')}"))
        least = best(lambda: run(db, f"CREATE OR REPLACE TABLE floor AS {floor(compiled, 'facts')}"))
        assert run(db, "SELECT (SELECT count(*) FROM out), (SELECT count(*) FROM floor)") == [(accounts, accounts)]
        lines = {
            "facts read, results": f"{len(compiled.facts)}, {len(compiled.columns)}",
            "in memory": told(ours), "  floor": f"{told(least)}   ratio {ours.cpu / least.cpu:.1f} (aim 6)",
        }  # fmt: skip
        return lines | (beside_peer(db, compiled, jdm, sample, ours.cpu / accounts) if sample else {})


def beside_peer(db: duckdb.DuckDBPyConnection, compiled: decide.Compiled, jdm: str, sample: int, ours: float) -> dict[str, Any]:
    """ours: CPU-seconds an account."""
    try:
        import zen
    except ImportError:
        return {"zen-engine": "not installed: .venv/bin/pip install --require-hashes --no-deps -r requirements/bench.txt"}
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"rules": json.loads(jdm)}}})
    rows = db.sql(f"FROM facts ORDER BY account_id LIMIT {sample}").to_arrow_table()
    asked = [{"key": "rules", "context": {name: row[name] for name in compiled.facts}} for row in rows.to_pylist()]
    with timed() as took:
        answers = engine.evaluate_batch(asked)
    decided = decide.run(compiled, rows, db).to_pylist()
    differ = sum(any(answer["data"]["result"].get(name) != row[name] for name in RESULTS) for answer, row in zip(answers, decided, strict=True))
    assert not differ, f"{differ} of {sample} decided otherwise by zen-engine"
    return {
        "zen-engine, batch": f"{told(took)}   for a sample of {sample:,}, all decided alike; {took.cpu / sample * 1e6:,.0f} CPU-s a million",
        "  times ours": f"{took.cpu / sample / ours:.0f} (aim 50)",
    }


def growth(day: Path, rules: int) -> tuple[str, str]:
    xml = one_table(rules)
    try:
        with timed() as read:
            model = decide.read(xml)
    except Problem as problem:
        return f"{rules:,} rules", f"refused in {read.cpu:.1f} CPU-s: {problem.text}"
    with timed() as checked:
        decide.check(model, types())
    with timed() as built:
        compiled = decide.compile(model, types())
    row = dict.fromkeys(compiled.facts)
    explained = best(lambda: decide.evaluate(model, row, compiled.facts))
    with duckdb.connect(config={"preserve_insertion_order": False}) as db:
        run(db, f"CREATE TABLE facts AS SELECT account_id, {', '.join(compiled.facts)} FROM '{day}'")
        took = best(lambda: run(db, f"CREATE OR REPLACE TABLE out AS {compiled.sql('facts')}"), 1 if rules > 1_000 else 3)
    return f"{rules:,} rules", (
        f"{told(took)}   read {read.cpu:.2f}, checked and analysed {checked.cpu:.2f}, compiled {built.cpu:.2f} CPU-s, "
        f"one account explained {1000 * explained.cpu:.1f} ms"
    )


def in_files(folder: Path, sizes: list[int]) -> dict[str, Any]:
    lines, first = {}, 0.0
    for accounts in sizes:
        path = facts_file(folder / "facts.parquet", accounts, NAMES)
        command = [sys.executable, "-m", "benchmarks.decide", "--from", str(path)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        path.unlink()
        first = first or found["ours"] / accounts
        lines[f"{accounts:,} accounts"] = (
            f"{found['ours']:7.2f} CPU-s  {found['seconds']:7.2f} s   {found['ours'] / accounts / first:.2f} times the first an account, "
            f"floor {found['floor']:.2f} CPU-s, ratio {found['ours'] / found['floor']:.1f}, peak {megabytes(found['peak'])} (aim 1,024 MB)"
        )
    return lines


def streamed(source: str) -> dict[str, float]:
    """Decide a Parquet file into another one; the memory is that of deciding, before the floor is measured."""
    compiled = decide.compile(decide.read(strategy()[0]), types())
    target = f"{source}.out"
    with duckdb.connect(config={"preserve_insertion_order": False, "memory_limit": "900MB", "temp_directory": f"{source}.spill"}) as db:
        def copy(text: str) -> list[tuple[Any, ...]]:
            return run(db, f"COPY ({text}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")

        with timed() as ours:
            copy(compiled.sql(f"(FROM '{source}')"))
        peak = peak_memory_bytes()
        with timed() as least:
            copy(floor(compiled, f"(FROM '{source}')"))
    Path(target).unlink()
    return {"ours": ours.cpu, "seconds": ours.seconds, "floor": least.cpu, "peak": peak}


def run(db: duckdb.DuckDBPyConnection, text: str) -> list[tuple[Any, ...]]:
    """Fetched to the end: DuckDB refuses other work while a result is open."""
    return db.execute(text).fetchall()


if __name__ == "__main__":
    main()
