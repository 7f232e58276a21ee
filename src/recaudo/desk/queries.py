"""What the pages of the desk show, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from recaudo.agreements.models import Promise
from recaudo.casework import queries as casework
from recaudo.casework import services
from recaudo.casework.models import Action, Case, Dispute, InterruptingAct
from recaudo.casework.queries import Dossier, Moment
from recaudo.casework.queries.dossier import KnownHold
from recaudo.casework.services import Answer
from recaudo.casework.words import HOLD_ES, POINT_STATUS_ES
from recaudo.engine.comply import Pack
from recaudo.kernel.contact import ROLE_ES, Purpose
from recaudo.kernel.problems import NotFound
from recaudo.law import queries as law
from recaudo.portfolio.models import Account, AccountParty, ContactPoint, Person, Placement
from recaudo.store import tenancy
from recaudo.strategy import queries as strategy

# What each kind of contact point can be used for, the first being what its button does.
USES: dict[str, tuple[str, ...]] = {"phone": ("call", "sms"), "im": ("im",), "email": ("email",), "address": ("visit", "letter")}
SHOWN_OBLIGATIONS = 50
PLACED = ("active", "recall_requested")
ROLE_ORDER = list(ROLE_ES)


@dataclass(frozen=True, slots=True)
class Use:
    """One channel of a contact point and whether it may be used now."""

    channel: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class UseGroup:
    """Channels of a contact point that got the same answer: said once."""

    channels: tuple[str, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class PointLine:
    """A contact point with its uses. `status_es` is empty while nothing is wrong with it."""

    point: ContactPoint
    status_es: str
    uses: tuple[Use, ...]

    @property
    def groups(self) -> list[UseGroup]:
        """The uses, those with the same answer together."""
        same: dict[tuple[bool, str, str, datetime | None], list[Use]] = {}
        for use in self.uses:
            said = use.answer
            same.setdefault((said.allowed, said.rule, said.reason_es, said.next_allowed_at), []).append(use)
        return [UseGroup(tuple(use.channel for use in uses), uses[0].answer) for uses in same.values()]

    @property
    def call(self) -> Answer | None:
        return next((use.answer for use in self.uses if use.channel == "call"), None)


@dataclass(frozen=True, slots=True)
class PartyView:
    person: Person
    role: str
    role_es: str
    points: tuple[PointLine, ...]


@dataclass(frozen=True, slots=True)
class HoldLine:
    hold: KnownHold
    kind_es: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Everything of the account page but its timeline."""

    account: Account
    person: Person
    obligations: tuple[Account, ...]
    totals: tuple[tuple[str, int, int], ...]
    parties: tuple[PartyView, ...]
    holds: tuple[HoldLine, ...]
    disputes: tuple[Dispute, ...]
    case: Case | None
    action: Action | None
    dossier: Dossier
    pack: Pack
    promise: Promise | None
    agency: str
    checked: tuple[str, ...] = ()

    @property
    def callable(self) -> list[tuple[PartyView, PointLine]]:
        """The numbers that may be called now, those of the holder first, three at most."""
        may = [(party, line) for party in self.parties for line in party.points if line.call is not None and line.call.allowed]
        return may[:3]

    @property
    def may_ask_reason(self) -> bool:
        return services.asks_reason(self.pack, self.account.accrued_on or date.max, self.person.subdivision)


