"""Reads of messaging: waves and their progress, messages, the mailbox, answers that wait, templates."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from recaudo.casework.models import Action, Wave
from recaudo.messaging.models import Message, Pace, Template
from recaudo.store.kept import kept_when_large

SAMPLES = 3
UNSENT = ("planned", "in_progress")
# what an inbound message says when a person must read it (services/replies.py)
FOR_PEOPLE = ("DG05", "payment_claim", "dispute", "callback", "human")


# From so many actions on, a list of waves shows the figures of half a minute ago; the page of one wave is always exact.
KEPT_FROM_ACTIONS, KEPT_SECONDS = 10_000, 30


@dataclass(slots=True)
class WaveView:
    """A wave with its figures, in actions. `rules` counts what was refused when sending; `deferred` what waits for another hour."""

    wave: Wave
    by_status: dict[str, int] = field(default_factory=dict)
    by_template: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    deferred: int = 0

    @property
    def total(self) -> int:
        return sum(self.by_status.values()) or self.wave.action_count

    @property
    def sent(self) -> int:
        return self.by_status.get("done", 0)

    @property
    def waiting(self) -> int:
        return sum(self.by_status.get(status, 0) for status in UNSENT)

    @property
    def refused(self) -> int:
        return self.by_status.get("refused", 0)

    @property
    def stopped(self) -> int:
        """Cancelled by a payment, a promise, an opt-out, or because they came too late."""
        return self.by_status.get("cancelled", 0) + self.by_status.get("expired", 0)

    @property
    def percent_done(self) -> int:
        return round(100 * (self.total - self.waiting) / self.total) if self.total else 0

    @property
    def is_moving(self) -> bool:
        return self.wave.status == "released" and self.waiting > 0


def waves(*, since: date) -> list[WaveView]:
    """Waves of the days since one, newest first, with their figures: of a moment ago where they are many. Two queries."""
    found = list(Wave.objects.filter(on__gte=since).order_by("-on", "channel", "id"))
    name = "waves." + "".join(f"{one.id.hex}{one.status}" for one in found)
    digest = hashlib.sha256(name.encode()).hexdigest()
    return kept_when_large(
        digest, lambda: _with_figures(found), size=lambda views: sum(one.total for one in views), from_size=KEPT_FROM_ACTIONS, seconds=KEPT_SECONDS
    )


def wave_view(wave: Wave) -> WaveView:
    """One wave with its figures."""
    return _with_figures([wave])[0]


def _with_figures(found: list[Wave]) -> list[WaveView]:
    views = {wave.id: WaveView(wave) for wave in found}
    late = Count("id", filter=Q(status="planned") & ~Q(permit_rule=""))
    rows = Action.objects.filter(wave_id__in=list(views)).values("wave_id", "status", "template", "permit_rule").annotate(n=Count("id"), late=late)
    for row in rows:
        view, count = views[row["wave_id"]], row["n"]
        view.by_status[row["status"]] = view.by_status.get(row["status"], 0) + count
        view.by_template[row["template"]] = view.by_template.get(row["template"], 0) + count
        view.deferred += row["late"]
        if row["permit_rule"] and row["status"] in {"refused", "planned"}:
            view.rules[row["permit_rule"]] = view.rules.get(row["permit_rule"], 0) + count
    return list(views.values())


def sample_actions(wave: Wave, *, template: str = "", offset: int = 0) -> list[Action]:
    """Some actions of a wave, most urgent first, to look at before it is released."""
    found = Action.objects.filter(wave_id=wave.id, status="planned")
    if template:
        found = found.filter(template=template)
    return list(found.order_by("-priority", "id")[offset : offset + SAMPLES])


def messages(*, channel: str = "", status: str = "", direction: str = "") -> QuerySet[Message]:
    """Messages newest first; the text and the address are read only when asked for."""
    found = Message.objects.order_by("-created_at", "-id")
    for name, value in (("channel", channel), ("status", status), ("direction", direction)):
        if value:
            found = found.filter(**{name: value})
    return found


def conversations(*, channel: str = "", limit: int = 40) -> list[Message]:
    """The newest message of each person and channel that went through a sandbox, newest first."""
    found = Message.objects.filter(provider="sandbox").defer("to", "body", "subject").order_by("-created_at", "-id")
    if channel:
        found = found.filter(channel=channel)
    newest: dict[tuple[UUID, str], Message] = {}
    for message in found[: limit * 10]:
        newest.setdefault((message.person_id, message.channel), message)
        if len(newest) >= limit:
            break
    return list(newest.values())


def thread(*, person_id: UUID, channel: str, limit: int = 30) -> list[Message]:
    """What was written with a person on a channel, oldest first."""
    found = Message.objects.filter(person_id=person_id, channel=channel).order_by("-created_at", "-id")[:limit]
    # What comes in carries the instant; what goes out is told by when it went.
    return sorted(found, key=lambda m: (m.sent_at or m.created_at, m.direction == "in"))


def in_trouble(names: Iterable[str]) -> list[tuple[str, datetime]]:
    """Providers (channel:provider) that do not answer, and when each is asked again."""
    rows = Pace.objects.filter(name__in=list(names), failures__gt=0, resumes_at__isnull=False)
    return list(rows.order_by("name").values_list("name", "resumes_at"))


def answers_waiting() -> QuerySet[Message]:
    """Answers that a person must read: neither a stop nor «no soy yo», oldest first."""
    return Message.objects.filter(direction="in", status="received", reason__in=FOR_PEOPLE).order_by("created_at", "id")


def templates() -> QuerySet[Template]:
    return Template.objects.order_by("name", "code", "channel", "-version")


def template_list() -> dict[tuple[str, str], list[Template]]:
    """Templates by code and name, newest versions of each channel first; what is in force, in review or a draft."""
    grouped: dict[tuple[str, str], list[Template]] = defaultdict(list)
    for one in templates().exclude(status="retired"):
        grouped[one.code, one.name].append(one)
    return dict(grouped)


def versions(template: Template) -> QuerySet[Template]:
    """All versions of a template, newest first."""
    return Template.objects.filter(code=template.code, channel=template.channel, language=template.language).order_by("-version")


def template_names(codes: Iterable[str]) -> dict[str, str]:
    """The name of each template code."""
    return dict(Template.objects.filter(code__in=list(codes)).order_by("version").values_list("code", "name"))


def sendable(channels: Iterable[str] = ("sms", "im", "email")) -> QuerySet[Template]:
    """Templates in force that a person may send by hand."""
    return Template.objects.filter(status="approved", channel__in=list(channels)).order_by("channel", "name")
