"""`recaudo explain` and `recaudo snapshot`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from django.conf import settings
from tests.cast import TODAY
from tests.contexts.flow.worlds import ready, run

from recaudo.kernel.problems import Problem
from recaudo.project.cli import recaudo
from recaudo.store.tenancy import acting
from recaudo.strategy import queries as strategy


def told(*args: str) -> Any:
    done = CliRunner().invoke(recaudo, list(args), catch_exceptions=False)
    return done


def test_explain_by_number_and_by_id_says_the_same(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    run(cast)
    slug, account = cast.tenant.slug, cast.accounts["maria"]
    by_number = json.loads(told("explain", "CTA-MARIA", "--tenant", slug, "--json").stdout)
    by_id = json.loads(told("explain", str(account.pk), "--on", TODAY.isoformat(), "--tenant", slug, "--json").stdout)
    assert by_number == by_id
    assert by_number["same_as_stored"] and by_number["on"] == TODAY.isoformat()
    assert by_number["decisions"]["treatment"]["rows"] and by_number["facts"]["dpd"] == "40"
    assert "María" not in json.dumps(by_number, ensure_ascii=False)
    shown = told("explain", "cta-maria", "--tenant", slug).stdout
    assert "Cuenta CTA-MARIA" in shown and "coincide con lo guardado" in " ".join(shown.split())
    with pytest.raises(Problem):
        told("explain", "NO-EXISTE", "--tenant", slug)
    with pytest.raises(Problem, match="jornada del 01/01/2020"):
        told("explain", "CTA-MARIA", "--tenant", slug, "--on", "2020-01-01")


def test_a_snapshot_that_was_altered_or_lost_is_found(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    run(cast)
    slug = cast.tenant.slug
    whole = told("snapshot", "--tenant", slug, "--json")
    assert whole.exit_code == 0
    (line,) = json.loads(whole.stdout)["snapshots"]
    assert (line["on"], line["rows"], line["problem"]) == (TODAY.isoformat(), 4, None)
    with acting(cast.tenant.id):
        key = strategy.snapshots().get().key
    path = settings.STATE / "snapshots" / key
    path.write_bytes(path.read_bytes()[:-8] + b"\0\0\0\0PAR1")
    altered = told("snapshot", "--tenant", slug, "--json")
    assert altered.exit_code == 1 and json.loads(altered.stdout)["snapshots"][0]["problem"]
    path.unlink()
    lost = told("snapshot", "--on", TODAY.isoformat(), "--tenant", slug, "--json")
    assert lost.exit_code == 1 and json.loads(lost.stdout)["snapshots"][0]["problem"] == "falta el archivo"
    assert told("snapshot", "--list", "--tenant", slug, "--json").exit_code == 0
    assert told("snapshot", "--on", "2020-01-01", "--tenant", slug).exit_code == 1


def test_a_kept_day_is_decided_again_with_the_same_digest(own_database: Any, tmp_state: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = ready()
    run(cast)
    slug, out, job = cast.tenant.slug, tmp_state / "decided", tmp_state / "job"
    here = json.loads(told("decide", "--tenant", slug, "--out", str(out), "--json").stdout)
    assert (here["on"], here["rows"], here["strategy"]) == (TODAY.isoformat(), 4, "v1")
    assert json.loads(told("decide", "--digest", str(out), "--json").stdout)["digest"] == here["digest"]
    told("decide", "--tenant", slug, "--engine", "spark", "--emit", str(job), "--source", "s3a://b/accounts.parquet", "--out", "s3a://b/out", "--json")
    (order,) = json.loads((job / "orders.json").read_text())["orders"]
    assert (order["source"], order["out"]) == ("s3a://b/accounts.parquet", "s3a://b/out")
    assert "`recaudo_source`" in order["sql"] and order["types"]["dpd"] == "integer" and (job / "job.py").is_file()
    assert told("decide", "--tenant", slug, "--on", "2020-01-01").exit_code == 1
    monkeypatch.setattr("recaudo.project.spark.BESIDE", tmp_state / "nothing")
    for name in ("RECAUDO_SPARK_SUBMIT", "SPARK_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Problem, match="make cluster-env"):
        told("decide", "--tenant", slug, "--engine", "spark")
    broken = tmp_state / "spark-submit"
    broken.write_text("#!/bin/sh\necho 'java.lang.IllegalStateException: JAVA_HOME is not set'\nexit 1\n")
    broken.chmod(0o700)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("RECAUDO_SPARK_SUBMIT", str(broken))
    with pytest.raises(Problem, match="No se publicó nada"):
        told("decide", "--tenant", slug, "--engine", "spark")
