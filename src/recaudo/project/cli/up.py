"""`recaudo up`: database, schema, (demo world and its day), worker, server."""

from __future__ import annotations

import ipaddress
import os
import signal
import subprocess
import sys
from datetime import date
from typing import Any

import click

from recaudo.project.boot import boot

# Of each process of pages: while one waits for the database another works. Each keeps its connection, which is all the pool there is:
# processes x threads connections, made once. More threads would only take turns at the interpreter.
THREADS = 4
# A thread that had nothing to do ends after this long, and the next one would have to sign in to the database again.
THREAD_IDLE_SECONDS = 600


def cores() -> int:
    """Processes of pages: one per core that this process may use, and two where there is but one."""
    return max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@click.command(help="Levanta todo y sirve las páginas. / Bring everything up and serve.")
@click.option("--demo", "is_demo", is_flag=True, help="Crea el mundo de demostración y ejecuta su jornada. / Build the demo world.")
@click.option("--accounts", default=37_500, show_default=True, help="Cuentas de la demostración. / Demo accounts.")
@click.option("--seed", default=7, show_default=True, help="Semilla de la demostración. / Demo seed.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=cores, show_default="uno por núcleo, 2 o más", help="Procesos de páginas. / Web processes.")
@click.option("--no-serve", is_flag=True, help="Prepara todo y termina. / Prepare and stop.")
def command(is_demo: bool, accounts: int, seed: int, host: str, port: int, workers: int, no_serve: bool) -> None:
    endpoint = boot()
    if not no_serve:
        refuse_plain(host)
    prepare()
    if not no_serve:
        refuse_demo(host, is_demo=is_demo)
    if is_demo:
        from recaudo.project.cli.demo import build

        build(accounts=accounts, seed=seed)
    if no_serve:
        return
    click.echo(f"\nPáginas en http://{host}:{port}/  (Ctrl+C para terminar)")
    serve(host, port, workers)
    if endpoint is not None and endpoint.started_here:
        click.echo("La base de datos sigue encendida; apáguela con: python -m recaudo.project.postgres stop")


def refuse_plain(host: str) -> None:
    """Passwords and debts do not cross a network in the clear. Raises ClickException."""
    from django.conf import settings

    if not is_loopback(host) and not settings.HTTPS:
        raise click.ClickException(
            f"No se sirve en {host} sin HTTPS: las contraseñas viajarían a la vista. Ponga un servidor con TLS delante y RECAUDO_HTTPS=true,"
            " o use --host 127.0.0.1."
        )


def refuse_demo(host: str, *, is_demo: bool) -> None:
    """The demo's people share a password that everybody knows: it is for this machine only. Raises ClickException."""
    from recaudo.workforce.models import Tenant

    if not is_loopback(host) and (is_demo or Tenant.objects.filter(settings__is_demo=True).exists()):
        raise click.ClickException(
            f"La demostración no se sirve en {host}: su contraseña es pública y cualquiera de la red entraría. Use --host 127.0.0.1,"
            " o una carpeta RECAUDO_STATE sin la organización de demostración."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address; a name that is no address counts as reachable, but for localhost."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def prepare() -> None:
    """Schema and partitions up to date."""
    from django.db import connections

    from recaudo.project import database

    click.echo("Esquema de la base de datos…")
    database.migrate()
    database.make_months(on=_today())
    connections.close_all()


def _today() -> date:
    from django.utils import timezone

    return timezone.now().date()


def web_command(host: str, port: int, workers: int, *, application: str = "recaudo.project.wsgi:application") -> list[str]:
    """The command that serves the pages; what benchmarks measure is this server too."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", str(workers),
        "--blocking-threads", str(THREADS), "--blocking-threads-idle-timeout", str(THREAD_IDLE_SECONDS), "--workers-kill-timeout", "5",
        "--no-ws", "--log-level", "warning", application,
    ]  # fmt: skip


def serve(host: str, port: int, workers: int) -> None:
    """The pages and the worker, until somebody stops them; when one ends, so does the other."""
    # The links in messages lead to where the pages are, unless a public address was given.
    os.environ.setdefault("RECAUDO_URL", f"http://{host}:{port}")
    work = [sys.executable, "-m", "recaudo.project", "worker"]
    running: list[subprocess.Popen[Any]] = [subprocess.Popen(line, env=os.environ) for line in (web_command(host, port, workers), work)]

    def stop(*_: Any) -> None:
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        while all(process.poll() is None for process in running):
            signal.sigtimedwait([signal.SIGCHLD], 1.0) if hasattr(signal, "sigtimedwait") else running[0].wait()
    finally:
        stop()
        for process in running:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
