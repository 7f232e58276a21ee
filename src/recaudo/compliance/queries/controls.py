"""What the machine checks in an audit: each control reads the tables as they lie and names what breaks a rule of the house.

Words: a *control* is one check; a *case* one row that breaks it. Controls look at everything of a period, not at a sample, and they
do not ask the services that should have prevented it: what got past them is what is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
from django.db import connection

from recaudo.casework import catalogue
from recaudo.casework.services import DEBT_WORDS, HEARSAY, POINT_KINDS, SERVICE_PURPOSES
from recaudo.casework.words import CALLBACK
from recaudo.compliance.queries import policies
from recaudo.compliance.queries import replay as replays
from recaudo.compliance.queries.replay import PLANNED_DAYS
from recaudo.compliance.queries.retention import candidates, due
from recaudo.kernel.contact import Purpose
from recaudo.law.models import LawDecision
from recaudo.law.queries import Rules
from recaudo.store import tenancy

# Cases kept with a finding; the count is of all.
KEPT = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """What an audit looks at: days [from_on, until_on) of the organisation's clock, a country, an agency (empty = all). `on` is today."""

    from_on: date
    until_on: date
    on: date
    zone: str
    country: str = ""
    agency_id: UUID | None = None

    @property
    def since(self) -> datetime:
        return datetime.combine(self.from_on, time(), tzinfo=ZoneInfo(self.zone))

    @property
    def until(self) -> datetime:
        return datetime.combine(self.until_on, time(), tzinfo=ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True)
