"""A day of permits sealed into the chain, and verified: seconds and memory, beside hashing the same rows in the database alone.

    python -m benchmarks.seal [--permits 1000000]

A scratch database with as many permits in one day; `seal_rolls` makes their batches in one transaction, `verify` recomputes the chain
and every batch. The baseline is one statement that computes the same digests and keeps nothing.
"""

from __future__ import annotations

import argparse
from datetime import timedelta

import psycopg

from benchmarks.common import Watch, load_average, megabytes, report, scratch, timed

PERMITS = """
INSERT INTO casework_permitrecord (id, tenant_id, created_at, person_id, channel, purpose, asked_at, is_allowed, rule, citation, reason, lawbook_version, libraries,
  pack_hash, input_digest)
SELECT gen_random_uuid(), %(tenant)s, t.at, gen_random_uuid(), 'call', 'collection', t.at, n %% 3 > 0, CASE WHEN n %% 3 = 0 THEN 'MX-HOURS' ELSE '' END, 'Disposiciones, art. 3',
  'Fuera del horario permitido.', 'abcdef0123456789', 'holidays 0.109 tzdata 2026.1', repeat('a', 64), md5(n::text) || md5(n::text)
FROM generate_series(1, %(count)s) n CROSS JOIN LATERAL (SELECT %(at)s::timestamptz + make_interval(secs => n * 86400.0 / %(count)s) AS at) t
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--permits", type=int, default=1_000_000)
    count = parser.parse_args().permits
    from recaudo.project import postgres

    admin = postgres.ensure().admin_dsn
    with scratch():
        from django.db import connection, connections
        from django.utils import timezone

        from recaudo.flow.rolls import ROLLS
        from recaudo.journal import queries, services
        from recaudo.project import database
        from recaudo.store import tenancy
        from recaudo.workforce.models import Tenant

        at = timezone.now() - timedelta(days=2)
        database.make_months(on=at.date())
        tenant = Tenant.objects.create(name="Banco", slug="banco", country="MX", zone="America/Mexico_City", currency="MXN", created_at=at)
        with psycopg.connect(**{**admin, "dbname": connections["default"].settings_dict["NAME"]}, autocommit=True) as db:
            db.execute(PERMITS, {"tenant": tenant.id, "count": count, "at": at})
            db.execute("VACUUM ANALYZE casework_permitrecord")
        with tenancy.acting(tenant.id), connection.cursor() as cursor, timed() as hashing:
            cursor.execute(f"SELECT count({ROLLS[0].digest()}) FROM casework_permitrecord r WHERE tenant_id = %s", [tenant.id])
        with Watch() as watch, timed() as sealing, tenancy.acting(tenant.id):
            services.seal_rolls(at=timezone.now())
        with timed() as again, tenancy.acting(tenant.id):
            services.seal_rolls(at=timezone.now())
        with Watch() as checking, timed() as verifying, tenancy.acting(tenant.id):
            services.seal(at=timezone.now())
            found = queries.verify()
        assert found.is_whole and found.rows == count, found
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_total_relation_size('journal_sealedbatch'), pg_total_relation_size('casework_permitrecord')")
            batches, permits = cursor.fetchone()
        connections.close_all()
    report("permits sealed by batches", count, {
        "hashing alone": f"{hashing.seconds:.1f} s", "sealing": f"{sealing.seconds:.1f} s, peak {megabytes(watch.peak)}, {sealing.seconds / hashing.seconds:.1f} x hashing",
        "sealing again, nothing new": f"{again.seconds:.1f} s", "verifying": f"{verifying.seconds:.1f} s, peak {megabytes(checking.peak)}",
        "size": f"{megabytes(batches)} beside {megabytes(permits)} of permits", "load": f"{load_average():.1f}",
    })  # fmt: skip


if __name__ == "__main__":
    main()
