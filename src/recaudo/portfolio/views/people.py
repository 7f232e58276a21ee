"""Duplicate persons, and the fragments of a person: contact points and consents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio import queries, services
from recaudo.portfolio.forms import (
    ConsentForm,
    ContactPointForm,
    ContactStatusForm,
    LanguageForm,
    MergeForm,
    PairForm,
    PreferenceForm,
)
from recaudo.portfolio.models import Account, Consent, ContactPoint, Person, PersonMerge, Preference
from recaudo.portfolio.queries import POINT_ES, SOURCE_ES, STATUS_ES, points_of
from recaudo.portfolio.services.consents import CONSENT_ES
from recaudo.ui.access import allow
from recaudo.ui.lookup import one


@allow("person.merge")
@require_safe
def duplicates(request: HttpRequest) -> HttpResponse:
    context = {"candidates": queries.duplicates(limit=20), "merges": queries.merges(limit=20), "kinds": POINT_ES}
    return render(request, "portfolio/duplicates.html", context)


@allow("person.merge")
@require_POST
def merge(request: HttpRequest) -> HttpResponse:
    form = MergeForm(request.POST)
    if not form.is_valid():
        raise NotFound()
    kept, merged = _person(form.cleaned_data["kept"]), _person(form.cleaned_data["merged"])
    services.merge_persons(kept=kept, merged=merged, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
    messages.success(request, "Se unieron los dos registros. Puede deshacerlo más abajo.")
    return redirect("portfolio:duplicates")


@allow("person.merge")
@require_POST
def dismiss(request: HttpRequest) -> HttpResponse:
    form = PairForm(request.POST)
    if not form.is_valid():
        raise NotFound()
    left, right = _person(form.cleaned_data["left"]), _person(form.cleaned_data["right"])
    services.dismiss_duplicate(left=left, right=right, by=request.user, at=timezone.now())
    messages.success(request, "Quedó anotado: son dos personas. Este par no volverá a mostrarse.")
    return redirect("portfolio:duplicates")


@allow("person.merge")
@require_POST
def unmerge(request: HttpRequest, merge_id: UUID) -> HttpResponse:
    services.unmerge_persons(one(PersonMerge.objects.all(), id=merge_id), by=request.user, at=timezone.now())
    messages.success(request, "Se deshizo la unión: cada registro tiene de nuevo lo suyo.")
    return redirect("portfolio:duplicates")


@allow("person.view")
@require_http_methods(["GET", "POST"])
def contact_points(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A fragment of the account page: how a person can be reached; with person.edit, one more."""
    person = _person(person_id)
    form = ContactPointForm(request.POST or None)
    notice = ""
    if request.method == "POST":
        _may_edit(request)
        if form.is_valid():
            try:
                services.save_contact_point(person=person, by=request.user, at=timezone.now(), **form.cleaned_data)
            except Problem as problem:
                form.add_error("value", problem.text)
            else:
                form, notice = ContactPointForm(), "Se guardó el medio de contacto."
    return _contact_points(request, person, form, notice)


@allow("person.edit")
@require_POST
def contact_point_status(request: HttpRequest, person_id: UUID, point_id: UUID) -> HttpResponse:
    """A fragment: the same list after one of its points changed."""
    person = _person(person_id)
    point = one(ContactPoint.objects.defer("value"), id=point_id, person=person)
    form = ContactStatusForm(request.POST)
    if not form.is_valid():
        raise NotFound()
    status = form.cleaned_data["status"]
    services.set_contact_point_status(point, status=status, by=request.user, at=timezone.now(), reason="en pantalla")
    said = "El medio quedó en cuarentena en toda la organización: se libera con evidencia y dos personas." if status == "wrong_party" else "Se cambió el estado del medio de contacto."
    return _contact_points(request, person, ContactPointForm(), said)


