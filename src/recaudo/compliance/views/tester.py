"""The permission tester for one person. It asks the gate's own code and leaves no Permit and no record of one."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from recaudo.casework.words import HOUSE_RULE_ES
from recaudo.compliance import words
from recaudo.compliance.forms.trial import TrialForm, first_question
from recaudo.compliance.queries import tester as queries
from recaudo.compliance.views.clock import zone_of
from recaudo.engine.comply import Room
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotAllowed, NotFound
from recaudo.law import queries as law
from recaudo.law import words as law_words
from recaudo.law.queries import Rules
from recaudo.portfolio.models import Person
from recaudo.ui.access import allow
from recaudo.ui.lookup import one
from recaudo.workforce.models import Agency

QUESTION = ("cuenta", "canal", "medio", "proposito", "dia", "hora")


@allow("compliance.view")
@require_safe
def tester(request: HttpRequest) -> HttpResponse:
    """Find the person."""
    _may_see_persons(request)
    text = request.GET.get("q", "").strip()[:80]
    found = queries.find(text) if text else []
    return render(request, "compliance/tester.html", {"q": text, "found": found, "limit": queries.FOUND})


@allow("compliance.view")
@require_safe
def tester_person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """The answer about one person. Each question is written down as a look at their data."""
    _may_see_persons(request)
    now, person = timezone.now(), one(Person.objects.defer("national_id", "birth_on"), id=person_id)
    known = queries.known(person, at=now, clock=zone_of(request))
    if known is None:
        raise NotFound()
    journal.record("person.viewed", by=request.user, at=now, subject="person", subject_id=person.id, page="tester")
    here = now.astimezone(ZoneInfo(known.zone))
    given = {**first_question(known, at=now), **{name: request.GET[name] for name in QUESTION if name in request.GET}}
    form, rules = TrialForm(given, known=known, today=here.date()), law.rules()
    context: dict[str, Any] = {"person": known.person, "known": known, "form": form, "today": here.date(), "now": now, "accounts": known.accounts}
    if form.is_valid():
        typed = form.cleaned_data
        question = queries.asked(known, channel=typed["canal"], purpose=typed["proposito"], account=typed["cuenta"], point=typed["medio"])
        known = queries.at_moment(known, at=form.at)
        context |= _answered(known, question, form, rules) | _calendar(request, known, question, typed["dia"], rules)
        context["is_past"] = form.at < now - timedelta(minutes=1)
    return render(request, "compliance/tester_person.html", context, status=200 if form.is_valid() else 422)


def _may_see_persons(request: HttpRequest) -> None:
    if not request.user.may("person.view"):
        raise NotAllowed()


def _answered(known: queries.Known, question: Any, form: TrialForm, rules: Rules) -> dict[str, Any]:
    agency = Agency.objects.filter(id=question.collector_id).values_list("name", flat=True).first() or ""
    found = queries.trial(known, question, at=form.at, rules=rules, agency=agency)
    typed = form.cleaned_data
    here = typed["hora"]
    pack = rules.pack(known.dossier.country, known.dossier.subdivision, known.dossier.municipality)
    return {
        "found": found, "answer": found.answer, "mark": f"{(here.hour * 60 + here.minute) / law.SLOT_MINUTES:.2f}",
        "grounds": [(ground, *_confidence(ground.confidence), HOUSE_RULE_ES.get(ground.rule, "")) for ground in found.grounds],
        "rooms": [(room, *_room_in_words(room)) for room in found.rooms], "legend": _legend(found),
        "jurisdiction": pack.chain[0].name if pack.chain else "", "jurisdiction_code": pack.jurisdiction if pack.chain else "", "at": form.at,
    }  # fmt: skip


def _confidence(code: str) -> tuple[str, str]:
    return law_words.CONFIDENCE.get(code, law_words.HOUSE_CONFIDENCE)


def _room_in_words(room: Room) -> tuple[str, str]:
    """What shares a limit, and its period."""
    period = "esta semana" if room.days is None else "hoy" if room.days == 1 else f"en {room.days} días"
    return (words.channels_es(room.channels) if room.channels else "todos los canales"), period


def _legend(found: queries.Trial) -> list[tuple[str, str, str]]:
    """Rules that close some half hour of the strip: id, its name in words, its colour."""
    seen = {span.rule: span.tone for day in found.strip for span in day.spans if span.rule}
    return [(rule, HOUSE_RULE_ES.get(rule, ""), tone) for rule, tone in seen.items()]


def _calendar(request: HttpRequest, known: queries.Known, question: Any, asked: date, rules: Rules) -> dict[str, Any]:
    """A month by default, or the week of the day asked about; `mes` moves it."""
    is_week = request.GET.get("vista") == "semana"
    shown = _shown(request.GET.get("desde", ""), asked)
    first = shown - timedelta(days=shown.weekday()) if is_week else shown.replace(day=1)
    last = first + timedelta(days=6) if is_week else first.replace(day=calendar.monthrange(first.year, first.month)[1])
    grid = (first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday()))
    cells = queries.calendar(known, question, first=grid[0], last=grid[1], inside=(first, last), rules=rules)
    return {
        "cells": [(cell, [law_words.hours(*span) for span in cell.hours]) for cell in cells], "is_week": is_week, "first": first, "last": last, "weekdays": law_words.DAYS,
        "before": first - timedelta(days=1) if not is_week else first - timedelta(days=7), "after": last + timedelta(days=1), "house": HOUSE_RULE_ES,
        "total": sum(mark.count for cell in cells if cell.is_inside for mark in cell.marks),
    }  # fmt: skip


def _shown(text: str, otherwise: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return day if abs((day - otherwise).days) <= 3660 else otherwise
