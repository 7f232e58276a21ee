"""The house's own rules, asked before the law: pauses, holds, contact points, promises, paid debts.

Plain functions over a Dossier: no database, no clock. The cap per person is the engine's (HOUSE-CAP); its number is the tenant's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from recaudo.casework.queries.dossier import Dossier, KnownAccount, KnownHold, KnownPreference
from recaudo.casework.words import HOLD_ES, POINT_STATUS_ES
from recaudo.kernel.contact import CHANNEL_ES, Purpose
from recaudo.kernel.time import day_at
from recaudo.portfolio.models import ContactPoint

CITATION = "Regla de la casa"
# Answers and receipts that the person asked for: no pressure to pay in them.
SERVICE_PURPOSES = frozenset({Purpose.REPLY, Purpose.RECEIPT, Purpose.OTP, Purpose.OPTOUT_CONFIRMATION, Purpose.PORTAL})
# Who called or wrote within it is in a conversation that goes on, control group or not.
CAME_LATELY = timedelta(days=14)
POINT_KINDS: dict[str, str] = {
    "call": "phone", "prerecorded": "phone", "sms": "phone", "im": "im", "email": "email", "letter": "address", "visit": "address",
}  # fmt: skip
UNUSABLE = frozenset({"invalid", "wrong_party", "opted_out"})
CLOSED = frozenset({"sold", "recalled", "closed_paid", "closed_settled", "closed_prescribed"})
# Where a contact point came from when nobody who knows vouches for it, and the lawbook's words for what tells of a debt.
HEARSAY = frozenset({"third_party", "skip_tracing", "employer"})
DEBT_WORDS = frozenset({"creditor_name", "debt_origin", "contract_reference", "amount_and_calc_date", "payment_options", "interest_and_fees"})
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Question:
    """A contact that somebody wants to make. `point` None only where a channel needs none (portal, push)."""

    channel: str
    purpose: str
    account_id: UUID | None
    creditor_id: UUID | None
    role: str
    point: ContactPoint | None
    tenant_id: UUID
    collector_id: UUID
    treatment: str = ""
    # The action that asks: its own earlier attempt to send does not count against it.
    action_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the house says no, until when (None = no end is known), and what would cure it."""

    rule: str
    reason_es: str
    until: datetime | None = None
    cure_es: str = ""
    citation: str = CITATION


def disclosure(question: Question, content: frozenset[str]) -> Refusal | None:
    """A text that speaks of a debt goes only where the person is known to answer: not to a number that a third party or a search gave."""
    point = question.point
    if point is None or point.status == "valid" or point.source not in HEARSAY or not content & DEBT_WORDS:
        return None
    return Refusal(
        "HOUSE-DISCLOSURE", "El medio no está verificado y el texto habla de la deuda: podría leerlo otra persona.",
        cure_es="Verifique primero la identidad de quien contesta ahí, o use un texto neutro.",
    )  # fmt: skip


def refusals(dossier: Dossier, question: Question, *, at: datetime) -> Iterator[Refusal]:
    """Every house rule that refuses, in the order in which they are named."""
    for rule in (_paused, _deceased, _control, _point, _held, _paid, _promised, _preferred):
        found = rule(dossier, question, at)
        if found is not None:
            yield found


def _paused(dossier: Dossier, question: Question, at: datetime) -> Refusal | None:
    mine = {"all", f"channel:{question.channel}", f"creditor:{question.creditor_id}"}
    for scope, reason in dossier.pauses:
        if scope in mine:
            return Refusal("HOUSE-PAUSE", f"Todo contacto está en pausa: {reason}", cure_es="Espere a que se reanude el contacto.")
    return None


def _deceased(dossier: Dossier, question: Question, at: datetime) -> Refusal | None:
    if dossier.deceased_on is None:
        return None
    return Refusal("HOUSE-DECEASED", "La persona falleció: no se contacta.")


def _control(dossier: Dossier, question: Question, at: datetime) -> Refusal | None:
    """Control group of an experiment. Whoever came to us lately, or keeps a promise in mind, is served as everybody."""
    if dossier.control_until is None or question.purpose in SERVICE_PURPOSES:
        return None
    keeps_promise = question.purpose == Purpose.REMINDER and any(account.promise_due_on for account in dossier.accounts.values())
    came = any(action.direction == "in" and at - action.at <= CAME_LATELY for action in dossier.history)
    if keeps_promise or came:
        return None
    return Refusal(
        "HOUSE-CONTROL", f"Grupo de control: no contactar proactivamente hasta el {dossier.control_until:%d/%m/%Y}.",
        day_at(dossier.control_until + timedelta(days=1), dossier.zones[0] if dossier.zones else "UTC"),
        "Si la persona llama o escribe, atiéndala como a cualquiera.",
    )  # fmt: skip


def _point(dossier: Dossier, question: Question, at: datetime) -> Refusal | None:
    kind = POINT_KINDS.get(question.channel)
    point = question.point
    if kind is None and point is None:
        return None
    if point is None:
        return Refusal("HOUSE-POINT", "No hay un medio de contacto utilizable para este canal.", cure_es="Agregue un medio de contacto.")
    if point.person_id != dossier.person_id or point.kind != kind:
        return Refusal("HOUSE-POINT", "El medio de contacto no es de la persona o no sirve para este canal.")
    if point.status not in UNUSABLE:
        return None
    if point.status == "opted_out" and question.purpose == Purpose.OPTOUT_CONFIRMATION:
        return None
    return Refusal("HOUSE-POINT", f"{POINT_STATUS_ES[point.status]}: este medio no se usa.", cure_es="Use otro medio de contacto.")


