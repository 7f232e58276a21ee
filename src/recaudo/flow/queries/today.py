"""What the page of the day shows besides the run: how far it is, what moves, what is stuck."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from recaudo.flow.models import Escalation, Run
from recaudo.flow.queries import runs
from recaudo.flow.queries.limits import unworked_days
from recaudo.kernel.time import day_at
from recaudo.portfolio.models import Account
from recaudo.store import tenancy, workers
from recaudo.store.kept import kept_when_large

TASK = "flow.tasks.run_day"  # asked for from a screen
TASKS = (TASK, "project.jobs.run_one_day")  # or by the clock
RECENT_DAYS = 30  # the first action is asked of debts that fell due no longer ago than this
STALLED_MINUTES = 10  # a message on its way for longer has a fate that nobody knows
_OPEN = "('preventive', 'current', 'delinquent', 'accelerated', 'written_off')"


@dataclass(frozen=True, slots=True)
class DayState:
    """Where today's run stands.

    state      none queued running interrupted finished failed
    share      0 to 1, how many of its steps are done
    has_worker whether a worker is alive that would take a job
    """

    on: date
    state: str
    run: Run | None
    share: float
    has_worker: bool


@dataclass(frozen=True, slots=True)
class Moving:
    """What happened today, so far. `messages` by status; money by currency as (currency, count, minor units)."""

    planned: dict[str, int]
    messages: dict[str, int]
    answers: int
    calls: int
    visits: int
    reached: int
    promises: tuple[tuple[str, int, int], ...]
    payments: tuple[tuple[str, int, int], ...]

    @property
    def sent(self) -> int:
        return sum(self.messages.get(name, 0) for name in ("sent", "delivered", "read"))

    @property
    def delivered(self) -> int:
        return sum(self.messages.get(name, 0) for name in ("delivered", "read"))


@dataclass(frozen=True, slots=True)
class Stuck:
    """One thing that waits for somebody. `name` is a URL name, `query` what is added to the address; empty = no page."""

    label: str
    count: int
    detail: str
    icon: str
    tone: str
    name: str = ""
    query: str = ""
    kind: str = ""


def day_state(on: date, *, steps: tuple[str, ...], at: datetime) -> DayState:
    """The state of a day's run. At most four queries."""
    run = runs.run_of(on)
    asked, has_worker = _is_asked(on), workers.has_worker(at=at)
    if run is not None and run.status == "running":
        alive = runs.is_alive(run) or asked
        place = steps.index(run.step) if run.step in steps else 0
        return DayState(on, "running" if alive else "interrupted", run, place / len(steps), has_worker)
    if run is not None and run.status == "finished":
        return DayState(on, "finished", run, 1.0, has_worker)
    if asked:
        return DayState(on, "queued", run, 0.0, has_worker)
    return DayState(on, "failed" if run else "none", run, 0.0, has_worker)


def _is_asked(on: date) -> bool:
    sql = """
    SELECT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE task_name = ANY(%(tasks)s) AND status IN ('todo', 'doing')
                     AND args->>'tenant_id' = %(tenant)s AND args->>'on' = %(on)s)
    """
    values = {"tasks": list(TASKS), "tenant": str(tenancy.tenant_id()), "on": on.isoformat()}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return bool(cursor.fetchone()[0])


def moving(on: date, *, zone: str) -> Moving:
    """Live counts of a day on the organisation's clock. Four queries, each by an index of its day."""
    values = {"tenant": tenancy.tenant_id(), "on": on, "from": day_at(on, zone), "until": day_at(on + timedelta(days=1), zone)}
    planned = _rows(
        "SELECT channel, count(*) FROM casework_action WHERE tenant_id = %(tenant)s AND status = 'planned' AND planned_on = %(on)s"
        " GROUP BY 1 ORDER BY 2 DESC", values,
    )  # fmt: skip
    messages = _rows(
        # A message of a plan is born at the first instant of its UTC day (its key), which west of Greenwich is the day before.
        "SELECT direction, status, count(*) FROM messaging_message WHERE tenant_id = %(tenant)s AND created_at < %(until)s"
        " AND created_at >= %(from)s - interval '1 day' AND coalesce(sent_at, created_at) >= %(from)s"
        " AND coalesce(sent_at, created_at) < %(until)s GROUP BY 1, 2", values,
    )  # fmt: skip
    done = _rows(
        "SELECT count(*) FILTER (WHERE channel = 'call' AND status = 'done'), count(*) FILTER (WHERE channel = 'visit' AND status = 'done'),"
        " count(*) FILTER (WHERE is_rpc) FROM casework_action WHERE tenant_id = %(tenant)s AND occurred_at >= %(from)s"
        " AND occurred_at < %(until)s", values,
    )[0]  # fmt: skip
    money = _rows(
        "SELECT 'promise', currency, count(*), sum(amount_minor)::bigint FROM agreements_promise WHERE tenant_id = %(tenant)s"
        " AND made_on = %(on)s GROUP BY currency UNION ALL"
        " SELECT 'payment', currency, count(*), sum(amount_minor)::bigint FROM portfolio_payment WHERE tenant_id = %(tenant)s"
        " AND paid_on = %(on)s AND status IN ('applied', 'unidentified') GROUP BY currency ORDER BY 1, 2", values,
    )  # fmt: skip
    return Moving(
        planned=dict(planned),
        messages={status: count for direction, status, count in messages if direction == "out"},
        answers=sum(count for direction, _, count in messages if direction == "in"),
        calls=done[0], visits=done[1], reached=done[2],
        promises=tuple(row[1:] for row in money if row[0] == "promise"),
        payments=tuple(row[1:] for row in money if row[0] == "payment"),
    )  # fmt: skip