class Case:
    """One row that breaks a control. `kind` as in AuditFinding.evidence; `id` empty where there is no row to point at."""

    kind: str
    id: str
    account_id: str = ""
    at: str = ""
    note: str = ""

    def written(self) -> dict[str, str]:
        """As kept with the finding."""
        return {key: value for key in ("kind", "id", "account_id", "at", "note") if (value := getattr(self, key))}


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of a control. `skipped` says why it did not look; then the counts mean nothing."""

    checked: int
    count: int = 0
    cases: tuple[Case, ...] = ()
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """One check.

    rule        what must hold, as people read it
    finding     what it is called when it does not
    of          what is counted as looked at: a key of POPULATION, or empty
    by_agency   whether it can be asked about one agency
    """

    code: str
    rule: str
    finding: str
    severity: str
    of: str
    kind: str = "action"
    sql: str = ""
    look: Callable[[Scope, Rules], Found] | None = None
    by_agency: bool = True


CONTACT = """contact AS (
  SELECT a.id, a.person_id, a.account_id, a.creditor_id, a.agency_id, a.contact_point_id, a.channel, a.purpose, a.party_role, a.treatment,
         a.disposition, a.occurred_at AS at
  FROM casework_action a
  WHERE a.tenant_id = %(tenant)s AND a.created_at >= %(oldest)s AND a.occurred_at >= %(back)s AND a.occurred_at < %(until)s
    AND a.status = 'done' AND a.direction = 'out' AND a.is_attempt AND a.channel = ANY(%(channels)s)
), counted AS (
  SELECT c.*, (c.at AT TIME ZONE coalesce(p.zones[1], 'UTC'))::date AS day FROM contact c
  JOIN portfolio_person p ON p.id = c.person_id AND p.tenant_id = %(tenant)s
  WHERE c.purpose <> ALL(%(service)s) AND (c.disposition || '|' || c.channel) <> ALL(%(unconnected)s)
), allow AS (
  SELECT action_id, asked_at, valid_until FROM casework_permitrecord
  WHERE tenant_id = %(tenant)s AND is_allowed AND asked_at >= %(oldest)s AND action_id IS NOT NULL
), sent AS (
  SELECT m.id, m.person_id, m.account_id, a.agency_id, m.contact_point_id, m.template_id, m.action_id, m.sent_at AS at
  FROM messaging_message m LEFT JOIN casework_action a ON a.id = m.action_id AND a.tenant_id = %(tenant)s AND a.created_at >= %(oldest)s
  WHERE m.tenant_id = %(tenant)s AND m.created_at >= %(oldest)s AND m.direction = 'out' AND m.sent_at >= %(since)s AND m.sent_at < %(until)s
)"""
POPULATION: dict[str, str] = {
    "contact": "SELECT count(*) FROM contact WHERE at >= %(since)s",
    "message": "SELECT count(*) FROM sent",
    "promise": "SELECT count(*) FROM agreements_promise WHERE tenant_id = %(tenant)s AND made_on >= %(from_on)s AND made_on < %(until_on)s",
    "permit": "SELECT count(*) FROM casework_permitrecord WHERE tenant_id = %(tenant)s AND asked_at >= %(since)s AND asked_at < %(until)s",
    "quarantine": "SELECT count(*) FROM journal_event WHERE tenant_id = %(tenant)s AND name = 'contact_point.quarantined' AND created_at >= %(since)s AND created_at < %(until)s",
    "limit": "SELECT count(*) FROM portfolio_account WHERE tenant_id = %(tenant)s AND balance_minor > 0 AND credit_limit_minor > 0",
    "approval": "SELECT count(*) FROM portfolio_account WHERE tenant_id = %(tenant)s AND balance_minor > 0 AND extra ->> 'credit_approved_on' IS NOT NULL",
    "complaint": "SELECT count(*) FROM compliance_complaint WHERE tenant_id = %(tenant)s AND due_on >= %(from_on)s AND due_on < %(until_on)s",
    "request": "SELECT count(*) FROM compliance_rightsrequest WHERE tenant_id = %(tenant)s AND coalesce(extended_on, due_on) >= %(from_on)s"
               " AND coalesce(extended_on, due_on) < %(until_on)s",
}  # fmt: skip

_WITHOUT_PERMIT = """SELECT c.id, c.account_id, c.person_id, c.agency_id, c.at, c.channel AS note FROM contact c
WHERE c.at >= %(since)s AND NOT EXISTS (SELECT 1 FROM allow r WHERE r.action_id = c.id)"""
_OUTSIDE_PERMIT = """SELECT c.id, c.account_id, c.person_id, c.agency_id, c.at, c.channel AS note FROM (
  SELECT id, account_id, person_id, agency_id, at, channel, id AS action_id FROM contact WHERE at >= %(since)s
  UNION ALL SELECT s.action_id, s.account_id, s.person_id, s.agency_id, s.at, 'mensaje', s.action_id FROM sent s
) c JOIN (SELECT DISTINCT action_id FROM allow) known USING (action_id)
WHERE NOT EXISTS (SELECT 1 FROM allow r WHERE r.action_id = c.action_id AND c.at >= r.asked_at - interval '1 second' AND c.at <= r.valid_until)"""
_QUARANTINED = """SELECT c.id, c.account_id, c.person_id, c.agency_id, c.at, p.hint AS note
FROM contact c JOIN portfolio_contactpoint p ON p.id = c.contact_point_id AND p.tenant_id = %(tenant)s
JOIN (SELECT id, created_at, value_index AS value FROM portfolio_quarantine WHERE tenant_id = %(tenant)s
      UNION ALL SELECT id, created_at, twin_index FROM portfolio_quarantine WHERE tenant_id = %(tenant)s AND twin_index IS NOT NULL) q
  ON q.value = p.value_index AND q.created_at < c.at