def _held(dossier: Dossier, question: Question, at: datetime) -> Refusal | None:
    for hold in dossier.holds:
        if not _covers(hold, question, at) or _lets_pass(hold, question):
            continue
        reason = f"Suspensión vigente: {HOLD_ES.get(hold.kind, hold.kind)}."
        return Refusal("HOUSE-HOLD", reason, hold.until_at, "Resuelva o libere la suspensión.")
    return None


def _covers(hold: KnownHold, question: Question, at: datetime) -> bool:
    if hold.from_at > at or (hold.until_at is not None and hold.until_at <= at):
        return False
    # A question about no account in particular is about all of them.
    wide = hold.account_id is None or question.account_id is None or hold.account_id == question.account_id
    same = hold.creditor_id is None or question.creditor_id is None or hold.creditor_id == question.creditor_id
    return wide and same and hold.channel in {"", question.channel}


def _lets_pass(hold: KnownHold, question: Question) -> bool:
    if hold.kind == "deceased":
        return False
    if hold.kind == "represented" and question.role == "representative":
        return True
    if hold.kind == "promise" and question.purpose == Purpose.REMINDER:
        return True
    return question.purpose in SERVICE_PURPOSES


def _paid(dossier: Dossier, question: Question, at: datetime) -> Refusal | None:
    if question.account_id is None or question.purpose in SERVICE_PURPOSES:
        return None
    account = dossier.accounts.get(question.account_id)
    if account is None:
        return Refusal("HOUSE-PAID", "La cuenta no está a su alcance o la persona no responde por ella.")
    if account.status in CLOSED or (account.balance_minor <= 0 and account.overdue_minor <= 0):
        return Refusal("HOUSE-PAID", "La cuenta está pagada o cerrada: no hay nada que cobrar.")
    if account.overdue_minor <= 0 and question.purpose != Purpose.REMINDER:
        return Refusal("HOUSE-PAID", "La cuenta no tiene nada vencido: sólo caben recordatorios.", cure_es="Envíe un recordatorio.")
    return None


def _promised(dossier: Dossier, question: Question, at: datetime) -> Refusal | None:
    if question.purpose in SERVICE_PURPOSES or question.purpose == Purpose.REMINDER:
        return None
    accounts = [dossier.accounts.get(question.account_id)] if question.account_id else list(dossier.accounts.values())
    due = [account.promise_due_on for account in accounts if account and account.promise_due_on]
    if not due:
        return None
    return Refusal(
        "HOUSE-PROMISE", f"Hay una promesa de pago vigente para el {min(due):%d/%m/%Y}: la gestión espera a que se cumpla.",
        cure_es="Sólo caben recordatorios mientras la promesa esté vigente.",
    )  # fmt: skip


def _preferred(dossier: Dossier, question: Question, at: datetime) -> Refusal | None:
    if question.purpose in SERVICE_PURPOSES or question.channel == "letter" or not dossier.zones:
        return None
    if (other := _chosen(dossier, question, at)) is not None:
        return other
    wishes = [wish for wish in dossier.preferences if wish.channel in {"", question.channel} and wish.since <= at]
    good = [wish for wish in wishes if not wish.avoid]
    bad = any(_matches(wish, dossier, at) for wish in wishes if wish.avoid)
    if bad or (good and not any(_matches(wish, dossier, at) for wish in good)):
        return Refusal(
            "HOUSE-PREFERENCE", "La persona pidió otro horario para este canal.", cure_es="Respete el horario que la persona pidió."
        )
    return None


def _chosen(dossier: Dossier, question: Question, at: datetime) -> Refusal | None:
    chosen = {wish.channel for wish in dossier.preferences if _is_the_channel(wish) and wish.since <= at}
    if not chosen or question.channel in chosen or question.channel == "letter" or question.purpose in SERVICE_PURPOSES:
        return None
    names = " o ".join(sorted(CHANNEL_ES.get(one, one) for one in chosen))
    return Refusal("HOUSE-PREFERENCE", f"La persona pidió que se le contacte por {names}.", cure_es=f"Use {names}.")


def _is_the_channel(wish: KnownPreference) -> bool:
    """A channel without days or hours: the one that the person chose."""
    return bool(wish.channel) and not wish.avoid and not wish.days and (wish.starts, wish.ends) == (0, 1440)


def _matches(wish: KnownPreference, dossier: Dossier, at: datetime) -> bool:
    clock = at.astimezone(ZoneInfo(dossier.zones[0]))
    days = wish.days or DAYS
    return DAYS[clock.weekday()] in days and wish.starts <= clock.hour * 60 + clock.minute < wish.ends


def shut(dossier: Dossier, question: Question, *, at: datetime) -> Refusal | None:
    """What keeps the person from being reached on this way at any hour: no usable point, a hold, an opt-out, another channel chosen.

    For plans: hours and limits pass, these do not. The gate asks all of it again at the contact.
    """
    if (found := _point(dossier, question, at) or _held(dossier, question, at) or _chosen(dossier, question, at)) is not None:
        return found
    for consent in dossier.consents:
        if consent.kind != "channel_optout" or consent.given_at > at or (consent.revoked_at and consent.revoked_at <= at):
            continue
        if consent.creditor_id not in {None, question.creditor_id}:
            continue
        everything = not consent.channels and consent.contact_point_id is None
        this_point = question.point is not None and consent.contact_point_id == question.point.id
        if everything or question.channel in consent.channels or this_point:
            return Refusal("HOUSE-PREFERENCE", "La persona pidió no ser contactada por este canal.", cure_es="Use otro canal.")
    return None


def role_of(dossier: Dossier, account_id: UUID | None, said: str) -> str:
    """What the person is to the account by its parties; `said` counts only when no account is named."""
    if account_id is None:
        return said
    account: KnownAccount | None = dossier.accounts.get(account_id)
    return account.role if account else ""
