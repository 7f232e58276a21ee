"""`recaudo decide`: a strategy over a kept day, by this machine or by a cluster, and the digest by which the two are compared."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json


@click.command(
    help="Decide una foto del día con una estrategia, en este equipo o en un clúster Spark, y da la huella del resultado; no cambia nada."
    " / Decides a kept day on this machine or on a Spark cluster and prints the digest of the result; changes nothing."
)
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="Día de la foto; la última si falta. / Day of the snapshot.")
@click.option("--strategy", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Archivo DMN; si falta, la versión que decidió ese día. / DMN file.")  # fmt: skip
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True, help="Motor. / Engine.")
@click.option("--master", default="local[*]", show_default=True, help="Clúster, como lo nombra Spark. / Spark master.")
@click.option("--conf", "settings_", multiple=True, metavar="CLAVE=VALOR", help="Ajuste de Spark; se repite. / Spark setting.")
@click.option("--packages", default="", help="Paquetes de Maven para Spark. / Maven packages for Spark.")
@click.option("--source", default="", help="Dónde lee la foto el clúster (s3a://…); si falta, donde está guardada. / Where the cluster reads it.")
@click.option("--out", default="", help="Carpeta o dirección del resultado en Parquet. / Where the result goes.")
@click.option("--emit", type=click.Path(file_okay=False, path_type=Path), help="Sólo escribir lo que ejecutaría spark-submit. / Only write the job.")
@click.option("--digest", "folder", type=click.Path(exists=True, path_type=Path), help="Sólo la huella de un resultado ya escrito. / Only digest a result.")
@click.option("--tenant", "slug", help="Organización, si hay varias. / Organisation.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / JSON output.")
def command(
    on: datetime | None, file: Path | None, engine: str, master: str, settings_: tuple[str, ...], packages: str, source: str, out: str,
    emit: Path | None, folder: Path | None, slug: str | None, is_json: bool,
) -> None:  # fmt: skip
    if folder:
        _show({"out": str(folder), **_digest(str(folder))}, is_json)
        return
    boot()
    kept = _kept(on, slug, file)
    if emit or engine == "spark":
        found = _spark(kept, source=source, out=out, emit=emit, master=master, options=_options(settings_, packages))
    else:
        found = _duckdb(kept, out)
    _show({"on": kept["on"], "strategy": kept["strategy"], **found}, is_json)


def _kept(on: datetime | None, slug: str | None, file: Path | None) -> dict[str, Any]:
    """The snapshot and the model: what both engines start from."""
    from django.core.files.storage import storages

    from recaudo.engine import decide
    from recaudo.store import tenancy
    from recaudo.strategy import queries
    from recaudo.strategy.queries.snapshots import present
    from recaudo.workforce.queries import tenant_of

    with tenancy.acting(tenant_of(slug).id):
        snapshot = queries.snapshots().filter(**({"on": on.date()} if on else {})).first()
        if snapshot is None:
            click.echo("recaudo: no hay foto de ese día; «recaudo snapshot --list» dice cuáles hay.", err=True)
            sys.exit(1)
        xml = file.read_bytes() if file else snapshot.version.xml.encode()
        path = present(snapshot)
    where = getattr(storages["snapshots"], "address", None)
    return {
        "on": snapshot.on.isoformat(), "strategy": file.name if file else f"v{snapshot.version.number}", "model": decide.read(xml),
        "path": path, "address": where(snapshot.key) if where else path, "rows": snapshot.row_count,
    }  # fmt: skip


def _duckdb(kept: dict[str, Any], out: str) -> dict[str, Any]:
    import duckdb
    import pyarrow.parquet as pq

    from recaudo.engine import decide
    from recaudo.engine.facts import types

    began = time.monotonic()
    compiled = decide.compile(kept["model"], types())
    with duckdb.connect() as db:
        db.execute("CREATE VIEW kept_day AS SELECT * FROM read_parquet('" + kept["path"].replace("'", "''") + "')").fetchall()
        result = decide.run(compiled, "kept_day", db)
        cores = db.execute("SELECT current_setting('threads')").fetchall()[0][0]
    if out:
        Path(out).mkdir(parents=True, exist_ok=True)
        pq.write_table(result, Path(out) / "part-0.parquet", compression="zstd")
    seconds = round(time.monotonic() - began, 2)
    with duckdb.connect() as db:
        db.register("result", result)
        rows, told = decide.digest(db, "result")
    return {"engine": f"DuckDB {duckdb.__version__}", "cores": cores, "seconds": seconds, "rows": rows, "digest": told, "out": out}


def _spark(kept: dict[str, Any], *, source: str, out: str, emit: Path | None, master: str, options: list[str]) -> dict[str, Any]:
    from django.conf import settings

    from recaudo.engine import decide
    from recaudo.engine.facts import types
    from recaudo.project import spark

    compiled = decide.compile(kept["model"], types(), dialect=spark.SPARK)
    folder = emit or settings.STATE / "tmp" / f"decide-{kept['on']}"
    out = out or str(folder.resolve() / "result")
    near = master.startswith("local") and not emit  # a Spark of this machine reads the copy that it has
    order = spark.order_of(compiled, name=kept["on"], source=source or kept["path" if near else "address"], out=out)
    if emit:
        spark.write(emit, [order])
        return {"engine": "Spark", "emitted": str(emit), "source": order.source, "out": out}
    began = time.monotonic()
    found = spark.submit(folder, [order], master=master, options=options)
    (answer,) = found.answers
    if answer.problem:
        raise spark.SparkFailed(why=answer.problem, log=folder / spark.LOG)
    told = _digest(out) if "://" not in out else {"rows": answer.rows, "digest": None}
    seconds = round(time.monotonic() - began, 2)
    return {"engine": f"Spark {found.spark}", "cores": found.cores, "seconds": seconds, "work_seconds": answer.seconds, **told, "out": out}


def _options(settings_: tuple[str, ...], packages: str) -> list[str]:
    return [*(part for one in settings_ for part in ("--conf", one)), *(["--packages", packages] if packages else [])]


def _digest(folder: str) -> dict[str, Any]:
    """The rows and digest of Parquet that an engine wrote in a folder of this machine."""
    import duckdb

    from recaudo.engine import decide

    place = Path(folder)
    files = f"{place}/*.parquet" if place.is_dir() else str(place)
    with duckdb.connect() as db:
        rows, told = decide.digest(db, "read_parquet('" + files.replace("'", "''") + "')")
    return {"rows": rows, "digest": told}


NAMES = {
    "on": "Foto del", "strategy": "Estrategia", "engine": "Motor", "cores": "Núcleos", "rows": "Cuentas", "seconds": "Segundos",
    "work_seconds": "De ellos, decidiendo", "emitted": "Trabajo escrito en", "source": "Lee", "out": "Resultado en", "digest": "Huella",
}  # fmt: skip


def _show(found: dict[str, Any], is_json: bool) -> None:
    if is_json:
        as_json(found)
        return
    for key, name in NAMES.items():
        if found.get(key) not in (None, ""):
            value = f"{found[key]:,}" if key == "rows" else found[key]
            click.echo(f"  {name:<22} {value}")
    if "emitted" in found:
        click.echo(f"\n  Ejecútelo en el clúster:\n    spark-submit --master … {found['emitted']}/job.py {found['emitted']}/orders.json answers.json")
