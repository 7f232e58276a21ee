"""The compiled strategy on Apache Spark: what is asked of it, written down for `spark-submit`, and its answer.

The product itself does not need Spark: it writes `orders.json` and a copy of `job.py`, which any cluster with Spark 4 runs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from recaudo.engine import decide
from recaudo.engine.decide.sql.dialects.spark import SETTINGS, SPARK
from recaudo.kernel.problems import Problem
from recaudo.project.spark import job

JOB = Path(job.__file__)
ORDERS, ANSWERS, LOG = "orders.json", "answers.json", "spark.log"
DEEP = ("--driver-java-options", "-Xss64m")  # a statement is as many queries within another as its strategy has steps
BESIDE = Path(__file__).parents[4] / ".venv-cluster" / "bin" / "spark-submit"  # where `make cluster-env` puts it


class NoSpark(Problem):
    code = "no_spark"
    message = (
        "No hay «spark-submit» en este equipo. Indíquelo con RECAUDO_SPARK_SUBMIT=/ruta/spark-submit (Spark 4 o posterior, Java 17), "
        "instálelo aquí con «make cluster-env», o use --emit y ejecute la carpeta en el clúster."
    )


class SparkFailed(Problem):
    code = "spark_failed"
    message = "Spark no terminó: {why}. No se publicó nada; el registro completo está en {log}."


@dataclass(frozen=True)
class Order:
    """One statement. types: kind of fact by column that it reads; out: folder or address for the result, "" to get its one row."""

    name: str
    sql: str
    source: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    out: str = ""


@dataclass(frozen=True)
class Answer:
    """rows and seconds of one order; row: the values of a statement without `out`, as `job.told`; problem: why there is none."""

    name: str
    rows: int
    seconds: float
    row: list[Any] | None
    problem: str | None


@dataclass(frozen=True)
class Answers:
    spark: str
    cores: int
    answers: tuple[Answer, ...]


def order_of(compiled: decide.Compiled, *, name: str, source: str, out: str, keys: Sequence[str] = ("account_id",)) -> Order:
    """A model compiled for Spark (`compile(..., dialect=SPARK)`) over a Parquet file or folder."""
    return Order(name, compiled.sql(job.VIEW, keys), source, dict(compiled.facts), out)


def write(folder: Path, orders: Sequence[Order]) -> None:
    """Put the orders and the job in a folder: all that the cluster needs."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = {"settings": SETTINGS, "orders": [asdict(order) for order in orders]}
    (folder / ORDERS).write_text(json.dumps(asked, ensure_ascii=False, indent=1))
    shutil.copyfile(JOB, folder / JOB.name)


def submit(folder: Path, orders: Sequence[Order], *, master: str, options: Sequence[str] = ()) -> Answers:
    """Write the orders and run them.

    master   as Spark names it: local[2], spark://host:7077, yarn, k8s://...
    options  more arguments of spark-submit
    Raises   NoSpark, SparkFailed
    """
    program = spark_submit()
    write(folder, orders)
    (folder / ANSWERS).unlink(missing_ok=True)
    command = [program, "--master", master, *DEEP, *options, str(folder / JOB.name), str(folder / ORDERS), str(folder / ANSWERS)]
    with (folder / LOG).open("wb") as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, env=_environment(program), check=False).returncode
    if code or not (folder / ANSWERS).exists():
        raise SparkFailed(why=_why(folder / LOG, code), log=folder / LOG)
    told = json.loads((folder / ANSWERS).read_text())
    return Answers(told["spark"], told["cores"], tuple(Answer(**one) for one in told["answers"]))


def spark_submit() -> str:
    """The program that hands a job to a cluster. Raises NoSpark."""
    home = os.environ.get("SPARK_HOME")
    places = [os.environ.get("RECAUDO_SPARK_SUBMIT"), f"{home}/bin/spark-submit" if home else None, str(BESIDE), shutil.which("spark-submit")]
    found = next((place for place in places if place and os.access(place, os.X_OK)), None)
    if found is None:
        raise NoSpark()
    return found


def _environment(program: str) -> dict[str, str]:
    """Spark's Python is the one beside it, if there is one: its driver and its workers must have the same."""
    beside = Path(program).with_name("python")
    python = {"PYSPARK_PYTHON": str(beside)} if beside.exists() and "PYSPARK_PYTHON" not in os.environ else {}
    return {**os.environ, **python}


def _why(log: Path, code: int) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if "Exception" in line or "Error" in line or "JAVA" in line]
    return (told or lines or [f"terminó con {code}"])[-1][:300]


__all__ = ["ANSWERS", "JOB", "ORDERS", "SPARK", "Answer", "Answers", "NoSpark", "Order", "SparkFailed", "order_of", "spark_submit", "submit", "write"]
