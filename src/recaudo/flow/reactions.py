"""What happens because something happened: the whole list, read from top to bottom.

Each reaction gets the event, in the transaction that wrote it: a payment and what it stops are one change. The journal calls
them (`journal.services.listen`, at start); nothing else in the product is triggered by anything.
"""

from __future__ import annotations

from uuid import UUID

from recaudo.agreements import services as agreements
from recaudo.agreements.models import Promise
from recaudo.analytics import services as analytics
from recaudo.casework import services as casework
from recaudo.compliance import services as compliance
from recaudo.flow.services.redecide import redecide
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM, Reaction
from recaudo.kernel.contact import Purpose
from recaudo.law.queries import rules as rules_in_force
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, Payment, PersonMerge, Quarantine
from recaudo.store import locks


def stop_what_a_payment_makes_needless(event: Event) -> None:
    """A payment came in: what was planned for the account stops, its promise is settled, the case closes when nothing is owed."""
    account = Account.objects.get(id=event.detail["account_id"])
    casework.cancel_pending(reason="payment", by=SYSTEM, at=event.created_at, account_id=account.id)
    _settle(account, event)


def settle_again(event: Event) -> None:
    """A payment was reversed: a promise that it kept is judged again."""
    if account_id := event.detail.get("account_id"):
        _settle(Account.objects.get(id=account_id), event)


def stop_what_a_file_of_payments_makes_needless(event: Event) -> None:
    """The same for every account that a file of payments touched."""
    if event.detail.get("target") != "payments":
        return
    locks.stop_traffic()  # so many persons cannot be held one by one
    paid = Payment.objects.filter(batch_id=event.subject_id, status="applied")
    accounts = list(paid.values_list("account_id", flat=True).distinct())
    if not accounts:
        return
    casework.cancel_pending(reason="payment", by=SYSTEM, at=event.created_at, account_ids=accounts)
    for promise in Promise.objects.select_related("account").filter(account_id__in=accounts, status="active"):
        agreements.settle_after_payment(promise.account, on=portfolio.local_day(event.created_at), by=SYSTEM, at=event.created_at)


def wait_for_a_promise(event: Event) -> None:
    """A promise was made: collection of that account waits for it, reminders go on."""
    if account_id := event.detail.get("account_id"):
        casework.cancel_pending(
            reason="promise", by=SYSTEM, at=event.created_at, account_id=UUID(account_id), keep_purposes=(Purpose.REMINDER,)
        )


def bring_the_work_of_a_merged_person(event: Event) -> None:
    """Two records became one person: cases, actions, holds, disputes and promises follow, and the merge remembers which."""
    kept, merged = UUID(event.detail["kept_id"]), UUID(event.detail["merged_id"])
    moved = casework.move_person(kept_id=kept, merged_id=merged, by=SYSTEM, at=event.created_at)
    moved["promises"] = agreements.move_promises(from_person=merged, to_person=kept)
    for kind, ids in moved.items():
        portfolio.add_moved(UUID(event.detail["merge_id"]), kind=kind, ids=[UUID(str(one)) for one in ids])


def take_the_work_back(event: Event) -> None:
    """The merge was undone: what it brought goes back to the other person."""
    merge = PersonMerge.objects.get(id=event.detail["merge_id"])
    casework.move_back(to_person=merge.merged_id, moved=merge.moved, by=SYSTEM, at=event.created_at)
    agreements.move_promises(from_person=merge.kept_id, to_person=merge.merged_id, only=merge.moved.get("promises", []))


def stop_what_waits_for_a_value_marked_by_hand(event: Event) -> None:
    """Somebody of the staff said on a screen that a contact point is not the person's: the same happens as when it is said in a call."""
    if event.detail.get("evidence_kind") == "screen":
        casework.follow_quarantine(Quarantine.objects.get(id=event.detail["quarantine_id"]), by=SYSTEM, at=event.created_at)


