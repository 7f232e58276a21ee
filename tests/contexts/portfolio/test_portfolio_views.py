"""The pages of the portfolio: who may open them, what they show, and that they stay small."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import (
    Account,
    Consent,
    ContactPoint,
    Creditor,
    DelinquencyPause,
    Document,
    Payment,
    Person,
    PersonMerge,
)
from recaudo.store import tenancy
from recaudo.store.fields import blind_index

PDF = b"%PDF-1.7\n1 0 obj\n"


@pytest.fixture
def enter(cast, client):
    """Sign somebody in: `enter("raul").get(...)`."""

    def sign_in(name):
        client.force_login(cast.users[name], backend="recaudo.workforce.backends.StaffBackend")
        return client

    return sign_in


def pay(cast, account="maria", minor=100_000, key="p-1", **more):
    row = cast.accounts[account] if account else None
    values = {"currency": row.currency if row else "MXN", "paid_on": cast.today, "by": cast.raul, "at": cast.now, "external_id": key}
    return portfolio.record_payment(account=row, amount_minor=minor, **values | more)


STAFF = ["sofia", "ana", "elena", "gabriel", "carmen", "ignacio", "raul", "nadia"]
GRANTED = {
    "portfolios": set(STAFF),
    "creditor-new": {"gabriel", "ignacio", "raul"},
    "portfolio-new": {"gabriel", "ignacio", "raul"},
    "payments": {"sofia", "ana", "gabriel", "carmen", "ignacio", "raul", "nadia"},
    "payments-export": {"sofia", "gabriel", "carmen", "ignacio", "raul"},
    "payment-new": {"gabriel", "raul"},
    "duplicates": {"gabriel", "raul"},
}


@pytest.mark.parametrize("page", GRANTED)
@pytest.mark.parametrize("who", STAFF)
def test_each_page_opens_for_those_whose_role_allows_it(cast, enter, page, who):
    answer = enter(who).get(reverse(f"portfolio:{page}"))
    expected = 200 if who in GRANTED[page] else 404 if (page, who) == ("payments-export", "elena") else 403
    assert answer.status_code == expected


@pytest.mark.parametrize("page", GRANTED)
def test_nobody_gets_in_without_signing_in(cast, client, page):
    answer = client.get(reverse(f"portfolio:{page}"))
    assert answer.status_code == 302
    assert "/cuenta/" in answer.url


def addresses(cast):
    """Every address of the portfolio that names a row of the first tenant, with the method that opens it."""
    with tenancy.acting(cast.tenant.id):
        payment = pay(cast)
        account, person = cast.accounts["maria"], cast.maria
        point = person.contact_points.first()
        consent = portfolio.give_consent(person=person, kind="channel_optout", channels=["sms"], source="call", evidence="", by=cast.ana, at=cast.now)
        merge = portfolio.merge_persons(kept=cast.lucia, merged=cast.pedro, reason="x", by=cast.raul, at=cast.now)
        paper = portfolio.add_document(account=account, kind="invoice", title="Factura", file=SimpleUploadedFile("a.pdf", PDF), by=cast.raul, at=cast.now)
    named = [
        ("get", "creditor", [account.creditor_id]), ("get", "portfolio", [account.portfolio_id]), ("post", "creditor-buckets", [account.creditor_id]),
        ("get", "payment-identify", [payment.id]), ("get", "payment-accounts", [payment.id]), ("get", "payment-reverse", [payment.id]),
        ("post", "unmerge", [merge.id]), ("get", "person-contact-points", [person.id]), ("post", "contact-point-status", [person.id, point.id]),
        ("get", "person-consents", [person.id]), ("post", "consent-revoke", [person.id, consent.id]), ("get", "account-documents", [account.id]),
        ("get", "account-pause", [account.id]), ("get", "document", [paper.id]),
    ]  # fmt: skip
    return [(method, reverse(f"portfolio:{name}", args=args), name) for method, name, args in named]


def test_another_tenant_gets_the_same_answer_as_for_what_does_not_exist(cast, enter, tmp_state):
    cast.users["victor"].roles = ["collections_manager", "tenant_admin", "back_office"]
    rows = addresses(cast)
    with tenancy.acting(cast.other_tenant.id):
        cast.users["victor"].save()
        client = enter("victor")
        for method, url, name in rows:
            answer = getattr(client, method)(url)
            nowhere = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "00000000-0000-7000-8000-000000000000", url)
            absent = getattr(client, method)(nowhere)
            assert (name, answer.status_code) == (name, 404)
            assert strip(answer) == strip(absent)


def strip(answer):
    """The body without the token that is new on each page and without the address that was asked for."""
    return re.sub(rb"\b[A-Za-z0-9]{64}\b|[0-9a-f]{8}-[0-9a-f-]{27}", b"", answer.content)


@pytest.mark.parametrize(("who", "code"), [("nadia", 200), ("silvia", 404)])
def test_an_agency_reaches_only_what_is_placed_with_it(cast, enter, who, code, tmp_state):
    account = cast.accounts["maria"]
    portfolio.place_accounts(account_ids=[account.id], agency=cast.agencies["NORTE"], team=None, from_on=cast.today, by=cast.gabriel, at=cast.now)
    paper = portfolio.add_document(account=account, kind="invoice", title="Factura", file=SimpleUploadedFile("a.pdf", PDF), by=cast.raul, at=cast.now)
    client = enter(who)
    for url in (
        reverse("portfolio:person-contact-points", args=[cast.maria.id]), reverse("portfolio:person-consents", args=[cast.maria.id]),
        reverse("portfolio:account-documents", args=[account.id]), reverse("portfolio:document", args=[paper.id]),
    ):  # fmt: skip
        assert client.get(url).status_code == code


def test_an_agency_sees_sums_of_its_own_accounts_only(cast, enter):
    portfolio.accrue(on=cast.today, by=SYSTEM, at=cast.now)
    portfolio.place_accounts(account_ids=[cast.accounts["maria"].id], agency=cast.agencies["NORTE"], team=None, from_on=cast.today,
                             by=cast.gabriel, at=cast.now)  # fmt: skip
    text = enter("nadia").get(reverse("portfolio:portfolios")).content.decode()
    assert "$ 12,500.00 MXN" in text  # María's, without Lucía's
    assert "$ 15,500.00 MXN" not in text
    assert "$ 15,500.00 MXN" in enter("gabriel").get(reverse("portfolio:portfolios")).content.decode()


def test_portfolios_are_shown_as_of_the_last_roll(cast, enter):
    page = enter("gabriel").get(reverse("portfolio:portfolios"))
    assert "al cierre" not in page.content.decode()
    portfolio.accrue(on=cast.today, by=SYSTEM, at=cast.now)
    text = enter("gabriel").get(reverse("portfolio:portfolios")).content.decode()
    assert "al cierre del 24" in text
    assert "31 a 60 días: 1 cuentas" in text


def test_a_creditor_is_registered_and_changed(cast, enter):
    client = enter("gabriel")
    form = {"code": "NUEVO", "name": "Financiera Nueva", "country": "CO", "voice": "usted", "how_to_pay": "PSE", "complaint_contact": "600 111",
            "is_active": "on"}  # fmt: skip
    order = ["interest", "principal", "fees", "taxes", "insurance", "default_interest", "collection_cost"]
    form |= {f"order_{place}": name for place, name in enumerate(order, start=1)}
    assert client.post(reverse("portfolio:creditor-new"), form).status_code == 302
    row = Creditor.objects.get(code="NUEVO")
    assert (row.waterfall, row.how_to_pay) == (order, "PSE")
    url = reverse("portfolio:creditor", args=[row.id])
    again = client.post(url, form | {"order_1": "principal"})
    assert "una sola vez" in again.content.decode()
    assert client.post(reverse("portfolio:creditor-new"), form).status_code == 200  # the code is taken
    assert Creditor.objects.filter(code="NUEVO").count() == 1
    buckets = client.post(reverse("portfolio:creditor-buckets", args=[row.id]), {"valid_from": "2026-11-24", "early_below_days": 90, "late_from_days": 150})
    assert buckets.status_code == 302
    assert 'value="90"' in client.get(url).content.decode()


def test_a_portfolio_with_accounts_keeps_its_currency(cast, enter):
    row = cast.portfolios["credit_card-MX"]
    form = {"creditor": row.creditor_id, "code": row.code, "name": "Tarjetas", "product": "credit_card", "kind": "consumer", "currency": "USD",
            "country": "MX", "is_active": "on"}  # fmt: skip
    url = reverse("portfolio:portfolio", args=[row.id])
    assert "ya tiene cuentas" in enter("gabriel").post(url, form).content.decode()
    assert enter("gabriel").post(url, form | {"currency": "MXN"}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.currency) == ("Tarjetas", "MXN")


def test_a_payment_by_hand_is_recorded_once_however_often_the_button_is_pressed(cast, enter):
    client = enter("raul")
    page = client.get(reverse("portfolio:payment-new"), {"cuenta": "CTA-MARIA"}).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page).group(1)
    form = {"key": key, "number": "CTA-MARIA", "amount": "1000.50", "currency": "MXN", "paid_on": "2026-11-20", "method": "cash", "reference": "R1"}
    for _ in range(2):
        assert client.post(reverse("portfolio:payment-new"), form).status_code == 302
    assert Payment.objects.get().amount_minor == 100_050
    listed = client.get(reverse("portfolio:payments")).content.decode()
    assert "$ 1,000.50 MXN" in listed


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"number": "NADA"}, "No hay una cuenta"), ({"amount": "10.555"}, "más decimales"), ({"paid_on": "2999-01-01"}, "futura"),
     ({"currency": "CLP", "amount": "10"}, "La cuenta") , ({"amount": "0"}, "mayor que cero")],
)  # fmt: skip
def test_a_wrong_payment_says_what_is_wrong(cast, enter, wrong, told):
    form = {"key": "00000000-0000-7000-8000-000000000001", "number": "CTA-MARIA", "amount": "10", "currency": "MXN", "paid_on": "2026-11-20", "method": "cash"}
    answer = enter("raul").post(reverse("portfolio:payment-new"), form | wrong)
    assert answer.status_code == 200
    assert told.lower() in answer.content.decode().lower()
    assert not Payment.objects.exists()


def test_an_unidentified_payment_is_found_an_account(cast, enter):
    payment = pay(cast, None, 250_000, reference="REFMARIA", payer="M LOPEZ")
    client = enter("raul")
    assert "Por identificar" in client.get(reverse("portfolio:payments")).content.decode()
    page = client.get(reverse("portfolio:payment-identify", args=[payment.id])).content.decode()
    assert "CTA-MARIA" in page  # by its reference, before anything is typed
    assert "M LOPEZ" in page
    found = client.get(reverse("portfolio:payment-accounts", args=[payment.id]), {"q": "lucia"}).content.decode()
    assert "CTA-LUCIA" in found
    assert "CTA-PEDRO" not in client.get(reverse("portfolio:payment-accounts", args=[payment.id]), {"q": "pedro"}).content.decode()  # in pesos of Chile
    url = reverse("portfolio:payment-identify", args=[payment.id])
    assert client.post(url, {"account": "x"}).status_code == 404
    assert client.post(url, {"account": str(cast.accounts["maria"].id)}).status_code == 302
    payment.refresh_from_db()
    assert payment.account_id == cast.accounts["maria"].id
    assert client.post(url, {"account": str(cast.accounts["lucia"].id)}).status_code == 409


def test_the_list_shows_no_payer(cast, enter):
    pay(cast, None, 250_000, payer="M LOPEZ SECRETO")
    assert "SECRETO" not in enter("ana").get(reverse("portfolio:payments")).content.decode()


def test_reversing_asks_for_a_reason_and_needs_the_right(cast, enter):
    payment = pay(cast)
    url = reverse("portfolio:payment-reverse", args=[payment.id])
    assert enter("raul").get(url).status_code == 403
    client = enter("gabriel")
    assert "Motivo" in client.get(url).content.decode()
    assert client.post(url, {"reason": ""}).status_code == 200
    assert client.post(url, {"reason": "Cheque devuelto"}).status_code == 302
    payment.refresh_from_db()
    assert (payment.status, payment.reversal_reason) == ("reversed", "Cheque devuelto")
    assert client.post(url, {"reason": "otra"}).status_code == 409


def test_the_list_of_payments_goes_on_page_after_page(cast, enter):
    for number in range(120):
        pay(cast, "maria", 10, key=f"k{number}", paid_on=cast.today - timedelta(days=number // 40))
    client, seen, url = enter("gabriel"), [], reverse("portfolio:payments")
    while url:
        page = client.get(url)
        seen += [payment.external_id for payment in page.context["payments"]]
        cursor = page.context["next_cursor"]
        url = f"{reverse('portfolio:payments')}?after={cursor}" if cursor else ""
    assert len(seen) == len(set(seen)) == 120


def test_filters_of_the_list(cast, enter):
    pay(cast, "maria", 10, key="a", reference="X9")
    pay(cast, "pedro", 10, key="b")
    pay(cast, None, 10, key="c")

    def listed(**query):
        return [p.external_id for p in enter("gabriel").get(reverse("portfolio:payments"), query).context["payments"]]

    assert listed(status="unidentified") == ["c"]
    assert listed(q="x9") == []
    assert listed(q="X9") == ["a"]
    assert listed(q="cta-pedro") == ["b"]
    assert listed(portfolio=str(cast.portfolios["credit_card-MX"].id)) == ["a"]
    assert listed(until_on="2020-01-01") == []
    assert len(listed(from_on="no es fecha")) == 3


def test_an_export_is_neutral_and_leaves_a_trace(cast, enter):
    pay(cast, "maria", 10, key="a", reference="=1+1")
    client = enter("gabriel")
    answer = client.get(reverse("portfolio:payments-export"))
    body = b"".join(answer.streaming_content)
    assert body.startswith(b"\xef\xbb\xbfFecha de pago,")
    assert b",'=1+1," in body
    assert answer["Content-Disposition"] == 'attachment; filename="pagos.csv"'
    sheet = client.get(reverse("portfolio:payments-export"), {"formato": "xlsx"})
    assert b"".join(sheet.streaming_content).startswith(b"PK")
    events = Event.objects.filter(name="list.exported")
    assert [event.detail["rows"] for event in events] == [1, 1]


def make_twin(cast):
    return Person.objects.create(
        name="Maria Lopez Nunez", search_name="maria lopez nunez", id_type="RFC", national_id="LOMM800101AB1",
        national_id_index=blind_index("LOMM800101AB1", "national_id"), country="MX", created_at=cast.now,
    )  # fmt: skip


def test_duplicates_are_joined_and_taken_apart_on_the_page(cast, enter):
    twin, client = make_twin(cast), enter("raul")
    page = client.get(reverse("portfolio:duplicates")).content.decode()
    assert "Maria Lopez Nunez" in page
    assert "LOMM800101AB1" not in page
    form = {"kept": str(cast.maria.id), "merged": str(twin.id), "reason": "Misma identificación"}
    assert client.post(reverse("portfolio:merge"), form).status_code == 302
    merge = PersonMerge.objects.get()
    assert "Deshacer" in client.get(reverse("portfolio:duplicates")).content.decode()
    assert client.post(reverse("portfolio:merge"), form).status_code == 409
    assert client.post(reverse("portfolio:unmerge", args=[merge.id])).status_code == 302
    assert client.post(reverse("portfolio:unmerge", args=[merge.id])).status_code == 409
    twin.refresh_from_db()
    assert twin.merged_into_id is None


def test_a_pair_is_declared_two_persons_on_the_page(cast, enter):
    twin, client = make_twin(cast), enter("raul")
    assert client.post(reverse("portfolio:dismiss-duplicate"), {"left": str(cast.maria.id), "right": str(twin.id)}).status_code == 302
    assert "Maria Lopez Nunez" not in client.get(reverse("portfolio:duplicates")).content.decode()
    assert client.post(reverse("portfolio:dismiss-duplicate"), {"left": "x"}).status_code == 404
    assert enter("ana").post(reverse("portfolio:merge"), {}).status_code == 403


def test_contact_points_are_added_and_changed_in_place(cast, enter):
    client, url = enter("ana"), reverse("portfolio:person-contact-points", args=[cast.maria.id])
    page = client.get(url).content.decode()
    assert "··5678" in page
    assert "5512345678" not in page
    form = {"kind": "phone", "value": "55 8888 7777", "source": "debtor", "place": "work"}
    assert "··7777" in client.post(url, form).content.decode()
    point = ContactPoint.objects.get(hint="··7777")
    wrong = client.post(url, form | {"value": "123"})
    assert (wrong.status_code, "no se guardó" in wrong.content.decode()) == (200, True)
    status = reverse("portfolio:contact-point-status", args=[cast.maria.id, point.id])
    assert client.post(status, {"status": "wrong_party"}).status_code == 200
    assert client.post(status, {"status": "inventado"}).status_code == 404
    point.refresh_from_db()
    assert point.status == "wrong_party"
    other = reverse("portfolio:contact-point-status", args=[cast.pedro.id, point.id])
    assert client.post(other, {"status": "valid"}).status_code == 404


def test_consents_are_recorded_and_revoked_in_place(cast, enter):
    client, url = enter("ana"), reverse("portfolio:person-consents", args=[cast.maria.id])
    form = {"kind": "authorised_channel", "channels": ["sms", "im"], "source": "call", "evidence": ""}
    assert "dónde está la prueba" in client.post(url, form).content.decode()
    assert "Quedó registrado" in client.post(url, form | {"evidence": "Grabación 88"}).content.decode()
    consent = Consent.objects.get()
    assert consent.channels == ["sms", "im"]
    assert "Revocado" in client.post(reverse("portfolio:consent-revoke", args=[cast.maria.id, consent.id])).content.decode()


def test_who_may_only_look_sees_no_editor(cast, enter):
    url = reverse("portfolio:person-contact-points", args=[cast.maria.id])
    assert "Agregar un medio" not in enter("carmen").get(url).content.decode()
    assert enter("carmen").post(url, {}).status_code == 404


@pytest.mark.parametrize("name", ["../../../etc/cron.d/x.pdf", "a\x00b.pdf", "C:\\x.pdf", ".htaccess", "x" * 300 + ".pdf"])
def test_the_name_of_an_upload_never_decides_where_it_lies(cast, enter, tmp_state, name):
    client, url = enter("raul"), reverse("portfolio:account-documents", args=[cast.accounts["maria"].id])
    file = io.BytesIO(PDF)
    file.name = name
    answer = client.post(url, {"kind": "contract", "title": "Contrato <b>", "file": file})
    kept = [path for path in tmp_state.rglob("*") if path.is_file()]
    if answer.status_code == 302:
        paper = Document.objects.get()
        assert [path.relative_to(tmp_state / "files").as_posix() for path in kept] == [paper.path]
        assert re.fullmatch(r"documents/[0-9a-f-]{36}/[0-9a-f-]{36}\.pdf", paper.path)
    else:
        assert kept == []


def test_a_document_comes_back_as_a_download_that_no_browser_runs(cast, enter, tmp_state):
    client, account = enter("raul"), cast.accounts["maria"]
    url = reverse("portfolio:account-documents", args=[account.id])
    client.post(url, {"kind": "contract", "title": 'Contrato "1"; x', "file": SimpleUploadedFile("c.pdf", PDF)})
    paper = Document.objects.get()
    answer = client.get(reverse("portfolio:document", args=[paper.id]))
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="contrato-1-x.pdf"'
    assert (answer["X-Content-Type-Options"], answer["Content-Type"]) == ("nosniff", "application/pdf")
    (tmp_state / "files" / paper.path).unlink()
    assert client.get(reverse("portfolio:document", args=[paper.id])).status_code == 404


@pytest.mark.parametrize("body", [b"<svg onload=alert(1)>", b"<html><script>", b"", b"MZ\x90"], ids=["svg", "html", "empty", "program"])
def test_only_papers_are_taken(cast, enter, tmp_state, body):
    url = reverse("portfolio:account-documents", args=[cast.accounts["maria"].id])
    answer = enter("raul").post(url, {"kind": "contract", "title": "x", "file": SimpleUploadedFile("x.pdf", body, "application/pdf")})
    assert answer.status_code == 200
    assert not Document.objects.exists()
    assert enter("ana").post(url, {}).status_code == 403


def test_a_pause_is_set_on_its_page(cast, enter):
    url = reverse("portfolio:account-pause", args=[cast.accounts["maria"].id])
    assert enter("ana").get(url).status_code == 403
    client = enter("gabriel")
    assert "antes" in client.post(url, {"from_on": "2026-11-10", "until_on": "2026-11-01", "reason": "x"}).content.decode() or not DelinquencyPause.objects.exists()
    assert client.post(url, {"from_on": "2026-11-01", "until_on": "2026-11-21", "reason": "Huracán"}).status_code == 302
    assert "Huracán" in client.get(url).content.decode()
    assert DelinquencyPause.objects.get().reason == "Huracán"


def more_rows(cast, count):
    model = cast.accounts["maria"]
    for number in range(count):
        person = Person.objects.create(
            name=f"Persona {number // 2}", search_name=f"persona {number // 2}", country="MX", created_at=cast.now,
            national_id_index=blind_index(f"ID{number // 2}", "national_id"),
        )  # fmt: skip
        account = Account.objects.create(
            creditor=model.creditor, portfolio=model.portfolio, number=f"N-{count}-{number}", holder=person, product="credit_card",
            currency="MXN", created_at=cast.now,
        )  # fmt: skip
        portfolio.record_payment(account=account, amount_minor=10, currency="MXN", paid_on=cast.today, external_id=f"n{count}-{number}",
                                 by=cast.raul, at=cast.now)  # fmt: skip
        portfolio.record_payment(account=None, amount_minor=10, currency="MXN", paid_on=cast.today, external_id=f"u{count}-{number}",
                                 by=cast.raul, at=cast.now)  # fmt: skip
        portfolio.give_consent(person=cast.maria, kind="channel_optout", channels=[], source="call", evidence="", by=cast.ana, at=cast.now)


def test_pages_take_few_queries_and_no_more_with_more_rows(cast, enter):
    client = enter("gabriel")
    pages = [reverse(f"portfolio:{name}") for name in ("portfolios", "payments", "duplicates", "payment-new", "creditor-new", "portfolio-new")]
    pages += [reverse(f"portfolio:{name}", args=[cast.maria.id]) for name in ("person-contact-points", "person-consents")]
    pages += [reverse(f"portfolio:{name}", args=[cast.accounts["maria"].id]) for name in ("account-documents", "account-pause")]
    pages += [reverse("portfolio:creditor", args=[cast.accounts["maria"].creditor_id])]

    def counted():
        counts = {}
        for page in pages:
            with CaptureQueriesContext(connection, ) as queries:
                assert client.get(page).status_code == 200
            counts[page] = len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "SELECT set_config"))])
        return counts

    counted()  # the first answer of a session also notes when it was seen
    more_rows(cast, 4)
    few = counted()
    more_rows(cast, 16)
    many = counted()
    assert many == few
    assert max(many.values()) <= 12, many


def test_no_page_carries_a_style_or_a_script_of_its_own(cast, enter):
    pay(cast, None, 10)
    portfolio.accrue(on=cast.today, by=SYSTEM, at=cast.now)
    client = enter("gabriel")
    for name in ("portfolios", "payments", "duplicates", "payment-new", "creditor-new"):
        text = client.get(reverse(f"portfolio:{name}")).content.decode()
        assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*src=)", text)
