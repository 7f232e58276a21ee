"""Take out of package-lock.json what holds addresses: run it after every `npm install`.

`.npmrc` already leaves out where packages were fetched from; the links for sponsoring (`funding`) are what is left.
Exits with 1 when an address remains, so that CI sees it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "package-lock.json"


def main() -> int:
    lock = json.loads(LOCK.read_text())
    for package in lock["packages"].values():
        package.pop("funding", None)
        package.pop("resolved", None)
    text = json.dumps(lock, indent=2, ensure_ascii=False) + "\n"
    if "--check" not in sys.argv:
        LOCK.write_text(text)
    if "://" in LOCK.read_text():
        print("package-lock.json: hay direcciones; ejecute scripts/clean_lock.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