WHERE c.at >= %(since)s AND NOT EXISTS (
  SELECT 1 FROM portfolio_quarantinerelease r WHERE r.tenant_id = %(tenant)s AND r.quarantine_id = q.id AND r.person_id = c.person_id
    AND r.is_approved AND r.decided_at <= c.at AND (r.revoked_at IS NULL OR r.revoked_at > c.at))"""
_DEBT_TEXT = """SELECT s.id, s.account_id, s.person_id, s.agency_id, s.at, t.code AS note
FROM sent s JOIN messaging_template t ON t.id = s.template_id AND t.tenant_id = %(tenant)s
JOIN portfolio_contactpoint p ON p.id = s.contact_point_id AND p.tenant_id = %(tenant)s
WHERE t.content_tokens ?| %(debt_words)s AND p.source = ANY(%(hearsay)s)
  AND (p.status <> 'valid' OR p.verified_on > (s.at AT TIME ZONE %(zone)s)::date)"""
_TEMPLATE = """SELECT s.id, s.account_id, s.person_id, s.agency_id, s.at, t.code AS note
FROM sent s JOIN messaging_template t ON t.id = s.template_id AND t.tenant_id = %(tenant)s WHERE t.approved_at IS NULL OR t.approved_at > s.at"""
# A cap counts local calendar days with the day of the contact; what was asked for by the person is not the house's initiative.
_OVER_CAP = """SELECT DISTINCT c.id, c.account_id, c.person_id, c.agency_id, c.at, c.channel AS note FROM (
  SELECT c.id, c.account_id, c.person_id, c.agency_id, c.at, c.channel, cap.most
  FROM counted c CROSS JOIN unnest(%(cap_most)s::int[], %(cap_days)s::int[]) cap(most, days)
  JOIN counted k ON k.person_id = c.person_id AND k.day > c.day - cap.days AND (k.at, k.id) <= (c.at, c.id)
  WHERE c.at >= %(since)s AND c.treatment <> %(callback)s
  GROUP BY 1, 2, 3, 4, 5, 6, 7, cap.days HAVING count(*) > cap.most
) c"""
_DURING_HOLD = """SELECT DISTINCT ON (c.id) c.id, c.account_id, c.person_id, c.agency_id, c.at, h.kind AS note
FROM contact c JOIN casework_hold h ON h.tenant_id = %(tenant)s AND h.person_id = c.person_id AND h.from_at <= c.at
  AND coalesce(least(h.until_at, h.released_at), 'infinity') > c.at AND h.action_id IS DISTINCT FROM c.id
  AND (h.account_id IS NULL OR c.account_id IS NULL OR h.account_id = c.account_id)
  AND (h.creditor_id IS NULL OR c.creditor_id IS NULL OR h.creditor_id = c.creditor_id) AND h.channel IN ('', c.channel)
WHERE c.at >= %(since)s AND (h.kind = 'deceased' OR NOT (c.purpose = ANY(%(service)s) OR (h.kind = 'represented' AND c.party_role = 'representative')
  OR (h.kind = 'promise' AND c.purpose = %(reminder)s)))"""
_NOT_PLACED = """SELECT c.id, c.account_id, c.person_id, c.agency_id, c.at, g.name AS note
FROM contact c JOIN workforce_agency g ON g.id = c.agency_id AND g.tenant_id = %(tenant)s
WHERE c.at >= %(since)s AND c.account_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM portfolio_placement x WHERE x.tenant_id = %(tenant)s AND x.account_id = c.account_id AND x.agency_id = c.agency_id
    AND x.from_on <= (c.at AT TIME ZONE %(zone)s)::date AND (x.until_on IS NULL OR x.until_on > (c.at AT TIME ZONE %(zone)s)::date))"""
_PROMISE = """SELECT m.id, m.account_id, m.person_id, m.agency_id, m.created_at AS at,
  CASE WHEN a.id IS NULL THEN 'sin gestión' ELSE 'sin identidad comprobada' END AS note
