"""A day whose snapshot goes to a bucket: kept there, refused with a reason while it is away, finished when it is back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer
from tests.cast import TODAY
from tests.contexts.flow.worlds import ready, run

from recaudo.flow.models import Run
from recaudo.project.checks import snapshots as snapshots_check
from recaudo.store.objects import StorageAway
from recaudo.store.tenancy import acting
from recaudo.strategy import queries as strategy

AWAY = "http://127.0.0.1:9"


@pytest.fixture
def server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


def bucket(settings: Any, endpoint: str, state: Path) -> Any:
    options = {"bucket": "cobranza/fotos", "endpoint": endpoint, "key": "clave", "secret": "secreto", "cache": state / "copies"}
    settings.STORAGES = {**settings.STORAGES, "snapshots": {"BACKEND": "recaudo.store.objects.Bucket", "OPTIONS": options}}
    return storages["snapshots"]


def test_a_day_stops_where_its_snapshot_cannot_be_kept_and_goes_on_when_it_can(
    own_database: Any, tmp_state: Path, settings: Any, server: str
) -> None:
    cast = ready()
    there = bucket(settings, AWAY, tmp_state)
    with pytest.raises(StorageAway, match="Lo guardado antes sigue intacto"):
        run(cast)
    assert snapshots_check()[0].level == "bad"
    with acting(cast.tenant.id):
        assert Run.objects.get(on=TODAY).status == "failed" and not strategy.snapshots().exists()
    there = bucket(settings, server, tmp_state)
    there.options["allow_bucket_creation"] = True
    there.files.create_dir("cobranza")
    run(cast)
    assert snapshots_check()[0].level == "ok"
    with acting(cast.tenant.id):
        snapshot = strategy.snapshots().get()
        assert Run.objects.filter(on=TODAY, status="finished").exists()
        assert strategy.file_digest(snapshot) == (snapshot.sha256, snapshot.row_count)
    away = bucket(settings, AWAY, tmp_state)
    with acting(cast.tenant.id):
        assert strategy.is_kept(snapshot) and away.exists(snapshot.key)
        assert strategy.snapshot_row(cast.accounts["maria"].pk) is not None
