"""`recaudo model`: train a scorecard on a file, evaluate it on another, explain one row; pool rates of few attempts. Without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import click
import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine import score
from recaudo.engine.score import measure
from recaudo.engine.score.card import shown_points
from recaudo.kernel.problems import Problem
from recaudo.project.cli import as_json

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class UnreadableTable(Problem):
    code = "unreadable_table"
    message = "«{name}» no se pudo leer como CSV ni Parquet. Guárdelo en uno de los dos, con los nombres de columna en la primera fila."


class NoSuchColumn(Problem):
    code = "no_such_column"
    message = "El archivo no tiene la columna «{column}». Tiene: {columns}."


class NotACard(Problem):
    code = "not_a_card"
    message = "«{name}» no es un modelo guardado por «recaudo model train»."


class NotNumbers(Problem):
    code = "not_numbers"
    message = "La columna «{column}» debe ser de números en todas las filas."


class NotDays(Problem):
    code = "not_days"
    message = "La columna «{column}» debe ser una fecha (aaaa-mm-dd) en todas las filas."


class WrongCounts(Problem):
    code = "wrong_counts"
    message = "«{tried}» y «{reached}» deben ser números enteros desde 0, sin vacíos, y «{reached}» nunca mayor que «{tried}»."


class UnwritableFile(Problem):
    code = "unwritable_file"
    message = "No se pudo guardar en «{name}»: revise que la carpeta exista y que pueda escribir en ella."


class WrongRow(Problem):
    code = "wrong_row"
    message = "El archivo tiene {rows} filas: pida una de 1 a {rows}."


@click.group(help="Modelos de puntaje: entrenar, evaluar, explicar. / Scorecards: train, evaluate, explain.")
def command() -> None:
    """The group of commands on score models."""


@command.command("train", help="Entrena un puntaje con un archivo CSV o Parquet. / Train a scorecard on a file.")
@click.argument("file", type=FILE)
@click.option("--target", required=True, help="Columna 0/1 de lo que se predice. / 0-1 column.")
@click.option("--yes", default=None, help="Valor de esa columna que cuenta como 1, si es texto. / Value that counts as 1.")
@click.option("--facts", default="", help="Columnas que puede usar, con comas; sin ella, todas las demás. / Columns, comma-separated.")
@click.option("--without", default="", help="Columnas que no, con comas (claves, fechas). / Columns left out.")
@click.option("--protected", default="", help="Atributos protegidos: miden equidad, nunca entran. / Protected attributes, for fairness only.")
@click.option("--at", default=None, help="Columna de fecha: lo último se reserva para probar. / Date column: the latest rows are the test.")
@click.option("--name", default="score", show_default=True, help="Nombre del modelo. / Name.")
@click.option("--horizon", default=30, show_default=True, help="Días del pronóstico. / Horizon in days.")
@click.option("--rising", default="", help="Hechos cuyo puntaje sólo sube (x) o sólo baja (-x). / Monotone facts.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Guarda el modelo (JSON). / Save the card.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / JSON output.")
def run_train(
    file: Path, target: str, yes: str | None, facts: str, without: str, protected: str, at: str | None, name: str, horizon: int, rising: str, out: Path | None,
    is_json: bool,
) -> None:  # fmt: skip
    table = read(file)
    kept_out = {target, at, *_listed(without), *_listed(protected)}
    used = _listed(facts) or [column for column in table.column_names if column not in kept_out and not score.is_protected(column)]
    _need(table, [target, *used, *([at] if at else []), *_listed(protected)])
    table = _said(table, target, yes)
    table = _dated(table, at) if at else table
    directions = {one.lstrip("-"): -1 if one.startswith("-") else 1 for one in _listed(rising)}
    trained = score.train(table, target, name=name, facts=used, horizon_days=horizon, at=at, rising=directions)
    if out:
        _write(out, score.to_json(trained.card))
    test = table.take(pa.array(trained.test_rows))
    groups = _groups(trained.card, test, target, _listed(protected))
    if is_json:
        as_json({
            "version": trained.card.version, "facts": len(trained.card.facts), "test": asdict(trained.test), "train": asdict(trained.in_train),
            "opaque": asdict(trained.opaque) if trained.opaque else None, "fairness": {key: [asdict(one) for one in rows] for key, rows in groups.items()},
            "out": str(out) if out else None,
        })  # fmt: skip
        return
    click.echo(f"Modelo {name} {trained.card.version}: {len(trained.card.facts)} hechos de {len(used)}, {trained.in_train.count:,} filas para aprender.")
    _quality("Prueba (filas no vistas)", trained.test)
    _quality("Entrenamiento", trained.in_train)
    if trained.opaque:
        click.echo(f"Un modelo opaco (árboles) llega en la misma prueba a AUC {trained.opaque.auc:.4f}: leerse cuesta {trained.opaque.auc - trained.test.auc:+.4f}.")
    _card(trained.card)
    _fairness(groups)


@command.command("evaluate", help="Mide un modelo guardado sobre otro archivo. / Evaluate a saved card on a file.")
@click.argument("card_file", metavar="MODEL", type=FILE)
@click.argument("file", type=FILE)
@click.option("--target", required=True, help="Columna 0/1 de lo que pasó. / 0-1 column of what happened.")
@click.option("--yes", default=None, help="Valor de esa columna que cuenta como 1, si es texto. / Value that counts as 1.")
@click.option("--protected", default="", help="Atributos protegidos, con comas. / Protected attributes.")
@click.option("--before", type=FILE, help="Archivo anterior: mide cuánto cambió la población. / Earlier file: drift.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / JSON output.")
def run_evaluate(card_file: Path, file: Path, target: str, yes: str | None, protected: str, before: Path | None, is_json: bool) -> None:
    card, table = read_card(card_file), read(file)
    _need(table, [target, *_listed(protected)])
    _fit(table, card)
    table = _said(table, target, yes)
    given = score.probabilities(card, table)
    found = score.quality(score.outcome(table, target), given)
    moved = _drift(card, read(before), table) if before else {}
    groups = _groups(card, table, target, _listed(protected))
    if is_json:
        as_json({
            "version": card.version, "quality": asdict(found), "drift": moved,
            "fairness": {key: [asdict(one) for one in rows] for key, rows in groups.items()},
        })  # fmt: skip
        return
    _quality(f"Modelo {card.name} {card.version}", found)
    for name, index in sorted(moved.items(), key=lambda one: -one[1]):
        word = "estable" if index < measure.STABLE else "cambió" if index < measure.MOVED else "otra población"
        click.echo(f"  {name}: índice de estabilidad {index:.3f} ({word})")
    _fairness(groups)


@command.command("explain", help="Explica el puntaje de una fila. / Explain the score of one row.")
@click.argument("card_file", metavar="MODEL", type=FILE)
@click.argument("file", type=FILE)
@click.option("--row", default=1, show_default=True, help="Número de fila, desde 1. / Row, from 1.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / JSON output.")
def run_explain(card_file: Path, file: Path, row: int, is_json: bool) -> None:
    card, table = read_card(card_file), read(file)
    _fit(table, card)
    if not 1 <= row <= table.num_rows:
        raise WrongRow(rows=table.num_rows)
    one = table.slice(row - 1, 1)
    given = float(score.probabilities(card, one)[0])
    told = score.reasons(card, one.to_pylist()[0], most=len(card.facts))
    if is_json:
        as_json({"version": card.version, "probability": given, "score": score.score_of(given), "reasons": [asdict(reason) for reason in told]})
        return
    click.echo(f"{card.name} {card.version}: probabilidad {given:.1%}, puntaje {score.score_of(given)} (20 puntos doblan la razón)")
    for reason in told:
        click.echo(f"  {reason.points:+7.1f}  {reason.fact}: {reason.bin}")


@command.command("rates", help="Tasas con pocos intentos, acercadas a las de su grupo. / Rates of few attempts, pooled.")
@click.argument("file", type=FILE)
@click.option("--levels", required=True, help="Columnas del grupo más amplio al más estrecho, con comas. / Columns, widest first.")
@click.option("--tried", default="tried", show_default=True, help="Columna de intentos. / Attempts.")
@click.option("--reached", default="reached", show_default=True, help="Columna de intentos logrados. / Successes.")
@click.option("--best", "choice", default=None, help="Sólo la mejor opción de esta columna para cada --of. / Only the best value of this column.")
@click.option("--of", default=None, help="Con --best: de quién, por ejemplo persona. / With --best: for each value of this column.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / JSON output.")
def run_rates(file: Path, levels: str, tried: str, reached: str, choice: str | None, of: str | None, is_json: bool) -> None:
    """One row of the file is one cell: the columns of the levels, how often it was tried, and how often it worked."""
    if (choice is None) != (of is None) or not _listed(levels):
        raise click.UsageError("«--levels» lleva al menos una columna, y «--best» va junto con «--of».")
    table, named = read(file), _listed(levels)
    if choice and of:
        named = list(dict.fromkeys([*named, of, choice]))
    _need(table, [*named, tried, reached])
    _count(table, tried, reached)
    found = score.pooled(table.select([*named, tried, reached]), levels=_listed(levels), tried=tried, reached=reached)
    if choice and of:
        found = score.best(found, of=of, choice=choice)
    rows = found.to_pylist()
    if is_json:
        as_json(rows)
        return
    for row in rows:
        place = " · ".join(str(row[name]) for name in ([of, choice] if choice else named))
        click.echo(f"  {place}: {row['rate']:.1%} ({row['weight']:.0%} experiencia propia)")


def read(file: Path) -> pa.Table:
    """A CSV (separator and types found out) or Parquet file as a table. Raises UnreadableTable."""
    try:
        with duckdb.connect() as db:
            found = db.read_parquet(str(file)) if file.suffix == ".parquet" else db.read_csv(str(file), sample_size=-1)
            table: pa.Table = found.to_arrow_table()
    except duckdb.Error:
        raise UnreadableTable(name=file.name) from None
    return table


def read_card(file: Path) -> score.Card:
    """A saved card. Raises NotACard."""
    try:
        return score.from_json(file.read_text(encoding="utf-8"))
    except ValueError:
        raise NotACard(name=file.name) from None


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _need(table: pa.Table, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in table.column_names:
            raise NoSuchColumn(column=column, columns=", ".join(table.column_names[:40]))


def _fit(table: pa.Table, card: score.Card) -> None:
    """Raises NoSuchColumn, NotNumbers: what a card reads as numbers must be."""
    _need(table, [fact.name for fact in card.facts])
    for fact in card.facts:
        if fact.is_number:
            _numbers(table, fact.name)


def _numbers(table: pa.Table, column: str) -> pa.ChunkedArray:
    try:
        return table.column(column).cast(pa.float64())
    except pa.ArrowException:
        raise NotNumbers(column=column) from None


def _dated(table: pa.Table, at: str) -> pa.Table:
    try:
        days = table.column(at).cast(pa.date32())
    except pa.ArrowException:
        raise NotDays(column=at) from None
    if days.null_count:
        raise NotDays(column=at)
    return table.set_column(table.column_names.index(at), at, days)


def _count(table: pa.Table, tried: str, reached: str) -> None:
    attempts, wins = (np.asarray(_numbers(table, name)) for name in (tried, reached))
    is_sound = np.isfinite(attempts) & (attempts == np.floor(attempts)) & (wins == np.floor(wins)) & (wins >= 0) & (wins <= attempts)
    if not len(attempts) or not is_sound.all():
        raise WrongCounts(tried=tried, reached=reached)


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError:
        raise UnwritableFile(name=out.name) from None


def _said(table: pa.Table, target: str, yes: str | None) -> pa.Table:
    """The target as 0 and 1: rows that say `yes` are 1."""
    if yes is None:
        return table
    happened = pc.equal(table.column(target).cast(pa.string()), yes)
    return table.set_column(table.column_names.index(target), target, happened)


def _groups(card: score.Card, table: pa.Table, target: str, protected: list[str]) -> dict[str, tuple[score.Fairness, ...]]:
    """Fairness by each protected attribute; ages and other numbers with many values in quarters."""
    given, happened = score.probabilities(card, table), score.outcome(table, target)
    threshold = float(np.quantile(given, 0.8))
    return {name: score.fairness(happened, given, _words(table.column(name)), threshold=threshold) for name in protected}


def _words(column: pa.ChunkedArray) -> list[str | None]:
    is_number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if not is_number or pc.count_distinct(column).as_py() <= 10:
        return [None if one is None else str(one) for one in column.to_pylist()]
    numbers = np.asarray(pc.fill_null(column.cast(pa.float64()), np.nan))
    edges = np.unique(np.nanquantile(numbers, [0.25, 0.5, 0.75]))
    names = [f"hasta {edges[0]:g}", *(f"{a:g} a {b:g}" for a, b in pairwise(edges)), f"más de {edges[-1]:g}"]
    return [None if np.isnan(one) else names[int(np.searchsorted(edges, one))] for one in numbers]


def _drift(card: score.Card, before: pa.Table, now: pa.Table) -> dict[str, float]:
    _fit(before, card)
    if not before.num_rows or not now.num_rows:
        return {}
    moved = {"puntaje": score.drift(score.probabilities(card, before), score.probabilities(card, now))}
    for fact in card.facts:
        if fact.is_number:
            was, is_ = (np.asarray(pc.drop_null(table.column(fact.name)).cast(pa.float64())) for table in (before, now))
            if len(was) and len(is_):
                moved[fact.name] = score.drift(was, is_)
    return moved


def _quality(title: str, found: score.Quality) -> None:
    click.echo(f"{title}: {found.count:,} filas, ocurre en {found.rate:.1%}")
    click.echo(
        f"  ordena: AUC {found.auc:.4f}, KS {found.ks:.3f} · acierta: Brier {found.brier:.4f} (decir la media: {found.brier_base:.4f}), "
        f"error de calibración {found.error:.2%}, pendiente {found.slope:.2f}"
    )


def _card(card: score.Card) -> None:
    click.echo("Puntos (20 doblan la razón; sobre la cuenta media):")
    for fact in sorted(card.facts, key=lambda one: -(max(one.points) - min(one.points))):
        click.echo(f"  {fact.name}: " + " · ".join(f"{label} {shown_points(points - fact.mean):+.0f}" for label, points in fact.bins()))


def _fairness(groups: dict[str, tuple[score.Fairness, ...]]) -> None:
    for name, rows in groups.items():
        click.echo(f"Equidad por {name} (quinta parte más alta):")
        for one in rows:
            auc = f"{one.auc:.3f}" if one.auc is not None else "—"
            note = " · pocas filas" if one.is_small else " · menos de 4/5 del grupo más alto" if one.ratio < 0.8 else ""
            click.echo(f"  {one.group}: {one.count:,} filas, ocurre {one.rate:.1%}, dice {one.given:.1%} ({one.gap:+.1%}), AUC {auc}, elegidos {one.chosen:.1%}{note}")
