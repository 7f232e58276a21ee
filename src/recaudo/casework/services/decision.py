"""What the gate knew when it answered, kept so that the same question can be put again years later.

The input is canonical JSON of the dossier, the question and the rules in force; `digest` is its SHA-256. No names, numbers or
addresses: of a contact point only what the law asks about. `decide_again` judges a kept input with the lawbook of today.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from recaudo.casework.models import PermitRecord
from recaudo.casework.queries.dossier import (
    Dossier,
    KnownAccount,
    KnownAction,
    KnownConsent,
    KnownHold,
    KnownPreference,
)
from recaudo.casework.services.house import Question
from recaudo.casework.services.judge import Answer, judge, zones_of
from recaudo.engine.comply import Change, HouseCap
from recaudo.kernel.problems import Problem
from recaudo.law.queries import Rules
from recaudo.portfolio.models import ContactPoint

FORM = 1
POINT = ("id", "person_id", "kind", "status", "place", "source", "line_type")


class NoInput(Problem):
    code = "no_decision_input"
    message = "Este permiso se registró sin lo que la decisión conocía: es anterior a esa regla y no puede repetirse."
    status = 409


def written(
    dossier: Dossier, question: Question, rules: Rules, *, at: datetime, content: frozenset[str] | None, reply_to: UUID | None
) -> str:
    """The input of a decision as canonical JSON: sorted keys, no spaces, instants in ISO 8601."""
    point = question.point
    asked = {name: getattr(question, name) for name in Question.__dataclass_fields__ if name != "point"}
    if point is not None:
        # The zones that the number leads to are kept in place of the number.
        asked["point"] = {**{name: getattr(point, name) for name in POINT}, "zones": zones_of(dossier, question)}
    known = {**asdict(dossier), "accounts": [asdict(one) for one in dossier.accounts.values()]}
    says = {
        "form": FORM, "at": at, "dossier": known, "question": asked, "toggles": dict(rules.toggles), "caps": [asdict(cap) for cap in rules.caps],
        "changes": [asdict(change) for change in rules.changes], "trouble": rules.trouble, "content": None if content is None else sorted(content), "reply_to": reply_to,
    }  # fmt: skip
    return json.dumps(says, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)


def digest(text: str) -> str:
    """SHA-256 of an input, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def packed(text: str) -> str:
    """An input as its column takes it: compressed, in base64; the column encrypts it."""
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def input_of(record: PermitRecord) -> str:
    """The canonical JSON that a permit was decided by. Raises NoInput."""
    if not record.input:
        raise NoInput()
    return zlib.decompress(base64.b64decode(record.input)).decode()


def decide_again(record: PermitRecord) -> Answer:
    """What the gate answers today to the question of a kept permit, knowing what it knew then. Raises NoInput.

    The same answer follows where the lawbook has the hash that the permit kept; with another lawbook the difference is the law's.
    """
    says = json.loads(input_of(record))
    dossier = _dossier(says["dossier"])
    question = _question(says["question"])
    changes = tuple(Change(**{**one, "since": _day(one["since"]), "until": _day(one["until"])}) for one in says.get("changes", []))
    rules = Rules(says["toggles"], tuple(HouseCap(**cap) for cap in says["caps"]), changes, says.get("trouble", ""))
    content = None if says["content"] is None else frozenset(says["content"])
    return judge(
        dossier, question, at=datetime.fromisoformat(says["at"]), rules=rules, content=content, reply_to=_id(says["reply_to"]), find_next=False
    )


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _dossier(says: Mapping[str, Any]) -> Dossier:
    return Dossier(
        person_id=UUID(says["person_id"]),
        country=says["country"],
        subdivision=says["subdivision"],
        municipality=says["municipality"],
        zones=tuple(says["zones"]),
        deceased_on=_day(says["deceased_on"]),
        accounts={
            UUID(one["id"]): KnownAccount(
                **{**one, **_ids(one, "id", "creditor_id"), **{day: _day(one.get(day)) for day in ("promise_due_on", "oldest_due_on", "interrupted_on")}}
            )
            for one in says["accounts"]
        },
        consents=tuple(
            KnownConsent(**{**one, **_ids(one, "creditor_id", "contact_point_id"), **_instants(one, "given_at", "revoked_at"), "channels": tuple(one["channels"])})
            for one in says["consents"]
        ),
        preferences=tuple(KnownPreference(**{**one, **_instants(one, "since"), "days": tuple(one["days"])}) for one in says["preferences"]),
        holds=tuple(KnownHold(**{**one, **_ids(one, "id", "account_id", "creditor_id"), **_instants(one, "from_at", "until_at")}) for one in says["holds"]),
        history=tuple(
            KnownAction(**{**one, **_ids(one, "id", "account_id", "creditor_id", "agency_id", "contact_point_id"), **_instants(one, "at")})
            for one in says["history"]
        ),
        pauses=tuple((scope, reason) for scope, reason in says["pauses"]),
        control_until=_day(says.get("control_until")),
        minor_until=_day(says.get("minor_until")),
        is_age_known=says.get("is_age_known", True),
    )  # fmt: skip


def _question(says: Mapping[str, Any]) -> Question:
    fields = dict(says)
    point = fields.pop("point", None)
    fields |= _ids(fields, "account_id", "creditor_id", "tenant_id", "collector_id", "action_id")
    return Question(**fields, point=_point(point) if point else None)


def _point(says: Mapping[str, Any]) -> ContactPoint:
    # The number itself was not kept: nothing asks for it where the zones are known.
    return ContactPoint(**{**says, **_ids(says, "id", "person_id")}, value="")


def _ids(says: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: _id(says[name]) for name in names}


def _instants(says: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: datetime.fromisoformat(says[name]) if says[name] else None for name in names}


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
