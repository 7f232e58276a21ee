"""The reference evaluator: one contact now. Plain on purpose; the columnar evaluator is held to it by property tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from recaudo.engine.comply.case import Case, case_of
from recaudo.engine.comply.counting import house_cap_used, warnings
from recaudo.engine.comply.days import day_start, library_versions
from recaudo.engine.comply.pack import Clause, Pack, Rule
from recaudo.engine.comply.rules import denies, is_lifted
from recaudo.engine.comply.words import Debtor, HouseCap, Override, PastContact, Proposed, Verdict

HORIZON_DAYS = 60
# From best to worst known.
CONFIDENCE = ("verified_primary", "quoted_secondary", "secondary", "interpretation", "background")
# Denials that no hour of the clock lifts: only a state or a consent that begins or ends.
TIMELESS = frozenset({"person", "place", "address", "caller_id", "content", "channel_ban", "channel_consent", "stop", "guard"})
NO_LIMIT_ES = "Permitido: ninguna regla vigente lo impide."
CURES: dict[str, str] = {
    "window": "Programe el contacto dentro del horario permitido.",
    "frequency": "Espere a que se libere el límite de contactos.",
    "min_gap": "Espere a que pasen los días entre un mensaje y el siguiente.",
    "cooldown": "Espere a que pasen los días desde la última conversación.",
    "one_channel": "Use el mismo canal que ya usó en el período, o espere a que termine.",
    "channel_consent": "Registre la autorización de la persona para este canal, con su prueba.",
    "channel_ban": "Use otro canal que esté permitido.",
    "person": "Contacte al titular, a un codeudor, al aval o a su representante.",
    "place": "Use otro lugar de contacto, por ejemplo el domicilio o el celular.",
    "address": "Use un dato de contacto que haya dado el deudor o la entidad acreedora.",
    "caller_id": "Llame desde un número visible y registrado.",
    "content": "Corrija el texto: quite lo prohibido y complete los datos obligatorios.",
    "stop": "Revise el estado del caso; el contacto vuelve a ser posible cuando ese estado termine.",
    "preference": "Respete el horario o lugar que la persona pidió.",
    "location_info": "No repita la consulta a esta persona ni mencione la deuda.",
}
GUARD_CURES: dict[str, str] = {
    "COMMON-TZ-UNKNOWN": "Complete el domicilio o la zona horaria de la persona.",
    "COMMON-COUNTRY-UNKNOWN": "Complete el país de la persona; sin ley cargada no se contacta.",
    "COMMON-PERSON-UNKNOWN": "Registre qué es esta persona para la deuda.",
    "COMMON-CHANNEL-UNKNOWN": "Use un canal conocido.",
    "COMMON-PURPOSE-UNKNOWN": "Use un propósito conocido.",
    "HOUSE-CAP": "Espere a que se libere el límite por persona de la organización.",
}


def permit_verdict(
    pack: Pack,
    debtor: Debtor,
    history: Iterable[PastContact],
    proposed: Proposed,
    *,
    cap: HouseCap | None = None,
    guarded: bool = True,
    find_next: bool = True,
) -> Verdict:
    """Whether one contact may be made, under which law, and if not, when and what would cure it.

    pack       of the debtor's jurisdiction; an unknown one denies
    history    contacts of this person, over every account, creditor and agency; any order
    cap        the organisation's own limit; None = none
    guarded    True (the product): an unknown zone, country, person, channel or purpose denies even where no rule
               would have asked; False (the vectors): only what the law asks
    find_next  whether to look for next_allowed_at (up to 60 days ahead)
    Raises     NaiveInstant
    Source     lawbook/, version in the answer
    """
    past = tuple(history)
    case = case_of(pack, debtor, past, proposed)
    denying = _denying(case, cap=cap, guarded=guarded)
    ids = tuple(dict.fromkeys(rule.id for rule in denying))
    later = _next_allowed(case, past, denying, cap=cap, guarded=guarded) if denying and find_next else None
    asked = [] if denying or not pack.known else [c.rule for c in pack.clauses(case.day, debtor.subdivision) if not is_lifted(case, c)]
    return Verdict(
        allowed=not denying,
        rule_id=ids[0] if ids else None,
        all_rule_ids=ids,
        citation=denying[0].citation if denying else "",
        reason_es=f"{denying[0].text_es} ({denying[0].citation})" if denying else NO_LIMIT_ES,
        confidence=denying[0].confidence if denying else max((r.confidence for r in asked), key=CONFIDENCE.index, default=""),
        next_allowed_at=later,
        cures=_cures(denying),
        warnings=_warnings(case),
        lawbook_version=pack.version,
        libraries=library_versions(),
        override=_override(case),
    )


def _denying(case: Case, *, cap: HouseCap | None, guarded: bool) -> list[Rule]:
    pack = case.pack
    if not pack.known:
        return [pack.rule("COMMON-COUNTRY-UNKNOWN")]
    found: list[Rule] = []
    for clause in pack.clauses(case.day, case.debtor.subdivision):
        if denies(case, clause):
            blind = clause.rule.type == "window" and not case.zones
            found.append(pack.rule("COMMON-TZ-UNKNOWN") if blind else clause.rule)
    if guarded:
        found += unknowns(case)
    if cap is not None and house_cap_full(case, cap):
        found.append(pack.rule("HOUSE-CAP"))
    return found


def unknowns(case: Case) -> list[Rule]:
    """The guards that a product needs and the vectors do not: what is not known is not allowed."""
    words, proposed = case.pack.words, case.proposed
    missing = [] if case.zones else ["COMMON-TZ-UNKNOWN"]
    for name, word in (("person", proposed.person), ("channel", proposed.channel), ("purpose", proposed.purpose)):
        if word not in words[f"{name}s"]:
            missing.append(f"COMMON-{name.upper()}-UNKNOWN")
    return [case.pack.rule(rule_id) for rule_id in missing]


def house_cap_full(case: Case, cap: HouseCap) -> bool:
    """Whether the organisation's limit per person has no slot left."""
    terms = case.pack.terms(case.pack.rule("HOUSE-CAP"), case.day)
    used = house_cap_used(case, terms, cap.period_days) if terms else None
    return used is not None and used >= cap.max_contacts_per_person