def account_page(account_id: UUID, *, user_id: UUID, at: datetime) -> AccountPage:
    """The account with its person, parties, contact points and what may be done now. Raises NotFound.

    Ten queries whatever the number of accounts, parties, contact points and past actions.
    """
    placed = Placement.objects.filter(account_id=OuterRef("id"), status__in=PLACED, agency__isnull=False).values("agency__name")[:1]
    accounts = Account.objects.select_related("creditor", "portfolio", "holder").annotate(agency_name=Subquery(placed))
    account = accounts.filter(id=account_id).first()
    if account is None:
        raise NotFound()
    person = account.holder
    parties = list(AccountParty.objects.filter(account_id=account.id).select_related("person"))
    people = {party.person_id for party in parties} | {person.id}
    known = casework.dossiers(people, at=at)
    rules = law.rules()
    points = _points(people)
    case = casework.case_of(person.id)
    action = _in_hand(people, account.id, user_id, at)
    dossier = known.get(person.id)
    if dossier is None:
        raise NotFound()
    # What the person answers for is in the dossier: the obligations are read by key.
    mine = Account.objects.filter(id__in=[account.id, *dossier.accounts]).select_related("creditor")
    obligations = sorted(mine, key=lambda one: (-one.dpd, -one.overdue_minor, one.id))[:SHOWN_OBLIGATIONS]
    has_dispute = any(hold.kind == "dispute" for hold in dossier.holds)
    known_account = dossier.accounts.get(account.id)
    promised = known_account is not None and known_account.promise_due_on is not None
    return AccountPage(
        account=account,
        person=person,
        obligations=tuple(obligations),
        totals=_totals(obligations),
        parties=tuple(_party(party, known, points, account, at, rules) for party in _sorted(parties)),
        holds=tuple(HoldLine(hold, HOLD_ES.get(hold.kind, hold.kind)) for hold in dossier.holds if _is_read(hold, dossier, obligations)),
        disputes=tuple(casework.disputes_of(person.id)) if has_dispute else (),
        case=case,
        action=action,
        dossier=dossier,
        pack=rules.pack(person.country, person.subdivision, person.municipality),
        promise=Promise.objects.filter(account_id=account.id, status="active").first() if promised else None,
        agency=account.agency_name or "",
        checked=casework.identity_checked(action.id) if action else (),
    )


@dataclass(frozen=True, slots=True)
class Rest:
    """What the strategy decided the last day for an account that it leaves in peace: which day, and its reasons."""

    on: date
    why_es: str


RESTING = {"REST": "la estrategia decidió descansar", "HOLD": "la estrategia suspendió la gestión"}
# A decision older than this says nothing about today.
REST_DAYS = 4


def rest_of(account: Account, *, on: date) -> Rest | None:
    """Whether the newest day's strategy rests or suspends an account; None when it does not, or nothing recent was decided."""
    # The day is the organisation's; the account is one that who asks may see.
    with tenancy.acting(tenancy.tenant_id()):
        kept = strategy.snapshot_row(account.id)
    if kept is None or (on - kept[0].on).days > REST_DAYS:
        return None
    row = kept[1]
    if row.get("outcome") == "control":
        return Rest(kept[0].on, "la persona está en el grupo de control y no se le busca")
    treatment = str(row.get("treatment") or "")
    return Rest(kept[0].on, RESTING[treatment]) if treatment in RESTING else None


def prescription(account: Account, acts: Sequence[InterruptingAct], *, at: datetime) -> services.Clock:
    """The prescription clock of an account by the law of its holder's place, from what interrupted it."""
    person = account.holder
    pack = law.rules().pack(person.country, person.subdivision, person.municipality)
    valid = [act.on for act in acts if act.withdrawn_at is None]
    paid = [account.last_payment_on] if account.last_payment_on else []
    return services.clock(pack, due_on=account.oldest_due_on, interrupted=[*valid, *paid], on=services.day_of(person, at))


def _is_read(hold: KnownHold, dossier: Dossier, obligations: Sequence[Account]) -> bool:
    """An agency's people do not read why another creditor's account is held."""
    return tenancy.agency_id() is None or hold.account_id is None or hold.account_id in {one.id for one in obligations}


def page_timeline(page: AccountPage, before: tuple[datetime, UUID] | None = None) -> list[Moment]:
    """The person's history over all their accounts within reach."""
    return casework.timeline(
        page.person.id, account_ids=[one.id for one in page.obligations], bucket_account_id=page.account.id, before=before
    )


def history(account_id: UUID, *, before: tuple[datetime, UUID] | None) -> list[Moment]:
    """A further page of the timeline of an account's holder. Raises NotFound."""
    person_id = Account.objects.filter(id=account_id).values_list("holder_id", flat=True).first()
    if person_id is None:
        raise NotFound()
    accounts = list(AccountParty.objects.filter(person_id=person_id).values_list("account_id", flat=True))
    return casework.timeline(person_id, account_ids=accounts or [account_id], bucket_account_id=account_id, before=before)


def after(accounts: QuerySet[Account], cursor: tuple[int, int, UUID] | None) -> QuerySet[Account]:
    """The accounts that come after a cursor (days late, overdue, id) in the order of find_accounts."""
    if cursor is None:
        return accounts
    dpd, overdue, last = cursor
    return accounts.filter(
        Q(dpd__lte=dpd) & (Q(dpd__lt=dpd) | Q(overdue_minor__lt=overdue) | Q(overdue_minor=overdue, id__gt=last))
    )