FROM agreements_promise m LEFT JOIN casework_action a ON a.id = m.action_id AND a.tenant_id = %(tenant)s
LEFT JOIN casework_identitycheck i ON i.action_id = m.action_id AND i.tenant_id = %(tenant)s AND i.is_verified
WHERE m.tenant_id = %(tenant)s AND m.made_on >= %(from_on)s AND m.made_on < %(until_on)s
  AND (a.id IS NULL OR (m.channel IN ('call', 'visit') AND a.direction = 'out' AND i.id IS NULL))"""
_COMPLAINT = """SELECT q.id, q.account_id, q.person_id, q.agency_id, q.created_at AS at, q.folio AS note FROM compliance_complaint q
WHERE q.tenant_id = %(tenant)s AND q.due_on >= %(from_on)s AND q.due_on < %(until_on)s AND (
  (q.answered_at AT TIME ZONE %(zone)s)::date > q.due_on OR (q.answered_at IS NULL AND q.status IN ('open', 'in_review') AND q.due_on < %(on)s))"""
_REQUEST = """SELECT q.id, NULL::uuid AS account_id, q.person_id, NULL::uuid AS agency_id, q.created_at AS at, q.folio AS note FROM compliance_rightsrequest q
WHERE q.tenant_id = %(tenant)s AND coalesce(q.extended_on, q.due_on) >= %(from_on)s AND coalesce(q.extended_on, q.due_on) < %(until_on)s AND (
  (q.answered_at AT TIME ZONE %(zone)s)::date > coalesce(q.extended_on, q.due_on)
  OR (q.answered_at IS NULL AND q.status IN ('received', 'in_progress') AND coalesce(q.extended_on, q.due_on) < %(on)s))"""
# Who puts very many values out of reach, and who puts out of reach what they themselves had added: a way to silence somebody else's number.
MANY_QUARANTINES = 10
_QUARANTINES = """SELECT e.by_id AS id, NULL::uuid AS account_id, (array_agg(e.subject_id))[1] AS person_id, (array_agg(e.agency_id))[1] AS agency_id,
  max(e.created_at) AS at, max(e.by_name) || ': ' || count(DISTINCT e.detail ->> 'quarantine_id') || ' medios en un día' AS note
FROM journal_event e WHERE e.tenant_id = %(tenant)s AND e.name = 'contact_point.quarantined' AND e.by_id IS NOT NULL
  AND e.created_at >= %(since)s AND e.created_at < %(until)s
GROUP BY e.by_id, (e.created_at AT TIME ZONE %(zone)s)::date HAVING count(DISTINCT e.detail ->> 'quarantine_id') > %(many)s"""
_QUARANTINE_OWN = """SELECT (q.detail ->> 'quarantine_id')::uuid AS id, NULL::uuid AS account_id, q.subject_id AS person_id, q.agency_id, q.created_at AS at,
  q.by_name || ': lo agregó y lo puso en cuarentena; alcanza ' || (q.detail ->> 'points') || ' medios' AS note
FROM journal_event q WHERE q.tenant_id = %(tenant)s AND q.name = 'contact_point.quarantined' AND q.by_id IS NOT NULL
  AND q.created_at >= %(since)s AND q.created_at < %(until)s AND (q.detail ->> 'points')::int > 1 AND EXISTS (
  SELECT 1 FROM journal_event s WHERE s.tenant_id = q.tenant_id AND s.name = 'contact_point.changed' AND s.by_id = q.by_id
    AND s.created_at BETWEEN q.created_at - interval '30 days' AND q.created_at AND s.detail ->> 'change' = 'saved'
    AND s.detail ->> 'contact_point_id' = q.detail ->> 'contact_point_id')"""
_OPEN_ACCOUNT = """SELECT a.id, a.id AS account_id, a.holder_id AS person_id, x.agency_id, a.created_at AS at, a.credit_limit_minor, a.balance_minor, a.opened_on, a.extra
FROM portfolio_account a LEFT JOIN portfolio_placement x ON x.tenant_id = %(tenant)s AND x.account_id = a.id AND x.status = 'active' AND x.agency_id IS NOT NULL
WHERE a.tenant_id = %(tenant)s AND a.balance_minor > 0"""
# More owed than was ever granted; interest and fees are left out, for they are not credit.
_OVER_LIMIT = f"""SELECT o.id, o.account_id, o.person_id, o.agency_id, o.at, 'capital al ' || round(100.0 * l.owed / o.credit_limit_minor) || ' %% del límite' AS note
FROM ({_OPEN_ACCOUNT}) o JOIN LATERAL (
  SELECT sum(e.amount_minor) AS owed FROM portfolio_ledgerentry e WHERE e.tenant_id = %(tenant)s AND e.account_id = o.id AND e.component = 'principal') l ON true
