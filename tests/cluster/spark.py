"""A standalone Spark on loopback: one master and two workers of one core each, all ended with the `with`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WORKERS, CORES, MEMORY = 2, 1, "1g"
WAIT_SECONDS = 120


@contextmanager
def cluster(program: str, folder: Path) -> Iterator[str]:
    """Start it and give the address of the master. program: `spark-submit` of the Spark to use; folder: for logs and spill."""
    home = Path(program).resolve().parent.parent
    python = Path(program).with_name("python")
    if python.exists():  # installed by pip: Spark lies within the package
        found = subprocess.run([str(python), "-c", "import pyspark; print(pyspark.__path__[0])"], capture_output=True, text=True, check=True)
        home = Path(found.stdout.strip())
    master, page = _free_port(), _free_port()
    at = f"spark://127.0.0.1:{master}"
    env = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_WORKER_DIR": str(folder / "work")}
    if python.exists():
        env["PYSPARK_PYTHON"] = str(python)
    started = [_start(home, env, folder / "master.log", "master.Master", "--host", "127.0.0.1", "--port", str(master), "--webui-port", str(page))]
    try:
        _wait(page, 0)
        for number in range(WORKERS):
            port = str(_free_port())
            arguments = ("--host", "127.0.0.1", "--cores", str(CORES), "--memory", MEMORY, "--webui-port", port, at)
            started.append(_start(home, env, folder / f"worker{number}.log", "worker.Worker", *arguments))
        _wait(page, WORKERS)
        yield at
    finally:
        for one in reversed(started):
            os.killpg(one.pid, signal.SIGTERM)
        for one in started:
            one.wait(timeout=30)


def _start(home: Path, env: dict[str, str], log: Path, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *arguments]
        return subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)


def _wait(page: int, workers: int) -> None:
    """Until the master answers and counts so many workers."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{page}/json/", timeout=5) as answer:
                if answer.read().count(b'"ALIVE"') >= workers + 1:
                    return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError(f"Spark did not start within {WAIT_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