@allow("person.view")
@require_http_methods(["GET", "POST"])
def consents(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A fragment of the account page: what a person allowed; with person.edit, one more."""
    person = _person(person_id)
    form = ConsentForm(request.POST or None)
    notice = ""
    if request.method == "POST":
        _may_edit(request)
        if form.is_valid():
            try:
                services.give_consent(person=person, by=request.user, at=timezone.now(), **form.cleaned_data)
            except Problem as problem:
                form.add_error("evidence", problem.text)
            else:
                form, notice = ConsentForm(), "Quedó registrado."
    return _consents(request, person, form, notice)


@allow("person.edit")
@require_POST
def consent_revoke(request: HttpRequest, person_id: UUID, consent_id: UUID) -> HttpResponse:
    person = _person(person_id)
    services.revoke_consent(one(Consent.objects.all(), id=consent_id, person=person), by=request.user, at=timezone.now())
    return _consents(request, person, ConsentForm(), "Quedó revocado.")


@allow("person.view")
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A fragment: when, how and in which language a person wants to be reached; with person.edit, one more wish."""
    person = _person(person_id)
    form, notice = PreferenceForm(), ""
    if request.method == "POST":
        _may_edit(request)
        if "language" in request.POST:
            services.set_language(person, language=request.POST["language"], by=request.user, at=timezone.now())
            return _preferences(request, person, form, "Quedó registrado el idioma.")
        form = PreferenceForm(request.POST)
        if form.is_valid():
            try:
                services.save_preference(person=person, by=request.user, at=timezone.now(), **form.cleaned_data)
            except Problem as problem:
                form.add_error(None, problem.text)
            else:
                form, notice = PreferenceForm(), "Quedó registrado: desde ahora se respeta."
    return _preferences(request, person, form, notice)


@allow("person.edit")
@require_POST
def preference_drop(request: HttpRequest, person_id: UUID, preference_id: UUID) -> HttpResponse:
    person = _person(person_id)
    services.drop_preference(one(Preference.objects.all(), id=preference_id, person=person), by=request.user, at=timezone.now())
    return _preferences(request, person, PreferenceForm(), "Se quitó la preferencia.")


def _preferences(request: HttpRequest, person: Person, form: PreferenceForm, notice: str) -> HttpResponse:
    wishes = [
        (wish, services.in_words(channel=wish.channel, days=wish.days, from_time=wish.from_time, until_time=wish.until_time, avoid=wish.avoid))
        for wish in Preference.objects.filter(person=person).order_by("-created_at")
    ]
    context = {
        "person": person, "wishes": wishes, "form": form, "done": notice, "said_by": services.SAID_BY_ES,
        "language_form": LanguageForm(initial={"language": person.language}),
    }  # fmt: skip
    return _part(request, "portfolio/_preferences.html", "Preferencias", context)


def _contact_points(request: HttpRequest, person: Person, form: ContactPointForm, notice: str) -> HttpResponse:
    context = {"person": person, "points": points_of(person.id), "form": form, "done": notice, "kinds": POINT_ES, "sources": SOURCE_ES, "statuses": STATUS_ES}
    return _part(request, "portfolio/_contact_points.html", "Medios de contacto", context)


def _consents(request: HttpRequest, person: Person, form: ConsentForm, notice: str) -> HttpResponse:
    given = Consent.objects.filter(person=person).order_by("-given_at")
    context = {"person": person, "consents": given, "form": form, "done": notice, "kinds": CONSENT_ES, "channels": CHANNEL_ES}
    return _part(request, "portfolio/_consents.html", "Consentimientos", context)


def _part(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
    """The fragment alone when a page asks for it; in a page of its own when somebody follows a link."""
    if request.htmx:
        return render(request, template, context)
    account_id = Account.objects.filter(holder_id=context["person"].id).order_by("-dpd").values_list("id", flat=True).first()
    return render(request, "portfolio/person_part.html", {**context, "part": template, "title": title, "account_id": account_id})


def _person(person_id: UUID) -> Person:
    person: Person = one(Person.objects.all(), id=person_id)
    return person


def _may_edit(request: HttpRequest) -> None:
    if not request.user.may("person.edit"):
        raise NotFound()
