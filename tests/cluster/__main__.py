"""The same decisions by DuckDB and by a local Spark of a master and two workers, compared by digest. Ends with 1 when any differs.

    python -m tests.cluster [--accounts N] [--tables N] [--snapshot FILE] [--tck DIR] [--keep DIR]

Three parts: the product's default strategy over a day of N accounts (or a kept snapshot), random tables and expressions over rows
made to be awkward, and the DMN conformance suite, one row a case. What Spark refuses is counted apart, with its reasons.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

from benchmarks.common import cores, load_average, megabytes

from recaudo.project import spark
from tests.cluster.cases import Case, conformance, random_cases, strategy_case
from tests.cluster.memory import Family
from tests.cluster.spark import CORES, MEMORY, WORKERS, cluster


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--tables", type=int, default=40)
    parser.add_argument("--snapshot", type=Path)
    parser.add_argument("--tck", type=Path, default=Path("tests/spec/decide/tck"))
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    program = spark.spark_submit()
    place = nullcontext(str(args.keep)) if args.keep else tempfile.TemporaryDirectory(prefix="recaudo-cluster-")
    with place as name:
        folder = Path(name).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        cases = [strategy_case(folder, args.accounts, args.snapshot), *random_cases(folder, args.tables), *conformance(args.tck)]
        refused = Counter(case.refused for case in cases if case.refused)
        asked = [case for case in cases if not case.refused]
        memory = f"{WORKERS} trabajadores de {CORES} núcleo y {MEMORY}, en {cores()} núcleos (carga {load_average():.1f})"
        print(f"Spark local: {memory}; {len(asked)} pruebas y {sum(refused.values())} que Spark rechaza", flush=True)
        with Family() as family, cluster(program, folder) as master:
            found = spark.submit(folder / "job", [case.order for case in asked], master=master, options=_options(folder))
        print(f"Spark {found.spark} con {found.cores} núcleos; memoria máxima de todos sus procesos {megabytes(family.peak)}")
        return _report(asked, found, refused)


def _options(folder: Path) -> list[str]:
    settings = {
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": "1g", "spark.executor.memory": "900m", "spark.local.dir": str(folder / "spill"),
    }  # fmt: skip
    return [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]


def _report(asked: list[Case], found: spark.Answers, refused: Counter[str]) -> int:
    wrong = []
    done: dict[str, list[float]] = {}
    for case, answer in zip(asked, found.answers, strict=True):
        told = answer.problem or case.difference(answer)
        if told:
            wrong.append(f"  ✗ {case.part}: {case.order.name}: {told}")
        part = done.setdefault(case.part, [0, 0, 0.0, 0.0])
        for place, more in enumerate((1, answer.rows, answer.seconds, case.seconds)):
            part[place] += more
    print(f"\n{'':<28}{'pruebas':>9}{'filas':>12}{'Spark s':>10}{'DuckDB s':>10}")
    for name, (count, rows, ours, theirs) in done.items():
        print(f"{name:<28}{count:>9,.0f}{rows:>12,.0f}{ours:>10.2f}{theirs:>10.2f}")
    print(f"\n{asked[0].order.name}: huella {asked[0].digest}")
    for reason, count in refused.most_common():
        print(f"  rechazadas {count:>4}  {reason}")
    print("\n".join(wrong[:50]) if wrong else f"\n✓ {len(asked)} resultados idénticos por huella")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
