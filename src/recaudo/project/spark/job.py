"""What runs on the cluster: statements over Parquet, each result written as Parquet. Needs pyspark and nothing of the product.

    spark-submit job.py ORDERS.json ANSWERS.json

ORDERS   {"settings": {...}, "orders": [{"name", "sql", "source", "types": {column: "integer"|...}, "out"}, ...]}
         without `source` the statement stands alone; without `out` its one row is answered, told by `told`
ANSWERS  {"spark": version, "cores": n, "answers": [{"name", "rows", "seconds", "row", "problem"}, ...]}
"""

from __future__ import annotations

import datetime
import decimal
import json
import sys
import time
from pathlib import Path
from typing import Any

VIEW = "recaudo_source"
# kind of fact -> types that the statement may read it from; another would be cut or rounded in another way than on one machine
FITTING = {
    "text": {"string"}, "integer": {"tinyint", "smallint", "int", "bigint"}, "money": {"tinyint", "smallint", "int", "bigint"},
    "rate": {"double"}, "boolean": {"boolean"}, "date": {"date"}, "instant": {"timestamp", "timestamp_ntz"},
}  # fmt: skip


def told(value: Any) -> Any:
    """A value as JSON that keeps its type: what two engines must say alike."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return [told(one) for one in value]
    if isinstance(value, float):
        return f"f{value.hex()}"
    if isinstance(value, int | decimal.Decimal):
        return f"n{value:f}" if isinstance(value, decimal.Decimal) else f"n{value}"
    if isinstance(value, datetime.datetime | datetime.date):
        return f"d{value.isoformat()}"
    raise TypeError(f"no row of a decision holds {type(value).__name__}")


def main(orders: str, answers: str) -> None:
    """Run every order; one that fails says so in its answer and the others go on."""
    from pyspark.sql import SparkSession

    asked = json.loads(Path(orders).read_text())
    session = SparkSession.builder.appName("recaudo decide").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    for key, value in asked["settings"].items():
        session.conf.set(key, value)
    out = []
    for order in asked["orders"]:
        began = time.monotonic()
        try:
            done = _run(session, order)
        except Exception as error:  # the others go on
            done = {"rows": 0, "row": None, "problem": _first_line(error)}
        out.append({"name": order["name"], "seconds": round(time.monotonic() - began, 3), **done})
    told_all = {"spark": session.version, "cores": session.sparkContext.defaultParallelism, "answers": out}
    Path(answers).write_text(json.dumps(told_all, ensure_ascii=False))
    session.stop()


def _run(session: Any, order: dict[str, Any]) -> dict[str, Any]:
    if order.get("source"):
        source = session.read.parquet(order["source"])
        _refuse_unfit(source, order["types"])
        source.createOrReplaceTempView(VIEW)
    result = session.sql(order["sql"])
    if not order.get("out"):
        return {"rows": 1, "row": [told(value) for value in result.collect()[0]], "problem": None}
    result.write.mode("overwrite").parquet(order["out"])
    return {"rows": session.read.parquet(order["out"]).count(), "row": None, "problem": None}


def _refuse_unfit(source: Any, types: dict[str, str]) -> None:
    """Columns that are missing, of a type that the statement would read differently, or with numbers that are none."""
    have = dict(source.dtypes)
    missing = [name for name in types if name not in have]
    if missing:
        raise ValueError(f"a la foto le faltan columnas que la estrategia usa: {', '.join(missing)}")
    odd = [f"{name} ({have[name]})" for name, kind in types.items() if have[name] not in FITTING[kind]]
    if odd:
        raise ValueError(f"columnas de un tipo que Spark leería distinto: {', '.join(odd)}")
    rates = [name for name, kind in types.items() if kind == "rate"]
    if rates:
        counts = source.selectExpr(*(f"count_if(isnan(`{name}`) OR abs(`{name}`) = double('infinity')) AS `{name}`" for name in rates)).collect()[0].asDict()
        bad = [f"{name} ({count})" for name, count in counts.items() if count]
        if bad:
            raise ValueError(f"valores que no son números finitos (NaN o infinito): {', '.join(bad)}")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.strip().startswith("at ")]
    return f"{type(error).__name__}: {' '.join(lines[:2])[:500]}"


if __name__ == "__main__":
    main(*sys.argv[1:3])
