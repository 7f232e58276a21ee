"""`recaudo law check|vectors|show|replay`: the lawbook examined, tried against cases, read aloud; and run again over what happened.

Only `replay` needs the database.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from recaudo.project.cli import as_json

JSON = click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / Result as JSON.")


@click.group(help="Las normas: revisarlas, probarlas, leerlas. / The law: check it, try it, read it.")
def command() -> None:
    """The group."""


@command.command(
    help="Revisa las normas que se entregan y las bibliotecas de feriados y zonas; sale con 1 si hay faltas. / "
    "Checks the shipped law and the holiday and zone data; exits 1 on a finding."
)
@JSON
def check(is_json: bool) -> None:
    found = examine()
    if is_json:
        as_json(found)
    else:
        for one in found["findings"]:
            click.echo(f"{one['file']} {one['rule']} [{one['code']}] {one['text']}".replace("  ", " "))
        for problem in found["library_problems"]:
            click.echo(problem)
        click.echo(
            f"{found['jurisdictions']} jurisdicciones, {found['rules']} reglas, versión {found['version'][:16] or '—'}; "
            f"{len(found['findings'])} faltas, {len(found['library_problems'])} problemas de bibliotecas."
        )
        click.echo("Bibliotecas: " + ", ".join(f"{name} {version}" for name, version in found["libraries"].items()))
    sys.exit(0 if found["is_well"] else 1)


def examine() -> dict[str, Any]:
    """What the linter and the versions of the libraries say of the shipped lawbook. Nothing is raised."""
    from recaudo.engine import comply

    findings = comply.lint()
    answer: dict[str, Any] = {
        "is_well": False, "version": "", "jurisdictions": 0, "rules": 0, "findings": [asdict(one) for one in findings],
        "libraries": comply.library_versions(), "library_problems": [],
    }  # fmt: skip
    try:
        book = comply.lawbook()
    except comply.BadLawbook as problem:
        if not findings:
            answer["findings"] = [{"file": str(problem.data["where"]), "rule": "", "code": problem.code, "text": problem.text}]
        return answer
    libraries = comply.libraries_ok(book)
    answer |= {
        "is_well": not findings and libraries.ok, "version": book.version, "jurisdictions": len(book.jurisdictions),
        "rules": sum(len(document.rules) for document in book.documents.values()), "library_problems": list(libraries.problems),
    }  # fmt: skip
    return answer


@command.command(
    help="Prueba las normas con un archivo de casos, uno por línea en JSON; sale con 1 si alguno falla. / "
    "Tries the law on a file of cases, one JSON object per line; exits 1 on a failure."
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@JSON
def vectors(file: Path, is_json: bool) -> None:
    from recaudo.engine import comply

    # Bytes that are no text become a mark inside their line: that case fails with its reason, the others are still tried.
    with file.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        report = comply.vectors(lines)
    if is_json:
        as_json({"passed": report.passed, "failed": report.failed, "failures": [asdict(one) for one in report.failures]})
    else:
        for failure in report.failures:
            click.echo(f"FALLA {failure.id}: {failure.reason}")
        click.echo(f"{report.passed} pasaron, {report.failed} fallaron.")
        if report.passed + report.failed == 0:
            click.echo("El archivo no tiene casos.", err=True)
    sys.exit(1 if report.failed else 0)


@command.command(
    help="Lee las reglas en vigor de un país, en su lectura por omisión. / Reads the rules in force of a country, in their default reading."
)
@click.argument("country")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="Día (hoy, por omisión). / Day (today by default).")
@JSON
def show(country: str, on: datetime | None, is_json: bool) -> None:
    from recaudo.engine.comply import lawbook
    from recaudo.law import rulebook

    book, name = lawbook(), country.upper()
    if name not in book.jurisdictions:
        raise click.UsageError(f"No hay normas de «{country}». Las que hay: {', '.join(book.jurisdictions)}.")
    day = on.date() if on else datetime.now(UTC).date()
    pack = book.pack(name)
    read = [one for one in rulebook.readings(pack, book, on=day) if one.state != "past"]
    if is_json:
        as_json({"jurisdiction": name, "on": day.isoformat(), "version": pack.version, "rules": [_as_data(one) for one in read]})
    else:
        _print(pack, read, day)


def _as_data(one: Any) -> dict[str, Any]:
    data = {**asdict(one), "facts": {fact.label: fact.text for fact in one.facts}, "week": dict(one.week)}
    return {**data, "sources": [key for key, _ in one.sources]}


def _print(pack: Any, read: list[Any], day: date) -> None:
    from recaudo.law import words

    ruling = [one for one in read if one.state == "in_force" and not one.is_house]
    click.echo(f"{pack.chain[0].name}. Reglas en vigor el {day:%d/%m/%Y}, versión {pack.version[:16]}.")
    click.echo(f"{sum(one.is_primary for one in ruling)} de {len(ruling)} verificadas en la norma misma. Esto no es asesoría jurídica.")
    for title, types in words.THEMES.items():
        _section(title, [one for one in ruling if one.type in types])
    _section("Por definirse", [one for one in read if one.state == "pending"])
    _section("Por entrar en vigor", [one for one in read if one.state == "future" and not one.is_house])
    _section("Resguardos de la casa", [one for one in read if one.is_house and one.state == "in_force"])


def _section(title: str, rows: list[Any]) -> None:
    from recaudo.law import rulebook

    if not rows:
        return
    click.echo(f"\n{title}")
    for one in rows:
        click.echo(f"  {one.id}{f' ({one.place})' if one.place else ''}  {one.text}")
        if one.week:
            click.echo(f"      Horas: {rulebook.compact_week(one.week)}")
        for fact in one.facts:
            click.echo(f"      {fact.label}: {fact.text}")
        since = f"desde el {one.since:%d/%m/%Y}" if one.since else "fecha de inicio sin verificar"
        until = f", hasta el {one.until:%d/%m/%Y}" if one.until else ""
        click.echo(f"      {one.citation}; {since}{until}; {one.confidence_es}")


@command.command(
    help="Repite la norma sobre los contactos registrados de un período y cuenta los que habría rechazado; con --version, al lado de otra. / "
    "Runs the law again over the recorded contacts of a period and counts those it would have refused; with --version, beside another."
)
@click.option("--from", "from_on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Primer día. / First day.")
@click.option("--to", "to_on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Último día. / Last day.")
@click.option(
    "--version", "version", default="vigente",
    help="vigente, entregada, un día (AAAA-MM-DD) o el identificador de una propuesta. / vigente, entregada, a day, or the id of a proposal.",
)  # fmt: skip
@click.option("--tenant", "organisation", default="", help="Sólo esta organización, por su nombre corto. / Only this one, by its slug.")
@JSON
def replay(from_on: datetime, to_on: datetime, version: str, organisation: str, is_json: bool) -> None:
    from recaudo.project.boot import boot

    boot()
    from recaudo.compliance.queries import replay as queries
    from recaudo.kernel.problems import Problem
    from recaudo.project.cli.journal import each_organisation

    answers = []
    for tenant in each_organisation(organisation):
        try:
            before, after = queries.version_of(queries.NOW, zone=tenant.zone), queries.version_of(version, zone=tenant.zone)
            found = queries.replay(
                from_on=from_on.date(), until_on=to_on.date() + timedelta(days=1), before=before, after=after, zone=tenant.zone
            )
        except Problem as problem:
            raise click.ClickException(problem.text) from problem
        answers.append(_replayed(tenant.slug, found))
    if is_json:
        as_json(answers)
        return
    for answer in answers:
        click.echo(
            f"{answer['organisation']}: {answer['contacts']} contactos; rechazados hoy {answer['refused']}, con «{answer['version']}» {answer['refused_by_version']} "
            f"({answer['now_refused']} pasarían a rechazarse, {answer['now_allowed']} a permitirse)."
        )
        for rule in answer["by_rule"]:
            click.echo(f"  {rule['key']:<24} {rule['before']:>8} {rule['after']:>8}")


def _replayed(slug: str, found: Any) -> dict[str, Any]:
    tallies = {name: [asdict(one) for one in rows] for name, rows in (("by_rule", found.by_rule), ("by_agency", found.by_agency), ("by_agent", found.by_agent))}
    return {
        "organisation": slug, "version": found.after.name, "law_before": found.before.rules.version, "law_after": found.after.rules.version,
        "contacts": found.action_count, "refused": found.breaches_before, "refused_by_version": found.breaches_after, "now_refused": found.now_refused,
        "now_allowed": found.now_allowed, **tallies,
    }  # fmt: skip