WHERE o.credit_limit_minor > 0 AND l.owed > o.credit_limit_minor"""
_UNAPPROVED = f"""SELECT o.id, o.account_id, o.person_id, o.agency_id, o.at,
  CASE WHEN o.extra ->> 'credit_approved_on' = '' OR o.extra ->> 'credit_approved_by' = '' THEN 'sin autorización' ELSE 'se autorizó después de otorgarse' END AS note
FROM ({_OPEN_ACCOUNT}) o WHERE o.extra ->> 'credit_approved_on' = '' OR o.extra ->> 'credit_approved_by' = ''
  OR (o.extra ->> 'credit_approved_on' > '' AND (o.extra ->> 'credit_approved_on')::date > o.opened_on)"""
# The input of a person whose data was removed is gone; its digest stays.
_INPUT = """SELECT r.id, NULL::uuid AS account_id, r.person_id, NULL::uuid AS agency_id, r.asked_at AS at, r.channel AS note FROM casework_permitrecord r
WHERE r.tenant_id = %(tenant)s AND r.asked_at >= %(since)s AND r.asked_at < %(until)s AND r.input IS NULL AND r.input_digest = ''"""


def _unsigned(scope: Scope, rules: Rules) -> Found:
    """Approved decisions over the law without a signature, and a record that does not add up."""
    approved = list(LawDecision.objects.filter(approved_at__isnull=False).order_by("approved_at"))
    cases = [
        Case("decision", str(row.id), at=row.approved_at.isoformat(timespec="seconds"), note=row.name)
        for row in approved
        if not row.signature
    ]
    if rules.trouble and not cases:
        cases.append(Case("law", "", note=rules.trouble[:200]))
    return Found(len(approved), len(cases), tuple(cases[:KEPT]))


def _retention(scope: Scope, rules: Rules) -> Found:
    """What a legal hold or an open matter keeps is not overdue."""
    known = [one for one in candidates() if not one.is_kept and (not scope.country or one.country == scope.country)]
    past = due(known, rules, on=scope.on)
    cases = tuple(
        Case("person", str(one.person_id), at=one.last_on.isoformat(), note=one.country) for one in past[:KEPT]
    )
    return Found(len(known), len(past), cases)


def _policies_unread(scope: Scope, rules: Rules) -> Found:
    """Policies in force whose reading is past its day: each person who has not read one is a case."""
    checked, cases = 0, []
    for line in policies.policies(on=scope.on):
        if line.current is None:
            continue
        publication, people = policies.readers_of(line.current)
        mine = [one for one in people if scope.agency_id in (None, one.user.agency_id)]
        checked += len(mine)
        if publication is not None and publication.due_on is not None and publication.due_on < scope.on:
            cases += [Case("user", str(one.user.id), note=f"{one.user.name}: {line.policy.code}") for one in mine if one.read_at is None]
    return Found(checked, len(cases), tuple(cases[:KEPT]))


def _policies_old(scope: Scope, rules: Rules) -> Found:
    """Policies in force that should have been looked at again before today."""
    late = [one for one in policies.to_review(on=scope.on) if one.review_on < scope.on]
    in_force = sum(one.current is not None for one in policies.policies(on=scope.on))
    return Found(in_force, len(late), tuple(Case("policy", str(one.policy_id), note=f"{one.policy.code}: {one.review_on:%d/%m/%Y}") for one in late[:KEPT]))


def _by_law(scope: Scope, rules: Rules) -> Found:
    """The law in force run again over the recorded contacts: hours, days, frequency, consents. The house's cap has a control of its own."""
    if rules.trouble:
        return Found(0, skipped="las decisiones sobre la norma no cuadran")
    if (scope.until_on - scope.from_on).days > replays.MAXIMUM_DAYS:
        return Found(0, skipped=f"el período pasa de {replays.MAXIMUM_DAYS} días")
    version = replays.Version(replays.NOW, "", rules)
    rows = replays.replay(
        from_on=scope.from_on, until_on=scope.until_on, before=version, after=version, zone=scope.zone
    ).rows
    if scope.country:
        rows = rows.filter(pc.equal(rows["country"], scope.country))
    if scope.agency_id:
        rows = rows.filter(pc.equal(rows["agency_id"], str(scope.agency_id)))
    broken = rows.filter(pc.not_equal(rows["rule_before"], "HOUSE-CAP"))  # an empty rule is allowed, and not kept by the filter
    cases = tuple(
        Case(
            "action",
            row["action_id"],
            row["debt_id"] or "",
            row["at"].isoformat(timespec="seconds"),
            row["rule_before"],
        )
        for row in broken.slice(0, KEPT).to_pylist()
    )
    return Found(rows.num_rows, broken.num_rows, cases)