LISTED = ("id", "number", "portfolio_id", "holder_id", "status", "stage", "bucket", "dpd", "currency", "overdue_minor", "balance_minor")


def listed_accounts(accounts: QuerySet[Account], *, limit: int, sees_person: bool) -> list[Account]:
    """The first of a list, with their holders where those may be seen. Two queries.

    The holders are read apart: row security hides from the planner how many rows there are, and joined with them it may read
    every account before it sorts. Only what a line shows is read.
    """
    rows = list(accounts.select_related(None).only(*LISTED)[:limit])
    if sees_person:
        holders = Person.objects.only("id", "name").in_bulk({row.holder_id for row in rows})
        for row in rows:
            row.holder = holders.get(row.holder_id)
    return rows


@dataclass(frozen=True, slots=True)
class AgendaDay:
    on: date
    callbacks: tuple[tuple[Action, Account | None, Person | None], ...]
    promises: tuple[Promise, ...]
    answers: tuple[Case, ...] = ()


def agenda(user_id: UUID, *, at: datetime, zone: str, days: int = 7, everybody: bool = False) -> list[AgendaDay]:
    """Callbacks, answers that wait and promises by day, from today (what is late stands there) for some days. Six queries."""
    clock = ZoneInfo(zone)
    today = at.astimezone(clock).date()
    last = today + timedelta(days=days - 1)
    until = datetime(last.year, last.month, last.day, tzinfo=clock) + timedelta(days=1)
    actions = list(casework.agenda_callbacks(user_id, until=until, everybody=everybody)[:500])
    accounts = Account.objects.select_related("holder").in_bulk({a.account_id for a in actions if a.account_id})
    promises = Promise.objects.filter(status="active", due_on__lte=last).select_related("account", "person").order_by("due_on", "id")
    if not everybody:
        mine = Case.objects.filter(assigned_to_id=user_id, status="open").values("person_id")
        promises = promises.filter(Q(by_id=user_id) | Q(person_id__in=mine))
    due = list(promises[:500])
    answers = _waiting_answers(user_id, at=at, everybody=everybody)
    found = []
    for offset in range(days):
        day = today + timedelta(days=offset)
        calls = [
            (a, accounts.get(a.account_id), accounts[a.account_id].holder if a.account_id in accounts else None)
            for a in actions
            if a.not_before_at and max(a.not_before_at.astimezone(clock).date(), today) == day
        ]
        kept = [p for p in due if max(p.due_on, today) == day]
        read = answers if offset == 0 else []
        if calls or kept or offset == 0:
            found.append(AgendaDay(day, tuple(calls), tuple(kept), tuple(read)))
    return found


def _waiting_answers(user_id: UUID, *, at: datetime, everybody: bool) -> list[Case]:
    """Cases that somebody should look at because the person wrote: their holder's, or nobody's in particular."""
    called = Action.objects.filter(person_id=OuterRef("person_id"), status="planned", treatment="callback")
    waiting = Case.objects.filter(~Exists(called), status="open", next_at__lte=at).select_related("person")
    if not everybody:
        waiting = waiting.filter(Q(assigned_to_id=user_id) | Q(assigned_to=None))
    return with_accounts(list(waiting.order_by("next_at", "id")[:100]))


def own_lock(user_id: UUID, *, at: datetime) -> Case | None:
    """The case that a person has open now, with the account to return to: that of its call, else the worst one."""
    # The strategy may have spared the worst account: who comes back must land on the one the call is about.
    calls = Action.objects.filter(case_id=OuterRef("id"), channel="call", status__in=["in_progress", "planned"], account_id__isnull=False)
    called = calls.order_by("status", "-priority").values("account_id")[:1]
    worst = Account.objects.filter(holder_id=OuterRef("person_id")).order_by("-dpd", "-overdue_minor").values("id")[:1]
    mine = Case.objects.filter(locked_by_id=user_id, locked_until__gt=at, status="open").select_related("person")
    found: Case | None = mine.annotate(account_id=Coalesce(Subquery(called), Subquery(worst))).order_by("-locked_until").first()
    return found


def coming_callbacks(user_id: UUID, *, until: datetime) -> list[tuple[Action, Account | None]]:
    """The next calls that a person promised, soonest first, with their accounts. Two queries."""
    actions = list(casework.agenda_callbacks(user_id, until=until)[:20])
    accounts = Account.objects.select_related("holder").in_bulk({a.account_id for a in actions if a.account_id})
    return [(action, accounts.get(action.account_id)) for action in actions]


