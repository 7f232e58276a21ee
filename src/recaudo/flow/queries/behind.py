"""What stands behind the scores of one account on a day, for who works it and for the person it is about.

The agent reads what each score says and what moves it; the person is told the same in plain words, what is never used, and that somebody
can look at it again (Chile, Law 19.628 as changed by Law 21.719, on decisions based on automated processing; others of the region alike).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from recaudo.store import tenancy
from recaudo.strategy.queries import scores
from recaudo.strategy.words import TARGET_ES

SHOWN = 3
RIGHT = "Usted puede pedir que una persona lo revise, dar sus razones y decir qué dato está mal."
NEVER_USED = "No se usa el sexo, la edad, el estado civil, la salud, el origen ni la religión de nadie."


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One score of an account: up, down: what raises and lowers it most, «Hecho: valor»; said_by_person: somebody corrected it."""

    label: str
    probability: float
    horizon_days: int
    up: tuple[str, ...]
    down: tuple[str, ...]
    said_by_person: bool


def lines(account_id: UUID, *, on: date, row: Mapping[str, Any], today: date) -> tuple[ScoreLine, ...]:
    """The scores in force that are about the account, by the facts of its kept row. Two queries for each model in force and one more."""
    with tenancy.acting(tenancy.tenant_id()):
        models = scores.in_force()
        found = []
        for target, label in TARGET_ES.items():
            if target not in models:
                continue
            one = scores.explained_row(models[target], account_id, on=on, row=row, today=today)
            if not one.is_about:
                continue
            given = one.override.probability if one.override else one.probability
            up = tuple(f"{fact}: {value}" for fact, value, points in one.reasons if points > 0)[:SHOWN]
            down = tuple(f"{fact}: {value}" for fact, value, points in one.reasons if points < 0)[:SHOWN]
            found.append(ScoreLine(label, given, scores.horizon_of(models[target]) or 0, up, down, one.override is not None))
    return tuple(found)


def letter(found: tuple[ScoreLine, ...]) -> str:
    """What may be told to the person, word for word."""
    parts = ["Para ordenar cómo y cuándo contactarle y qué opciones darle usamos un cálculo automático con el comportamiento de su cuenta. Lo que debe no cambia por él."]
    for one in found:
        said = f"«{one.label}», a {one.horizon_days} días: {round(100 * one.probability)} de cada 100 cuentas como la suya."
        if one.said_by_person:
            said += " Este número lo puso una persona que revisó su cuenta."
        if one.up:
            said += f" Lo sube: {'; '.join(one.up)}."
        if one.down:
            said += f" Lo baja: {'; '.join(one.down)}."
        parts.append(said)
    return "\n".join([*parts, NEVER_USED, RIGHT])