_ALL = (
    Control("contact_without_permit", "Todo contacto tiene un permiso concedido", "Contacto sin permiso concedido", "critical", "contact", sql=_WITHOUT_PERMIT),
    Control("contact_outside_permit", "El contacto ocurre mientras su permiso vale", "Contacto fuera de la vigencia de su permiso", "high", "contact", sql=_OUTSIDE_PERMIT),
    Control("contact_quarantined", "No se contacta un medio en cuarentena", "Contacto a un medio en cuarentena", "critical", "contact", sql=_QUARANTINED),
    Control("contact_during_hold", "No se contacta con una suspensión o baja vigente", "Contacto durante una suspensión o baja", "critical", "contact", sql=_DURING_HOLD),
    Control("contact_over_cap", "Nadie recibe más contactos que el tope de la casa", "Contactos por encima del tope de la casa", "high", "contact", sql=_OVER_CAP),
    Control("contact_against_law", "La norma vigente permite cada contacto (horario, frecuencia, autorización)", "Contacto que la norma vigente niega", "critical", "", look=_by_law),
    Control("agency_not_placed", "El despacho trabaja sólo cuentas asignadas a él en ese momento", "Gestión de un despacho sin la cuenta asignada", "high", "contact", sql=_NOT_PLACED),
    Control("debt_text_unverified", "Un texto que habla de la deuda va sólo a medios verificados", "Mensaje con datos de la deuda a un medio sin verificar", "critical", "message", "message", _DEBT_TEXT),
    Control("template_unapproved", "Sólo se envían plantillas aprobadas", "Mensaje con una plantilla sin aprobar", "high", "message", "message", _TEMPLATE),
    Control("quarantine_many", f"Nadie pone en cuarentena más de {MANY_QUARANTINES} medios en un día", "Una persona puso en cuarentena demasiados medios", "high", "quarantine", "user", _QUARANTINES),
    Control("quarantine_own", "Nadie pone en cuarentena un medio que agregó y que es también de otra persona", "Medio agregado y puesto en cuarentena por la misma persona", "high", "quarantine", "quarantine", _QUARANTINE_OWN),
    Control("credit_over_limit", "El capital de una cuenta no pasa de su límite autorizado", "Crédito por encima de su límite", "high", "limit", "account", _OVER_LIMIT),
    Control("credit_unapproved", "Todo crédito se autorizó antes de otorgarse, y se sabe quién", "Crédito sin autorización", "critical", "approval", "account", _UNAPPROVED),
    Control("policy_unread", "Quien debe leer una política la lee en plazo", "Política sin leer fuera de plazo", "medium", "", "user", look=_policies_unread),
    Control("policy_old", "Las políticas se revisan en su fecha", "Política con la revisión vencida", "medium", "", "policy", look=_policies_old, by_agency=False),
    Control("promise_without_record", "Toda promesa tiene la gestión en que se aceptó y la identidad comprobada", "Promesa sin constancia de quién la aceptó", "medium", "promise", "promise", _PROMISE),
    Control("complaint_late", "Las quejas se responden en plazo", "Queja respondida o abierta fuera de plazo", "high", "complaint", "complaint", _COMPLAINT),
    Control("request_late", "Las solicitudes sobre datos se responden en plazo", "Solicitud respondida o abierta fuera de plazo", "high", "request", "request", _REQUEST, by_agency=False),
    Control("permit_without_input", "Cada permiso guarda lo que se sabía al decidir", "Permiso sin los datos de su decisión", "medium", "permit", "permit", _INPUT, by_agency=False),
    Control("law_unsigned", "Las decisiones sobre la norma están firmadas", "Decisión sobre la norma sin firma", "critical", "", look=_unsigned, by_agency=False),
    Control("retention_overdue", "No se conservan datos más allá de su plazo", "Datos personales con el plazo de conservación vencido", "medium", "", look=_retention, by_agency=False),
)  # fmt: skip
CONTROLS: dict[str, Control] = {one.code: one for one in _ALL}