def stuck(on: date, *, at: datetime) -> list[Stuck]:
    """What waits for somebody; what is well is left out. A constant number of queries."""
    return [*_of_sending(at), *_of_accounts(on, at)]


def _of_sending(at: datetime) -> list[Stuck]:
    sql = """
    SELECT (SELECT count(*) FROM casework_wave WHERE tenant_id = %(tenant)s AND status = 'awaiting_release'),
           (SELECT coalesce(sum(action_count), 0) FROM casework_wave WHERE tenant_id = %(tenant)s AND status = 'awaiting_release'),
           (SELECT count(*) FROM casework_contactpause WHERE tenant_id = %(tenant)s AND resumed_at IS NULL),
           (SELECT count(*) FROM messaging_message WHERE tenant_id = %(tenant)s AND created_at >= %(week)s AND status = 'unknown')
         + (SELECT count(*) FROM messaging_message WHERE tenant_id = %(tenant)s AND status IN ('leased', 'in_flight')
              AND leased_until < %(stalled)s),
           (SELECT count(*) FROM portfolio_payment WHERE tenant_id = %(tenant)s AND status = 'unidentified'),
           (SELECT count(*) FROM intake_batch WHERE tenant_id = %(tenant)s AND status = 'failed' AND created_at >= %(week)s),
           (SELECT count(*) FROM casework_case WHERE tenant_id = %(tenant)s AND status = 'open' AND locked_until < %(at)s)
    """
    values = {
        "tenant": tenancy.tenant_id(), "at": at, "week": at - timedelta(days=7), "stalled": at - timedelta(minutes=STALLED_MINUTES),
    }  # fmt: skip
    waves, waiting, pauses, unknown, unidentified, failed, locked = _rows(sql, values)[0]
    found = [
        Stuck("Envíos por liberar", waves, f"{waiting} gestiones esperan a una segunda persona", "send", "warn", "messaging:waves"),
        Stuck("Contacto en pausa", pauses, "nada sale dentro de su alcance hasta que se reanude", "player-pause", "bad", "messaging:waves"),
        Stuck("Mensajes con destino desconocido", unknown, "no se repiten solos: revise con el proveedor", "question-mark", "bad", "messaging:mailbox"),
        Stuck("Pagos por identificar", unidentified, "siguen sumando mora hasta que se apliquen", "cash", "warn", "portfolio:payments", "status=unidentified"),
        Stuck("Cargas con error esta semana", failed, "sus filas no entraron", "upload", "bad", "intake:batches"),
        Stuck("Casos tomados y no soltados", locked, "su tiempo venció sin resultado", "lock", "warn", "desk:team"),
    ]  # fmt: skip
    return [one for one in found if one.count]


def _of_accounts(on: date, at: datetime) -> list[Stuck]:
    values = waiting_values(on, at)
    late, idle, new = kept_when_large(
        f"waiting.{on}.{values['first']}.{values['unworked']}", lambda: _rows(_WAITING_COUNTS, values)[0], size=lambda counts: int(max(counts)), from_size=KEPT_FROM_ACCOUNTS, seconds=KEPT_SECONDS
    )
    escalated = Escalation.objects.filter(closed_on=None, status="open").count()
    found = [
        Stuck("Escaladas sin tomar", escalated, "nadie las trabajó a tiempo y esperan a un supervisor", "arrow-up-right", "bad", "flow:escalations"),
        Stuck("Primer día de atraso", new, "vencieron ayer: hoy cabe un recordatorio", "bell", "info", "flow:waiting", kind="primer-dia"),
        Stuck("Sin primera gestión", late, f"vencieron hace {values['first']} a {RECENT_DAYS} días y nadie lo ha intentado", "hourglass", "bad",
              "flow:waiting", kind="sin-primera-gestion"),
        Stuck("Cuentas sin gestión", idle, f"en mora y sin intento en {values['unworked']} días", "clock-pause", "warn", "flow:waiting", kind="sin-gestion"),
    ]  # fmt: skip
    return [one for one in found if one.count]


