"""Templates: what a text must hold, what it may not say, and two people before anybody reads it."""

from __future__ import annotations

from typing import Any

import pytest

from recaudo.messaging import services as messaging
from recaudo.messaging.defaults import TEMPLATES
from recaudo.messaging.models import Template
from recaudo.messaging.services import OwnTemplate, TemplateFaulty, WrongTemplateState
from recaudo.messaging.services.rendering import EXAMPLE, Merge, line, render, says

GOOD = "Hola, {nombre}: {acreedor}. Pague: {como_pagar} Ref. {referencia}. {enlace_baja}"


@pytest.mark.parametrize("entry", TEMPLATES, ids=lambda entry: f"{entry.code}-{entry.channel}")
def test_the_texts_of_the_product_pass_their_own_lint(entry: Any) -> None:
    assert messaging.lint(channel=entry.channel, subject=entry.subject, body=entry.body) == []


@pytest.mark.parametrize("entry", TEMPLATES, ids=lambda entry: f"{entry.code}-{entry.channel}")
def test_the_texts_of_the_product_say_all_that_the_law_asks_for(entry: Any) -> None:
    said = says(f"{entry.subject}\n{entry.body}", EXAMPLE)
    chile = {"creditor_name", "debt_origin", "interest_and_fees", "payment_options", "consumer_rights", "not_an_enforcement_proceeding"}
    assert chile <= said


@pytest.mark.parametrize(
    ("channel", "subject", "body", "fault"),
    [
        ("sms", "", GOOD.replace("{referencia}", ""), "Falta {referencia}"),
        ("sms", "", GOOD.replace("{como_pagar}", ""), "Falta {como_pagar}"),
        ("sms", "", GOOD.replace("{enlace_baja}", ""), "Falta {enlace_baja}"),
        ("sms", "", GOOD.replace("{acreedor}", ""), "Falta {acreedor}"),
        ("sms", "", GOOD + " {apellido}", "«{apellido}» no existe"),
        ("sms", "", GOOD + " {Nombre}", "llaves sueltas"),
        ("sms", "", GOOD + " {", "llaves sueltas"),
        ("sms", "", GOOD + " Le haremos un EMBARGO.", "«embargo» parece judicial"),
        ("sms", "", GOOD + " Última oportunidad", "«ultima oportunidad»"),
        ("sms", "", GOOD + " Debe {saldo}.", "{hoy}"),
        ("sms", "", GOOD + "x" * 700, "El texto es largo"),
        ("sms", "Hola", GOOD, "Sólo los correos llevan asunto"),
        ("email", "", GOOD, "necesita asunto"),
        ("fax", "", GOOD, "no lleva plantillas"),
        ("sms", "", "  ", "Escriba el texto"),
    ],
)
def test_the_lint_names_what_is_wrong(channel: str, subject: str, body: str, fault: str) -> None:
    assert any(fault in found for found in messaging.lint(channel=channel, subject=subject, body=body))


def test_a_good_text_has_no_faults() -> None:
    assert messaging.lint(channel="sms", subject="", body=GOOD) == []


@pytest.mark.parametrize("name", ["{saldo}", "{{nombre}}", "%(x)s", "=1+1", "<script>alert(1)</script>", "{nombre", "{__class__}"])
def test_data_is_data(name: str) -> None:
    assert render("Hola, {nombre}: {acreedor}", Merge(nombre=name, acreedor="Banco")) == f"Hola, {name}: Banco"


def test_a_line_break_in_a_name_does_not_make_a_header() -> None:
    assert line("Hola {nombre}", Merge(nombre="Ana\r\nBcc: x@y.example")) == "Hola Ana Bcc: x@y.example"


def test_an_empty_field_says_nothing() -> None:
    text = "Quejas: {quejas}. {acreedor}"
    assert says(text, Merge(quejas="q@x.example", acreedor="Banco")) == {"complaint_contact", "creditor_name"}
    assert says(text, Merge(acreedor="Banco")) == {"creditor_name"}


def draft(cast: Any, body: str = GOOD, by: Any = None) -> Template:
    return messaging.save_template(code="prueba", channel="sms", name="Prueba", subject="", body=body, by=by or cast.elena, at=cast.now)


def test_an_incomplete_draft_may_be_kept_but_not_submitted(cast: Any) -> None:
    found = draft(cast, "Hola")
    with pytest.raises(TemplateFaulty) as caught:
        messaging.submit_template(found, by=cast.elena, at=cast.now)
    assert "Falta {referencia}" in caught.value.text


def test_the_same_person_cannot_approve(cast: Any) -> None:
    found = messaging.submit_template(draft(cast, by=cast.gabriel), by=cast.gabriel, at=cast.now)
    with pytest.raises(OwnTemplate):
        messaging.approve_template(found, by=cast.gabriel, at=cast.now)


def test_only_what_was_submitted_is_approved(cast: Any) -> None:
    with pytest.raises(WrongTemplateState):
        messaging.approve_template(draft(cast), by=cast.gabriel, at=cast.now)


def test_a_new_version_retires_the_one_before(cast: Any) -> None:
    first, second = draft(cast), None
    messaging.approve_template(messaging.submit_template(first, by=cast.elena, at=cast.now), by=cast.gabriel, at=cast.now)
    second = draft(cast, GOOD + " Gracias.")
    assert second.version == 2 and Template.objects.get(id=first.id).status == "approved"
    messaging.approve_template(messaging.submit_template(second, by=cast.elena, at=cast.now), by=cast.gabriel, at=cast.now)
    assert Template.objects.get(id=first.id).status == "retired"


def test_saving_again_changes_ones_own_draft_and_not_somebody_elses(cast: Any) -> None:
    first = draft(cast)
    assert draft(cast, GOOD + " Gracias.").id == first.id
    assert draft(cast, by=cast.gabriel).version == 2


def test_the_products_templates_are_made_once(cast: Any) -> None:
    assert messaging.ensure_templates(by=cast.gabriel, at=cast.now) == len(TEMPLATES)
    assert messaging.ensure_templates(by=cast.gabriel, at=cast.now) == 0
