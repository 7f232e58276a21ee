"""What happens because something happened: the whole list, read from top to bottom.

Each reaction gets the event, in the transaction that wrote it: a payment and what it stops are one change. The journal calls
them (`journal.services.listen`, at start); nothing else in the product is triggered by anything.
"""

from __future__ import annotations

from uuid import UUID

from recaudo.agreements import services as agreements
from recaudo.agreements.models import Promise
from recaudo.casework import services as casework
from recaudo.compliance import services as compliance
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM, Reaction
from recaudo.kernel.contact import Purpose
from recaudo.law.queries import rules as rules_in_force
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, Payment, PersonMerge
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
    moved = {kind: merge.moved.get(kind, []) for kind in ("actions", "holds", "disputes")}
    casework.move_back(to_person=merge.merged_id, moved=moved, by=SYSTEM, at=event.created_at)
    agreements.move_promises(from_person=merge.kept_id, to_person=merge.merged_id, only=merge.moved.get("promises", []))


def end_the_search(event: Event) -> None:
    """The quarantined value is the person's after all: nobody need look for another."""
    note = "El medio se liberó con evidencia y una segunda persona."
    casework.end_search(event.subject_id, result="released", note=note, by=SYSTEM, at=event.created_at)


def open_a_complaint(event: Event) -> None:
    """A person complained during a contact: the complaint is opened with its clock."""
    if event.detail.get("effect") == "complaint" and event.subject_id:
        on = portfolio.local_day(event.created_at)
        compliance.open_from_action(event.subject_id, rules=rules_in_force(), by=SYSTEM, at=event.created_at, on=on)


REACTIONS: dict[str, list[Reaction]] = {
    "payment.applied": [stop_what_a_payment_makes_needless],
    "payment.reversed": [settle_again],
    "batch.applied": [stop_what_a_file_of_payments_makes_needless],
    "promise.made": [wait_for_a_promise],
    "action.closed": [open_a_complaint],
    "person.merged": [bring_the_work_of_a_merged_person],
    "quarantine.released": [end_the_search],
    "person.unmerged": [take_the_work_back],
}


def _settle(account: Account, event: Event) -> None:
    on = portfolio.local_day(event.created_at)
    agreements.settle_after_payment(account, on=on, by=SYSTEM, at=event.created_at)
    casework.close_if_paid(account.holder_id, on=on, by=SYSTEM, at=event.created_at)
