"""Saved readings of a kind of file. A change is a new version; batches keep pointing at the one they used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from recaudo.intake.fields import TARGETS, fields_for
from recaudo.intake.models import Layout
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Creditor, Portfolio


class BadLayoutName(Problem):
    code = "bad_layout_name"
    message = "El nombre del formato debe tener de 1 a 40 letras, números, espacios, guiones o guiones bajos."


class UnknownTarget(Problem):
    code = "unknown_target"
    message = "El tipo de archivo «{target}» no existe. Use uno de: {known}."


class UnknownField(Problem):
    code = "unknown_field"
    message = "El campo «{field}» no existe para este tipo de archivo. Quítelo o corrija su nombre."


@transaction.atomic
def save_layout(
    *,
    name: str,
    target: str,
    mapping: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    creditor: Creditor | None = None,
    portfolio: Portfolio | None = None,
    by: Any,
    at: datetime,
) -> Layout:
    """Save a layout, as a new version when one of that name exists and differs.

    mapping   {our field: "Column" or {"column", "default", "map", "negative": "accept"}}; "extra": {"columns": [...] or "*"}
    options   encoding, delimiter, decimal (, or .), date (dmy mdy ymd), currency, sheet, header_row, id_kind, derive, whatsapp
    Returns   the current version; the one already there when nothing differs
    Raises    BadLayoutName, UnknownTarget, UnknownField
    """
    name = " ".join(name.split())
    if not re.fullmatch(r"[\w\- ]{1,40}", name):
        raise BadLayoutName()
    if target not in TARGETS:
        raise UnknownTarget(target=target, known=", ".join(TARGETS))
    known = {field.name for field in fields_for(target)} | {"extra"}
    if strange := sorted(set(mapping) - known):
        raise UnknownField(field=strange[0])
    new = {
        "target": target, "mapping": dict(mapping), "options": {key: value for key, value in (options or {}).items() if value not in (None, "")},
        "creditor_id": creditor.id if creditor else (portfolio.creditor_id if portfolio else None), "portfolio_id": portfolio.id if portfolio else None,
    }  # fmt: skip
    current: Layout | None = Layout.objects.select_for_update().filter(name=name, is_current=True).first()
    if current is not None and all(getattr(current, key) == value for key, value in new.items()):
        return current
    version = (Layout.objects.filter(name=name).aggregate(top=Max("version"))["top"] or 0) + 1
    if current is not None:
        Layout.objects.filter(id=current.id).update(is_current=False)
    layout: Layout = Layout.objects.create(name=name, version=version, by_id=by.id, created_at=at, **new)
    journal.record("layout.saved", by=by, at=at, subject="layout", subject_id=layout.id, version=version, target=target)
    return layout