def shift_cases(filter_by: str, *, at: datetime, user_id: UUID | None = None, limit: int = 100) -> list[Case]:
    """Open cases for the supervisor's table, worst first: all, unassigned, locked, or of one person."""
    cases = Case.objects.filter(status="open").select_related("person", "assigned_to", "locked_by").only(
        "id", "dpd_max", "next_at", "locked_until", "person__name", "assigned_to__name", "locked_by__name"
    )
    if filter_by == "libres":
        cases = cases.filter(assigned_to=None)
    elif filter_by == "tomados":
        cases = cases.filter(locked_until__gt=at)
    elif filter_by == "persona" and user_id:
        cases = cases.filter(assigned_to_id=user_id)
    return with_accounts(list(cases.order_by("-dpd_max", "id")[:limit]))


def with_accounts(cases: list[Case]) -> list[Case]:
    """Each case with `account_id`, the worst account of its person: where its page is. One query."""
    held = Account.objects.filter(holder_id__in={case.person_id for case in cases}).order_by("holder_id", "-dpd", "-overdue_minor")
    worst = dict(held.distinct("holder_id").values_list("holder_id", "id"))
    for case in cases:
        case.account_id = worst.get(case.person_id)
    return cases


def day_bounds(at: datetime, zone: str) -> tuple[datetime, datetime]:
    """The local day of an instant, [from, until) in UTC."""
    clock = ZoneInfo(zone)
    day = at.astimezone(clock).date()
    start = datetime(day.year, day.month, day.day, tzinfo=clock)
    following = day + timedelta(days=1)
    return start, datetime(following.year, following.month, following.day, tzinfo=clock)


def _points(people: set[UUID]) -> dict[UUID, list[ContactPoint]]:
    found: dict[UUID, list[ContactPoint]] = {}
    for point in ContactPoint.objects.filter(person_id__in=people).defer("value").order_by("-ownership_score", "id"):
        found.setdefault(point.person_id, []).append(point)
    for mine in found.values():
        mine.sort(key=lambda point: list(USES).index(point.kind))  # stable: the most trusted of each kind stays first
    return found


def _party(
    party: AccountParty, known: dict[UUID, Dossier], points: dict[UUID, list[ContactPoint]], account: Account, at: datetime, rules: law.Rules
) -> PartyView:
    dossier = known.get(party.person_id)
    mine = points.get(party.person_id, [])
    asked = [(channel, point) for point in mine for channel in USES.get(point.kind, ())]
    purpose = Purpose.COLLECTION if account.overdue_minor > 0 else Purpose.REMINDER
    answers: list[Answer] = []
    if dossier is not None:
        answers = services.verdicts_for(
            dossier, asked, account_id=account.id, creditor_id=account.creditor_id, at=at, rules=rules, purpose=purpose
        )
    uses: dict[UUID, list[Use]] = {}
    for (channel, point), answer in zip(asked, answers, strict=False):
        uses.setdefault(point.id, []).append(Use(channel, answer))
    lines = tuple(
        PointLine(point, POINT_STATUS_ES[point.status] if point.status != "valid" else "", tuple(uses.get(point.id, ()))) for point in mine
    )
    return PartyView(party.person, party.role, ROLE_ES.get(party.role, party.role), lines)


def _sorted(parties: Sequence[AccountParty]) -> list[AccountParty]:
    return sorted(parties, key=lambda party: (ROLE_ORDER.index(party.role), party.created_at))


def _totals(obligations: Sequence[Account]) -> tuple[tuple[str, int, int], ...]:
    """Balance and overdue by currency: they are never added to each other."""
    sums: dict[str, list[int]] = {}
    for account in obligations:
        both = sums.setdefault(account.currency, [0, 0])
        both[0] += account.balance_minor
        both[1] += account.overdue_minor
    return tuple((currency, balance, overdue) for currency, (balance, overdue) in sorted(sums.items()))


def _in_hand(people: set[UUID], account_id: UUID, user_id: UUID, at: datetime) -> Action | None:
    """What this person has begun and not closed: with the holder, or with another party of this account."""
    mine = Action.objects.filter(person_id__in=people, status="in_progress", by_id=user_id, occurred_at__gt=at - timedelta(days=2))
    begun = sorted(mine, key=lambda action: (action.account_id != account_id, -action.occurred_at.timestamp()))
    return begun[0] if begun else None