def end_the_search(event: Event) -> None:
    """The quarantined value is the person's after all: nobody need look for another."""
    note = "El medio se liberó con evidencia y una segunda persona."
    casework.end_search(event.subject_id, result="released", note=note, by=SYSTEM, at=event.created_at)


def open_a_complaint(event: Event) -> None:
    """A person complained during a contact: the complaint is opened with its clock."""
    if event.detail.get("effect") == "complaint" and event.subject_id:
        on = portfolio.local_day(event.created_at)
        compliance.open_from_action(event.subject_id, rules=rules_in_force(), by=SYSTEM, at=event.created_at, on=on)


def tell_a_change_of_the_law(event: Event) -> None:
    """A decision over the law came in force: who works by it is told, and says that they read it."""
    if event.detail.get("step") == "approved" and event.subject_id:
        compliance.tell_law_change(event.subject_id, on=portfolio.local_day(event.created_at), by=SYSTEM, at=event.created_at)


def decide_again(event: Event) -> None:
    """Something happened to an account, or to a person with accounts of today: the strategy looks again, after what had to stop has."""
    if event.name == "action.closed" and event.detail.get("disposition", "") in NO_NEWS:
        return
    if event.detail.get("step") == "attended":  # somebody of the staff read a message: nothing new was said
        return
    told, person = event.detail.get("account_id"), event.detail.get("person_id") or event.subject_id
    accounts = [UUID(told)] if told else Account.objects.filter(holder_id=person, balance_minor__gt=0).values_list("id", flat=True)[:MOST_ACCOUNTS]
    for account_id in accounts:
        redecide(account_id, cause=event.name, at=event.created_at, acts=event.name not in ("hold.opened", "dispute.opened"))


def decide_a_file_again(event: Event) -> None:
    """The same for a file of payments, while it is small; what a large one touches is stopped already and decided by the next day."""
    if event.detail.get("target") != "payments":
        return
    paid = Payment.objects.filter(batch_id=event.subject_id, status="applied").values_list("account_id", flat=True).distinct()[: MOST_PAID + 1]
    accounts = list(paid)
    for account_id in accounts if len(accounts) <= MOST_PAID else ():
        redecide(account_id, cause=event.name, at=event.created_at)


def measure_again(event: Event) -> None:
    """A day ended, a file came in or was taken back: the indicators that people look at are worked out anew, beside the work."""
    analytics.ask_usual(wait_seconds=0 if event.name == "day.finished" else FILES_SETTLE_SECONDS)


FILES_SETTLE_SECONDS = 30  # files come one after the other: one reading for all of them
MOST_ACCOUNTS = 50  # of one person
MOST_PAID = 500  # by one file
NO_NEWS = ("", "DG01")  # a note; a message handed over, as the day had planned it
REACTIONS: dict[str, list[Reaction]] = {
    "payment.applied": [stop_what_a_payment_makes_needless, decide_again],
    "payment.reversed": [settle_again, decide_again],
    "batch.applied": [stop_what_a_file_of_payments_makes_needless, decide_a_file_again, measure_again],
    "batch.undone": [measure_again],
    "day.finished": [measure_again],
    "promise.made": [wait_for_a_promise, decide_again],
    "promise.kept": [decide_again],
    "promise.broken": [decide_again],
    "promise.cancelled": [decide_again],
    "message.received": [decide_again],
    "action.closed": [open_a_complaint, decide_again],
    "hold.opened": [decide_again],
    "hold.released": [decide_again],
    "dispute.opened": [decide_again],
    "dispute.resolved": [decide_again],
    "law.changed": [tell_a_change_of_the_law],
    "person.merged": [bring_the_work_of_a_merged_person],
    "contact_point.quarantined": [stop_what_waits_for_a_value_marked_by_hand],
    "quarantine.released": [end_the_search],
    "person.unmerged": [take_the_work_back],
}


def _settle(account: Account, event: Event) -> None:
    on = portfolio.local_day(event.created_at)
    agreements.settle_after_payment(account, on=on, by=SYSTEM, at=event.created_at)
    casework.close_if_paid(account.holder_id, on=on, by=SYSTEM, at=event.created_at)
