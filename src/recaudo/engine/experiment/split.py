"""The lot: a person's place from 0 to 9999 by a salted MD5, the same in Python, DuckDB and PostgreSQL.

Sticky: the place depends on the salt of the experiment and the person, on nothing else; so a person stays in their arm whatever
happens to the portfolio. MD5 and not an engine's own hash, which may change with its version. Nobody gains by forging a place.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from recaudo.kernel.problems import Problem

PARTS = 10_000
_SALT = re.compile(r"[a-z0-9-]{4,64}")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")


class OneArm(Problem):
    code = "one_arm"
    message = "Un experimento necesita al menos dos brazos con personas: con uno solo no hay con qué comparar. Agregue otro brazo."


class SharesNotWhole(Problem):
    code = "shares_not_whole"
    message = "Las partes de los brazos suman {total} % y deben sumar 100 %. Ajuste la parte de alguno."


class UnfitSalt(Problem):
    code = "unfit_salt"
    message = "La sal del sorteo sólo lleva minúsculas, cifras y guiones, de 4 a 64."


@dataclass(frozen=True, slots=True)
class Arm:
    """A share of the persons, in hundredths of a percent."""

    code: str
    share_bp: int


def check_arms(arms: Sequence[Arm]) -> None:
    """Raises OneArm, SharesNotWhole; ValueError for codes that are no words or stand twice."""
    codes = [arm.code for arm in arms]
    if len(set(codes)) != len(codes) or not all(_CODE.fullmatch(code) for code in codes):
        raise ValueError(f"arm codes must be different words: {codes}")
    if sum(1 for arm in arms if arm.share_bp > 0) < 2 or any(arm.share_bp < 0 for arm in arms):
        raise OneArm()
    total = sum(arm.share_bp for arm in arms)
    if total != PARTS:
        raise SharesNotWhole(total=f"{total / 100:g}".replace(".", ","))


def place(key: str, salt: str) -> int:
    """Where a person stands, 0 to PARTS - 1. `key` is the id as text, lower case."""
    digest = hashlib.md5(f"{salt}:{key}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) % PARTS


def arm_of(key: str, salt: str, arms: Sequence[Arm]) -> str:
    """The arm of a person: arms hold the places one after the other, in their order."""
    at = place(key, salt)
    for arm in arms:
        if at < arm.share_bp:
            return arm.code
        at -= arm.share_bp
    raise ValueError("the shares of the arms do not add up to the whole")


def duckdb_place(column: str, salt: str) -> str:
    """`place` as a DuckDB expression over a column with the id. Raises UnfitSalt."""
    return f"(('0x' || substr(md5('{_safe(salt)}:' || {column}::VARCHAR), 1, 8))::UBIGINT % {PARTS})::INTEGER"


def postgres_place(column: str, salt: str) -> str:
    """`place` as a PostgreSQL expression over a column with the id. Raises UnfitSalt."""
    return f"mod(('x' || substr(md5('{_safe(salt)}:' || {column}::text), 1, 8))::bit(32)::bigint, {PARTS})::int"


def duckdb_arm(column: str, salt: str, arms: Sequence[Arm]) -> str:
    """`arm_of` as a DuckDB expression. Raises UnfitSalt."""
    check_arms(arms)
    at, upto, cases = duckdb_place(column, salt), 0, []
    for arm in arms:
        upto += arm.share_bp
        cases.append(f"WHEN {at} < {upto} THEN '{arm.code}'")
    return f"CASE {' '.join(cases)} END"


def _safe(salt: str) -> str:
    if not _SALT.fullmatch(salt):
        raise UnfitSalt()
    return salt
