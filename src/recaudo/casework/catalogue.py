"""How a contact can end: the catalogue of dispositions, read once from catalogue.yaml.

Words: *disposition* (tipificación), what happened; *level*, who was reached; *effect*, what it means for the debt; *reason*, why a
person does not pay, always with its *provenance*, how we know. Does not apply anything (services.effects does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from recaudo.kernel.problems import Problem

FLAGS = frozenset({"att", "con", "rpc", "ptp"})
# What the law calls an outcome when the disposition does not say: by who was reached.
LAW_BY_LEVEL = {"RPC": "conversation", "TPC": "third_party_answered", "NC": "no_answer", "SYS": "sent"}
VOLUNTEERED = "volunteered"


class UnknownDisposition(Problem):
    code = "unknown_disposition"
    message = "La tipificación «{disposition}» no existe en el catálogo. Elija una de la lista."


@dataclass(frozen=True, slots=True)
class HoldRule:
    """The hold that a disposition opens. `days` None = until somebody releases it. scope: account or person."""

    kind: str
    days: int | None
    scope: str


@dataclass(frozen=True, slots=True)
class Disposition:
    """One way in which a contact ends.

    group         direct third_party no_contact digital ivr field verification legal system
    level         RPC TPC NC SYS (kernel.contact.ContactLevel)
    is_attempt, is_contact, is_rpc, opens_promise   the flags att con rpc ptp
    hold          the hold it opens, or None
    point_status  the status that the contact point takes, or ""
    dispute       what is disputed: debt charges service, or ""
    opts_out      the person must not be reached again on this channel
    requires      fields that must be filled (keys of FIELDS)
    channels      channels on which it can happen; empty = any
    law_outcome   the lawbook's word for what happened
    is_picked     people choose it; False = only machines record it
    """

    code: str
    label_es: str
    group: str
    level: str
    effect: str
    is_attempt: bool
    is_contact: bool
    is_rpc: bool
    opens_promise: bool
    is_partial: bool
    hold: HoldRule | None
    point_status: str
    dispute: str
    opts_out: bool
    forbids_note: bool
    requires: tuple[str, ...]
    channels: frozenset[str]
    law_outcome: str
    is_picked: bool
    next_es: str

    @property
    def is_tpc(self) -> bool:
        return self.level == "TPC" and self.is_contact

    def fits(self, channel: str) -> bool:
        """Whether it can happen on a channel."""
        return not self.channels or channel in self.channels

    def law_word(self, channel: str) -> str:
        """What the law calls it: somebody who opens the door is a visit contact."""
        live = self.law_outcome in {"conversation", "third_party_answered"}
        return "visit_contact" if channel == "visit" and live else self.law_outcome


@dataclass(frozen=True, slots=True)
class Group:
    """A heading of the catalogue with its dispositions."""

    code: str
    label_es: str
    level: str
    items: tuple[Disposition, ...]


@cache
def _book() -> Mapping[str, Any]:
    text = resources.files("recaudo.casework").joinpath("catalogue.yaml").read_text(encoding="utf-8")
    book: Mapping[str, Any] = yaml.safe_load(text)
    return book


@cache
def groups() -> tuple[Group, ...]:
    """The whole catalogue, in the order of screens."""
    return tuple(
        Group(code, group["label"], group["level"], tuple(_read(key, item, code, group) for key, item in group["items"].items()))
        for code, group in _book()["groups"].items()
    )


def _read(code: str, item: Mapping[str, Any], group_code: str, group: Mapping[str, Any]) -> Disposition:
    flags = frozenset(item["flags"])
    if flags - FLAGS:
        raise ValueError(f"unknown flags of {code}: {sorted(flags - FLAGS)}")
    if unknown := set(item.get("requires", ())) - set(_book()["fields"]):
        raise ValueError(f"unknown fields of {code}: {sorted(unknown)}")
    level = item.get("level", group["level"])
    hold = item.get("hold")
    return Disposition(
        code=code,
        label_es=item["label"],
        group=group_code,
        level=level,
        effect=item["effect"],
        is_attempt="att" in flags,
        is_contact="con" in flags,
        is_rpc="rpc" in flags,
        opens_promise="ptp" in flags,
        is_partial=item.get("partial", False),
        hold=HoldRule(hold["kind"], hold.get("days"), hold["scope"]) if hold else None,
        point_status=item.get("point", ""),
        dispute=item.get("dispute", ""),
        opts_out=item.get("opt_out", False),
        forbids_note=item.get("forbids_note", False),
        requires=tuple(item.get("requires", ())),
        channels=frozenset(item.get("channels", group.get("channels", ()))),
        law_outcome=item.get("law", LAW_BY_LEVEL[level]),
        is_picked=item.get("pick", True),
        next_es=item.get("next", ""),
    )


@cache
def dispositions() -> Mapping[str, Disposition]:
    """Every disposition by code."""
    return {item.code: item for group in groups() for item in group.items}


def disposition(code: str) -> Disposition:
    """One disposition. Raises UnknownDisposition."""
    try:
        return dispositions()[code]
    except KeyError:
        raise UnknownDisposition(disposition=code) from None


def choices(channel: str) -> list[Group]:
    """What a person may choose on a channel, by group; groups without a choice are left out."""
    found = []
    for group in groups():
        items = tuple(item for item in group.items if item.is_picked and item.fits(channel))
        if items:
            found.append(Group(group.code, group.label_es, group.level, items))
    return found


REASONS: Mapping[str, str] = _book()["reasons"]
PROVENANCES: Mapping[str, str] = _book()["provenances"]
FIELDS: Mapping[str, str] = _book()["fields"]
MEANS: Mapping[str, str] = _book()["means"]
