"""What is recorded when a contact ends, and whether it is complete. Checks only; `actions.close_action` writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from recaudo.casework import catalogue
from recaudo.casework.catalogue import FIELDS, MEANS, PROVENANCES, REASONS, VOLUNTEERED, Disposition
from recaudo.engine.comply import Pack
from recaudo.kernel.money import shown
from recaudo.kernel.problems import Problem
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account

ASKS_REASON = "asks_reason_for_default"


class FieldsMissing(Problem):
    code = "outcome_fields_missing"
    message = "Para «{label}» falta: {fields}."


class DispositionDoesNotFit(Problem):
    code = "disposition_does_not_fit"
    message = "«{label}» no corresponde a este canal. Elija otra tipificación."


class NotForPeople(Problem):
    code = "disposition_not_for_people"
    message = "«{label}» la registra el sistema: elija otra tipificación."


class UnknownReason(Problem):
    code = "unknown_reason"
    message = "El motivo de no pago o su origen no está en el catálogo."


class ReasonNotAsked(Problem):
    code = "reason_not_asked"
    message = "Aquí la norma no permite preguntar el motivo del impago: sólo se guarda si la persona lo dijo por su cuenta."


class NoteForbidden(Problem):
    code = "note_forbidden"
    message = "Con «{label}» no se guarda nota alguna: borre el texto."


class BadAmount(Problem):
    code = "outcome_bad_amount"
    message = "El monto no es válido: {reason}"


class NeedsAccount(Problem):
    code = "outcome_needs_account"
    message = "Para «{label}» indique la cuenta."


@dataclass(frozen=True, slots=True)
class Wish:
    """When and how the person wants to be reached, as they just said it (portfolio.save_preference says what each means)."""

    channel: str = ""
    days: tuple[str, ...] = ()
    from_time: time | None = None
    until_time: time | None = None

    def __bool__(self) -> bool:
        return bool(self.channel or self.days or self.from_time or self.until_time)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a contact ended.

    disposition     code of the catalogue
    reason          R01..R99 or "", with its provenance (catalogue.PROVENANCES)
    amount_minor    minor units of the account's currency; due_on, means: a promise or counter-offer
    callback_at     when to call again
    contact_kind, contact_value   a new contact point (phone, email, im, address)
    wish            channel, days or hours that they asked for
    details         further required fields by name (reference, folio, evidence ...): kept with the note
    """

    disposition: str
    reason: str = ""
    provenance: str = ""
    note: str = ""
    amount_minor: int | None = None
    due_on: date | None = None
    means: str = ""
    callback_at: datetime | None = None
    contact_kind: str = ""
    contact_value: str = ""
    duration_seconds: int | None = None
    wish: Wish = Wish()
    details: Mapping[str, str] = field(default_factory=dict)


def check(
    outcome: Outcome, *, channel: str, account: Account | None, pack: Pack, on: date, subdivision: str = "", by_machine: bool = False
) -> Disposition:
    """The disposition, when the outcome is complete and lawful to keep. Raises a Problem that says what is missing."""
    disposition = catalogue.disposition(outcome.disposition)
    label = disposition.label_es
    if not by_machine and not disposition.is_picked:
        raise NotForPeople(label=label)
    if not disposition.fits(channel):
        raise DispositionDoesNotFit(label=label)
    if missing := [FIELDS[name] for name in disposition.requires if not _given(outcome, name)]:
        raise FieldsMissing(label=label, fields=", ".join(missing).lower())
    if account is None and (disposition.opens_promise or disposition.dispute):
        raise NeedsAccount(label=label)
    if disposition.forbids_note and outcome.note.strip():
        raise NoteForbidden(label=label)
    _check_reason(outcome, pack, on, subdivision)
    _check_amount(outcome, disposition, account)
    return disposition


def asks_reason(pack: Pack, on: date, subdivision: str = "") -> bool:
    """Whether the script may ask why the person does not pay. An unknown law says no."""
    if not pack.known:
        return False
    clauses = pack.clauses(on, subdivision or None)
    return not any(clause.rule.type == "content" and ASKS_REASON in clause.terms.forbid for clause in clauses)


def full_note(outcome: Outcome, disposition: Disposition, currency: str) -> str:
    """The note with the required details that have no column of their own, a line each."""
    lines = []
    if outcome.amount_minor is not None and not disposition.opens_promise:
        lines.append(f"{FIELDS['amount']}: {shown(outcome.amount_minor, currency)}")
    if outcome.due_on is not None and not disposition.opens_promise:
        lines.append(f"{FIELDS['due_on']}: {outcome.due_on:%d/%m/%Y}")
    if outcome.wish:
        wish = outcome.wish
        said = portfolio.in_words(channel=wish.channel, days=wish.days, from_time=wish.from_time, until_time=wish.until_time)
        lines.append(f"{FIELDS['window']}: {said}")
    lines += [f"{FIELDS[name]}: {text.strip()}" for name, text in outcome.details.items() if text.strip() and name in FIELDS]
    if outcome.note.strip():
        lines.append(outcome.note.strip())
    return "\n".join(lines)


def _given(outcome: Outcome, name: str) -> bool:
    own = {
        "amount": outcome.amount_minor, "due_on": outcome.due_on, "means": outcome.means, "callback_at": outcome.callback_at,
        "note": outcome.note.strip(), "new_contact": outcome.contact_kind and outcome.contact_value.strip(),
        "window": outcome.wish or outcome.details.get("window", "").strip(),
    }  # fmt: skip
    return bool(own[name]) if name in own else bool(outcome.details.get(name, "").strip())


def _check_reason(outcome: Outcome, pack: Pack, on: date, subdivision: str) -> None:
    if not outcome.reason:
        if outcome.provenance:
            raise UnknownReason()
        return
    if outcome.reason not in REASONS or outcome.provenance not in PROVENANCES:
        raise UnknownReason()
    if outcome.provenance != VOLUNTEERED and not asks_reason(pack, on, subdivision):
        raise ReasonNotAsked()


def _check_amount(outcome: Outcome, disposition: Disposition, account: Account | None) -> None:
    if outcome.means and outcome.means not in MEANS:
        raise BadAmount(reason="el medio de pago no está en la lista.")
    if outcome.amount_minor is None:
        return
    if outcome.amount_minor <= 0:
        raise BadAmount(reason="debe ser mayor que cero.")
    if account is None or not disposition.opens_promise:
        return
    if outcome.amount_minor > account.balance_minor:
        raise BadAmount(reason=f"es mayor que lo que se debe ({shown(account.balance_minor, account.currency)}).")
    if disposition.is_partial and outcome.amount_minor >= account.overdue_minor > 0:
        raise BadAmount(reason="un abono es menor que lo vencido; si cubre todo, use la promesa de pago total.")