def look(codes: list[str], scope: Scope, rules: Rules) -> dict[str, Found]:
    """Run controls over a scope. Reads only; at most two queries each, `contact_against_law` sees what is committed."""
    params = _params(scope, rules)
    sizes: dict[str, int] = {}
    found: dict[str, Found] = {}
    for code in codes:
        one = CONTROLS[code]
        if scope.agency_id and not one.by_agency:
            found[code] = Found(0, skipped="no distingue despachos: se revisa en la auditoría de la casa")
        elif one.look is not None:
            found[code] = one.look(scope, rules)
        elif code == "contact_over_cap" and not rules.caps:
            found[code] = Found(0, skipped="la organización no tiene tope")
        else:
            if one.of not in sizes:
                sizes[one.of] = _count(POPULATION[one.of], params)
            found[code] = _cases(one, sizes[one.of], params)
    return found


def _params(scope: Scope, rules: Rules) -> dict[str, Any]:
    longest = max((cap.period_days for cap in rules.caps), default=0)
    back = scope.since - timedelta(days=longest)
    return {
        "tenant": tenancy.tenant_id(), "since": scope.since, "until": scope.until, "back": back, "oldest": back - timedelta(days=PLANNED_DAYS),
        "from_on": scope.from_on, "until_on": scope.until_on, "on": scope.on, "zone": scope.zone, "country": scope.country, "agency": scope.agency_id,
        "channels": list(POINT_KINDS), "service": [str(one) for one in SERVICE_PURPOSES], "reminder": str(Purpose.REMINDER), "callback": CALLBACK,
        "debt_words": sorted(DEBT_WORDS), "hearsay": sorted(HEARSAY), "unconnected": _unconnected(rules), "kept": KEPT, "many": MANY_QUARANTINES,
        "cap_most": [cap.max_contacts_per_person for cap in rules.caps], "cap_days": [cap.period_days for cap in rules.caps],
    }  # fmt: skip


def _unconnected(rules: Rules) -> list[str]:
    """`disposition|channel` of what reached nobody, in the lawbook's sense."""
    words = rules.pack("MX").words["outcomes_not_connected"]
    return [
        f"{one.code}|{channel}"
        for one in catalogue.dispositions().values()
        for channel in POINT_KINDS
        if one.law_word(channel) in words
    ]


def _count(text: str, params: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {CONTACT} {text}", params)
        return int(cursor.fetchone()[0])


def _cases(one: Control, size: int, params: Mapping[str, Any]) -> Found:
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {CONTACT}, hit AS ({one.sql}) SELECT h.id, h.account_id, h.at, h.note, count(*) OVER () FROM hit h"
            " LEFT JOIN portfolio_person p ON p.id = h.person_id AND p.tenant_id = %(tenant)s"
            " WHERE (%(country)s = '' OR p.country = %(country)s) AND (%(agency)s::uuid IS NULL OR h.agency_id = %(agency)s::uuid)"
            " ORDER BY h.at, h.id LIMIT %(kept)s",
            params,
        )
        rows = cursor.fetchall()
    cases = tuple(
        Case(one.kind, str(row[0]), str(row[1] or ""), row[2].isoformat(timespec="seconds"), row[3] or "")
        for row in rows
    )
    return Found(size, rows[0][4] if rows else 0, cases)
