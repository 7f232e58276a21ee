"""`make bench`: every benchmark at a size that a laptop finishes in minutes. Each module takes larger sizes by itself."""

from __future__ import annotations

import subprocess
import sys

RUNS = (
    ("benchmarks.import_", "--rows", "200000"), ("benchmarks.day", "--accounts", "100000"), ("benchmarks.pages",),
    ("benchmarks.decide", "--large", "0"),
    ("benchmarks.allocate", "--accounts", "300000", "--many", "50000", "--solver", "20000"),
    ("benchmarks.whatif", "--accounts", "1000000", "--whole", "5000"), ("benchmarks.redecide", "--accounts", "5000"),
    ("benchmarks.permits", "--candidates", "100000", "--history", "2000000"), ("benchmarks.replay", "--actions", "200000", "--persons", "20000"),
)  # fmt: skip

for module, *arguments in RUNS:
    print(f"\n== {module} {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)
