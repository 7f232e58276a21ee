"""What the compliance officer of the demo has on the desk: requests and complaints at every point of their way, a file that was taken out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Count

from recaudo.casework.models import Action
from recaudo.compliance import services as compliance
from recaudo.demo import inspections
from recaudo.journal import services as journal
from recaudo.law.queries import rules as rules_in_force
from recaudo.portfolio.models import Account, Person
from recaudo.store import tenancy
from recaudo.workforce.models import User

# country, right, days ago, how it came, what was asked
REQUESTS = (
    ("MX", "access", 9, "email", "Quiero saber qué datos míos tienen y de quién los recibieron."),
    ("CL", "opposition", 4, "call", "Pide que no le llamen más a este número."),
    ("CO", "rectification", 6, "portal", "Mi dirección está mal: me mudé hace dos años."),
    ("MX", "cancellation", 3, "letter", "Solicito que borren mis datos; ya no tengo relación con el banco."),
    ("CO", "portability", 2, "email", "Necesito una copia de mis datos para otra entidad."),
    ("MX", "human_review", 1, "branch", "No entiendo por qué una computadora decidió mandarme a cobranza intensiva."),
    ("CL", "restriction", 0, "email", "Mientras revisan mi reclamo no usen mis datos."),
)
# country, cause, days ago, before whom, its number, what was said
COMPLAINTS = (
    ("MX", "third_party", 12, "redeco", "2026/118842", "Le dijeron a mi hermana cuánto debo."),
    ("MX", "hours", 7, "house", "", "Me llamaron el domingo a las ocho de la mañana."),
    ("CL", "frequency", 20, "sernac", "R2026W7741203", "Cuatro llamadas en una semana por la misma deuda."),
    ("CO", "paid", 5, "house", "", "Pagué el viernes y me siguen escribiendo."),
    ("MX", "threat", 1, "house", "", "El gestor dijo que me iban a embargar el sueldo."),
    ("CO", "service", 2, "sic", "26-339021", "Nadie me resuelve, me cuelgan."),
)


def fill(people: dict[str, User], *, on: date, at: datetime) -> None:
    """Write all of it as the staff would. Call inside the tenant. Deterministic by the order of account numbers."""
    officer, office, chief = people["cumplimiento@demo.example"], people["backoffice@demo.example"], people["admin@demo.example"]
    rules = rules_in_force()
    some = {country: _some(country) for country in ("MX", "CL", "CO")}
    made = []
    for country, kind, ago, channel, text in REQUESTS:
        then = at - timedelta(days=ago)
        made.append(
            compliance.receive_request(
                person=some[country].pop(), kind=kind, channel=channel, received_on=on - timedelta(days=ago), text=text, rules=rules, by=office, at=then,
                on=on,
            )
        )  # fmt: skip
    access, opposition, rectification, cancellation = made[:4]
    for one in (access, opposition, rectification, cancellation):
        compliance.assign_request(one, to=officer, by=officer, at=at - timedelta(hours=5))
        compliance.check_identity(one, method="id_document", by=officer, at=at - timedelta(hours=4))
    compliance.make_copy(access, by=officer, at=at - timedelta(hours=3))
    compliance.stop_contact(opposition, by=officer, at=at - timedelta(hours=3))
    compliance.answer_request(
        opposition, outcome="granted", answer="Desde hoy no le contactaremos. Su cuenta sigue abierta y puede pagarla por los medios de siempre.",
        by=officer, at=at - timedelta(hours=2),
    )  # fmt: skip
    compliance.remove_data(cancellation, rules=rules, by=chief, at=at - timedelta(hours=2), on=on)
    opened = []
    for country, cause, ago, lodged, number, text in COMPLAINTS:
        person = some[country].pop()
        opened.append(
            compliance.open_complaint(
                person=person, cause=cause, channel="authority" if number else "call", received_on=on - timedelta(days=ago), text=text, rules=rules,
                by=office, at=at - timedelta(days=ago), on=on, lodged=lodged, outside_folio=number, account=Account.objects.filter(holder=person).first(),
                about="agent" if cause == "threat" else "channel" if cause == "frequency" else "other",
                user_id=people["agente2@demo.example"].id if cause == "threat" else None, stop_contact=bool(number),
            )
        )  # fmt: skip
    compliance.take_complaint(opened[0], to=officer, by=officer, at=at - timedelta(hours=6))
    compliance.take_complaint(opened[2], to=officer, by=officer, at=at - timedelta(days=10))
    compliance.answer_complaint(
        opened[2], result="unfounded", answer="Se revisó la bitácora: hubo una llamada y un mensaje en esa semana, dentro de la norma.", measure="",
        by=officer, at=at - timedelta(days=8),
    )  # fmt: skip
    compliance.answer_complaint(
        opened[1], result="founded", answer="Tiene razón y le pedimos disculpas: su número estaba registrado en otra zona horaria.",
        measure="Se corrigió la zona de la persona y se revisan las de su municipio.", by=officer, at=at - timedelta(days=1),
    )  # fmt: skip
    term = compliance.propose_term(
        country="MX", years=5, reason="El libro no fija plazo; cinco años por la prescripción mercantil, según el abogado.", rules=rules, by=officer, at=at,
    )  # fmt: skip
    compliance.decide_term(term, approve=True, by=chief, at=at)
    compliance.propose_term(country="CO", years=10, reason="Conservación de libros del comerciante.", rules=rules, by=officer, at=at)
    compliance.export_evidence(person=_most_worked(), reason="Requerimiento por queja REDECO", recipient="CONDUSEF", by=officer, at=at)
    inspections.fill(people, on=on, at=at)
    row = journal.ask_verification(by=officer, at=at)
    journal.verify_on(row.id, by=officer, clock=lambda: at, tenant=tenancy.tenant_id())


def _most_worked() -> Person:
    """Whom most was done about: their file has something to show."""
    busiest = Action.objects.filter(status="done").values("person_id").annotate(n=Count("id")).order_by("-n", "person_id").first()
    return Person.objects.get(id=busiest["person_id"]) if busiest else _some("MX")[0]


def _some(country: str) -> list[Person]:
    """Persons of a country with something overdue, the last of them first."""
    found = Account.objects.filter(portfolio__country=country, dpd__gt=5, holder__kind="natural").order_by("-dpd", "number").select_related("holder")
    people: dict[str, Person] = {str(account.holder_id): account.holder for account in found[:60]}
    return list(people.values())[:12]
