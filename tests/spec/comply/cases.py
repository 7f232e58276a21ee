"""Short words for the tables of the law: a debtor, a clock, a contact, and what the gate answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from recaudo.engine.comply import (
    Consent,
    Debtor,
    HouseCap,
    PastContact,
    Proposed,
    State,
    Verdict,
    lawbook,
    permit_verdict,
)

CAPITAL = {
    "CL": "America/Santiago", "CO": "America/Bogota", "MX": "America/Mexico_City", "PE": "America/Lima", "EC": "America/Guayaquil",
    "AR": "America/Argentina/Buenos_Aires", "AR-C": "America/Argentina/Buenos_Aires", "BR": "America/Sao_Paulo", "PA": "America/Panama",
    "CR": "America/Costa_Rica", "GT": "America/Guatemala", "US": "America/New_York", "US-NY-NYC": "America/New_York",
}  # fmt: skip
LONG_AGO = datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC"))
# Colombia lets nobody be contacted who has not authorised the channel.
EVERY_CHANNEL = (Consent("authorised_channel", LONG_AGO),)


def clock(text: str, zone: str) -> datetime:
    """`2026-11-18 08:00` on the clock of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def past(country: str, text: str, channel: str = "call", outcome: str = "no_answer", **more: object) -> PastContact:
    """A contact of the same creditor and collector in the capital's clock."""
    parties = {"creditor": "C1", "collector": "K1", "debts": ("A",)} | more
    return PastContact(clock(text, CAPITAL[country]), channel, outcome=outcome, **parties)  # type: ignore[arg-type]


def ask(
    country: str,
    text: str,
    channel: str = "call",
    *,
    zone: str | None = None,
    zones: Iterable[str] | None = None,
    subdivision: str | None = None,
    history: Iterable[PastContact] = (),
    states: Iterable[str | State] = (),
    consents: Iterable[Consent] = EVERY_CHANNEL,
    toggles: dict[str, str] | None = None,
    cap: HouseCap | None = None,
    guarded: bool = True,
    **proposed: object,
) -> Verdict:
    """The reference verdict for one contact at a local clock time of the country's capital, or of `zone`."""
    here = zone or CAPITAL.get(country, "UTC")
    debtor = Debtor(
        zones=tuple(zones) if zones is not None else (here,),
        subdivision=subdivision,
        states=tuple(State(s, LONG_AGO) if isinstance(s, str) else s for s in states),
        consents=tuple(consents),
    )
    given = {"creditor": "C1", "collector": "K1", "debts": ("A",), "content_checked": False} | proposed
    wanted = Proposed(clock(text, here), channel, **given)  # type: ignore[arg-type]
    return permit_verdict(lawbook().pack(country, toggles=toggles), debtor, history, wanted, cap=cap, guarded=guarded)
