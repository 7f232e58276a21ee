"""When the law changes, those who work by it are told in words, and say that they read it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from recaudo.engine.comply import lawbook
from recaudo.law.queries import choice, decision_name, proposal
from recaudo.strategy import services as strategy
from recaudo.workforce import queries as workforce

READ_DAYS = 7


def tell_law_change(subject_id: UUID, *, on: date, by: Any, at: datetime) -> None:
    """Publish a decision over the law that came in force: to the own staff that works accounts, and to the agencies of its country.

    subject_id  a LawDecision, or the proposing LawChange, as `law.changed` names it
    """
    country, title, text = _in_words(subject_id)
    agencies = [one for one in workforce.agencies() if one.is_active and country in ("", one.country)]
    strategy.tell(
        kind="law", title=title, note="Léalo antes de su próxima gestión.", text=text, subject_id=subject_id, agencies=agencies, to_staff=True,
        due_on=on + timedelta(days=READ_DAYS), today=on, by=by, at=at,
    )  # fmt: skip


def _in_words(subject_id: UUID) -> tuple[str, str, str]:
    """Country (empty: all of them), title, and what changes as people read it."""
    found = proposal(subject_id)
    if found is not None:
        ended = proposal(found.ends) if found.ends else None
        rule = next(one.rules[found.rule] for one in lawbook().documents.values() if found.rule in one.rules)
        says = [f"**{found.said or rule.text_es}**", f"Regla {found.rule}. {found.cited or rule.citation}."]
        if ended:
            says = [f"Terminó el cambio de la organización: vuelve a regir el libro de normas. **{rule.text_es}**", says[1]]
        if found.since:
            says.append(f"Rige desde el {found.since:%d/%m/%Y}" + (f" y hasta antes del {found.until:%d/%m/%Y}." if found.until else "."))
        return _country(found.rule), f"Cambio normativo: {found.rule}", "\n\n".join([*says, f"Por qué: {found.reason}"])
    name = decision_name(subject_id)
    known = choice(name)
    if known is None:  # pragma: no cover - a decision is only approved over a choice that exists
        return "", f"Cambio normativo: {name}", name
    reason = f"\n\nPor qué: {known.decided.reason}" if known.decided else ""
    return _country(name), f"Cambio normativo: {known.place}", f"{known.question}\n\n**Desde hoy: {known.current_text}**{reason}"


def _country(name: str) -> str:
    """`MX-HOURS` and `CL.week` speak of one country; the house's caps and the common floor of all."""
    code = name.replace(".", "-").split("-")[0]
    return code if len(code) == 2 and code.isupper() else ""