# From so many waiting accounts on, their number is that of two minutes ago: counting them reads the portfolio.
KEPT_FROM_ACCOUNTS, KEPT_SECONDS = 10_000, 120
# One pass over who was tried lately, one over who is late: hashed together, no lookup per account.
TRIED = """
WITH tried AS MATERIALIZED (
  SELECT account_id, max(occurred_at) AS last_at FROM casework_action
  WHERE tenant_id = %(tenant)s AND occurred_at >= %(since)s AND occurred_at <= %(at)s AND is_attempt AND account_id IS NOT NULL
  GROUP BY account_id)
"""
_OWED = f"a.tenant_id = %(tenant)s AND a.balance_minor > 0 AND a.status IN {_OPEN}"
# Late accounts that may be worked: not held, promised, left alone by hand, nor in a control group.
WORKABLE = f"""
  LEFT JOIN (SELECT account_id FROM agreements_promise WHERE tenant_id = %(tenant)s AND status = 'active' GROUP BY 1) q ON q.account_id = a.id
  LEFT JOIN (SELECT person_id FROM casework_hold WHERE tenant_id = %(tenant)s AND released_at IS NULL AND channel = ''
               AND (until_at IS NULL OR until_at > %(at)s) GROUP BY 1) h ON h.person_id = a.holder_id
  LEFT JOIN (SELECT person_id FROM flow_override WHERE tenant_id = %(tenant)s AND ended_at IS NULL AND until_on >= %(on)s GROUP BY 1) o
         ON o.person_id = a.holder_id
  LEFT JOIN (SELECT m.person_id FROM strategy_experimentmember m JOIN strategy_experiment e ON e.id = m.experiment_id AND e.tenant_id = %(tenant)s
             JOIN strategy_experimentarm k ON k.experiment_id = e.id AND k.code = m.arm AND k.tenant_id = %(tenant)s
             WHERE m.tenant_id = %(tenant)s AND e.status = 'running' AND k.is_holdout AND m.enrolled_on + e.outcome_days > %(on)s GROUP BY 1) c
         ON c.person_id = a.holder_id
  WHERE {_OWED} AND a.dpd > 0 AND q.account_id IS NULL AND h.person_id IS NULL AND o.person_id IS NULL AND c.person_id IS NULL"""
NEVER = "a.dpd >= %(first)s AND a.dpd <= %(recent)s AND (t.last_at IS NULL OR t.last_at < a.oldest_due_on)"
IDLE = "a.dpd > %(unworked)s AND (t.last_at IS NULL OR t.last_at < %(idle)s)"
_NEW = "a.dpd = 1"
_WAITING_COUNTS = f"""{TRIED}
SELECT count(*) FILTER (WHERE {NEVER}), count(*) FILTER (WHERE {IDLE}), count(*) FILTER (WHERE {_NEW})
FROM portfolio_account a LEFT JOIN tried t ON t.account_id = a.id WHERE {_OWED} AND a.dpd >= 1
"""
_WAITING_PAGE = f"""{TRIED}
SELECT a.id FROM portfolio_account a LEFT JOIN tried t ON t.account_id = a.id
WHERE {_OWED} AND {{which}} AND {{after}} ORDER BY a.overdue_minor DESC, a.id LIMIT %(limit)s
"""
WAITING: dict[str, tuple[str, str, str]] = {
    # name in the address: title, sentence, condition
    "primer-dia": ("Primer día de atraso", "Vencieron ayer. Hoy cabe un recordatorio, antes de que la mora crezca.", _NEW),
    "sin-primera-gestion": (
        "Cuentas sin primera gestión", "Vencieron hace {first} a {recent} días y desde entonces nadie ha intentado contactar a la persona.", NEVER,
    ),
    "sin-gestion": ("Cuentas sin gestión", "En mora de más de {unworked} días y sin ningún intento en los últimos {unworked} días.", IDLE),
}  # fmt: skip


def waiting_words(kind: str, *, on: date, at: datetime) -> tuple[str, str]:
    """Title and sentence of a list of WAITING, with the days of the rule in force."""
    title, sentence, _ = WAITING[kind]
    return title, sentence.format(**waiting_values(on, at))


def waiting_values(on: date, at: datetime) -> dict[str, Any]:
    """What the conditions of these lists ask for, by the rule in force on a day. One query."""
    first, idle = unworked_days(on)
    return {
        "tenant": tenancy.tenant_id(), "at": at, "since": at - timedelta(days=max(idle, RECENT_DAYS)), "first": first, "recent": RECENT_DAYS,
        "unworked": idle, "idle": at - timedelta(days=idle),
    }  # fmt: skip


def waiting(kind: str, *, on: date, at: datetime, after: tuple[int, UUID] | None, limit: int) -> list[Account]:
    """Accounts that wait, largest overdue first; `after` is (overdue, id) of the last one seen. Two queries.

    kind  a key of WAITING
    """
    values = {**waiting_values(on, at), "limit": limit}
    condition = "true"
    if after is not None:
        condition = "(a.overdue_minor < %(overdue)s OR (a.overdue_minor = %(overdue)s AND a.id > %(last)s))"
        values.update(overdue=after[0], last=after[1])
    ids = [row[0] for row in _rows(_WAITING_PAGE.format(which=WAITING[kind][2], after=condition), values)]
    found = Account.objects.select_related("holder", "portfolio").in_bulk(ids)
    return [found[key] for key in ids if key in found]


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