def _next_allowed(case: Case, history: Sequence[PastContact], denying: Sequence[Rule], *, cap: HouseCap | None, guarded: bool) -> datetime | None:
    if not case.pack.known:
        return None
    if any(rule.type in TIMELESS and rule.id != "HOUSE-CAP" for rule in denying):
        changes = _changes_of_the_person(case)
        if not changes:
            return None
        start = min(changes)
    else:
        start = case.at
    for instant in _boundaries(case, start):
        moved = case.moved_to(instant, history)
        if not _denying(moved, cap=cap, guarded=guarded):
            return instant
    return None


def _changes_of_the_person(case: Case) -> list[datetime]:
    """Instants to come at which a state or consent of the person begins or ends."""
    edges: list[datetime | None] = []
    for state in case.debtor.states:
        edges += [state.since, state.until]
    for consent in case.debtor.consents:
        edges += [consent.since, consent.revoked]
    edges += [wish.since for wish in case.debtor.preferences]
    return [edge.astimezone(UTC) for edge in edges if edge is not None and edge > case.at]


def _boundaries(case: Case, start: datetime) -> list[datetime]:
    """Every instant, ascending, at which a denial can turn into an allow: openings, midnights, changes of the person."""
    end = case.at + timedelta(days=HORIZON_DAYS)
    edges = set(_changes_of_the_person(case))
    minutes = {first for clause in _windows(case) for spans in clause.terms.week.values() for first, _ in spans}
    minutes |= {wish.ends for wish in case.debtor.preferences if wish.ends < 1440}
    for zone in dict.fromkeys(case.zones):
        day = start.astimezone(zone).date()
        while (midnight := day_start(day, zone)) <= end:
            edges.add(midnight)
            for minute in minutes:
                for fold in (0, 1):
                    clock = datetime(day.year, day.month, day.day, minute // 60, minute % 60, fold=fold, tzinfo=zone)
                    edges.add(clock.astimezone(UTC))
            day += timedelta(days=1)
    return sorted(edge for edge in edges if start <= edge <= end and edge > case.at)


def _windows(case: Case) -> list[Clause]:
    days = (case.day, (case.at + timedelta(days=HORIZON_DAYS)).date())
    return [c for day in days for c in case.pack.clauses(day, case.debtor.subdivision) if c.rule.type == "window"]


def cure_of(rule: Rule) -> str:
    """What would make a contact lawful that a rule refuses, in Spanish; empty where nothing does."""
    return GUARD_CURES.get(rule.id) or CURES.get(rule.type, "")


def _cures(denying: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hint for rule in denying if (hint := cure_of(rule))))


def _warnings(case: Case) -> tuple[str, ...]:
    if case.proposed.channel != "call":
        return ()
    terms = case.pack.terms(case.pack.rule("COMMON-RAPID"), case.day)
    if terms is None:
        return ()
    says = terms.extra
    return warnings(
        case,
        rapid_minutes=says["rapid_within_minutes"],
        rapid_outcome=says["rapid_outcome"],
        per_day=says["concentrated_calls_per_day"],
    )


def _override(case: Case) -> Override | None:
    """What a claimed rebuttal factor is worth. It never changes the verdict: it is a separate, signed act."""
    factor = case.proposed.override_factor
    if factor is None:
        return None
    clauses = case.pack.clauses(case.day, case.debtor.subdivision) if case.pack.known else ()
    if any(factor in clause.terms.override_factors for clause in clauses):
        return Override(True, factor, "recorded compliance sign-off")
    return Override(False, None)
