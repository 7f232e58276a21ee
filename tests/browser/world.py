"""Build the small demo world in the database that the environment names. A process of its own; prints what was made."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(folder: Path, accounts: int) -> None:
    from recaudo.project.boot import boot

    boot()
    from tests.browser.clock import NOW, set_clock

    set_clock()
    from django.utils import timezone

    from recaudo.demo import world
    from recaudo.flow.day import run_day
    from recaudo.journal.services import SYSTEM
    from recaudo.project.database import make_months

    make_months(on=NOW.date())
    made = world.build(accounts=accounts, seed=7, today=NOW.date(), at=NOW, folder=folder, past_days=1)
    run = run_day(made.tenant, on=made.on, by=SYSTEM, at=NOW, clock=timezone.now)
    print(json.dumps({"on": made.on.isoformat(), "loads": made.loads, "accounts": run.counts["accounts"]}, default=str))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
