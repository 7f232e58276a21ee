"""The memory of this process's children and theirs: the JVMs and Pythons of a Spark."""

from __future__ import annotations

import contextlib
import threading

import psutil


class Family:
    """peak: the most bytes resident at once of all descendants, sampled every half second while the block runs."""

    def __init__(self) -> None:
        self.peak = 0
        self._over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Family:
        self._sampler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._sampler.join()

    def _sample(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.5):
            now = 0
            for one in me.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    now += one.memory_info().rss
            self.peak = max(self.peak, now)
