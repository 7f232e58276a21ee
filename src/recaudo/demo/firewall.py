"""What agents and answers told in the demo beside the calls: numbers that are somebody else's, searches, wishes, a claim in court.

Through the same services as real work; who said what is invented.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from recaudo.casework import services as casework
from recaudo.casework.models import Search
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, ContactPoint
from recaudo.workforce.models import User

# How it came, and what is kept of it.
SAID = (
    ("sms", "message", "Respondió «no soy yo» al aviso"), ("call", "said", "Quien contestó no conoce al titular"),
    ("im", "link", "Marcó «no soy esta persona» en el enlace"), ("call", "complaint", "Queja Q-0192: le llaman por otra persona"),
    ("sms", "link", "Marcó «no soy esta persona» en el enlace"),
)  # fmt: skip


def tell(people: dict[str, User], *, at: datetime) -> None:
    """Call inside the tenant, after some days were worked."""
    agent, other, boss = people["agente@demo.example"], people["agente2@demo.example"], people["supervisor@demo.example"]
    late = Account.objects.filter(overdue_minor__gt=0, status="delinquent").order_by("id").values("holder_id")
    points = list(ContactPoint.objects.filter(kind="phone", status="unverified", person_id__in=late).select_related("person").order_by("id")[:9])
    wrong = []
    for number, (point, (channel, kind, evidence)) in enumerate(zip(points, SAID, strict=False)):
        moment = at + timedelta(minutes=7 * number)
        wrong.append(casework.wrong_party(contact_point=point, channel=channel, evidence_kind=kind, evidence=evidence, by=agent, at=moment))
    later = at + timedelta(hours=1)
    if len(wrong) >= 4:
        portfolio.propose_release(
            wrong[0].quarantine, person=points[0].person, evidence_kind="document", evidence="Solicitud de crédito firmada, folio S-4410, hoja 2",
            by=agent, at=later,
        )  # fmt: skip
        asked = portfolio.propose_release(
            wrong[1].quarantine, person=points[1].person, evidence_kind="recording", evidence="Grabación G-20917: la persona se identificó y dio este número",
            by=agent, at=later,
        )  # fmt: skip
        portfolio.approve_release(asked, by=boss, at=later + timedelta(minutes=20))
        for point, note in ((points[2], ""), (points[3], "Directorio público y expediente del acreedor: sin otro medio")):
            search = Search.objects.filter(person=point.person, status="open").first()
            if search is not None:
                casework.take_search(search, by=other, at=later)
                if note:
                    casework.close_search(search, note=note, by=other, at=later + timedelta(minutes=30))
    for point, (channel, days, since, until) in zip(
        points[5:], (("call", ("mon", "tue", "wed", "thu", "fri"), time(18), time(20)), ("im", (), None, None), ("", ("sat",), None, None)), strict=False
    ):
        portfolio.save_preference(
            person=point.person, channel=channel, days=days, from_time=since, until_time=until, source="debtor", by=agent, at=later
        )
    sued = Account.objects.filter(portfolio__country="CL", overdue_minor__gt=0).order_by("-dpd", "id").first()
    if sued is not None:
        casework.record_act(
            account=sued, kind="lawsuit", on=at.date() - timedelta(days=20), evidence="Rol C-1234, 3.er juzgado civil: notificada", by=boss, at=later
        )
