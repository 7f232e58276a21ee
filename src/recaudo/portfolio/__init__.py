"""Who owes what: creditors, portfolios, persons, accounts, instalments, the ledger, payments, contact points.

Words: *creditor*, whose debt it is; *portfolio*, accounts of a creditor of one kind; *person*, natural or legal, one
record for all their accounts; *party*, a person in a role on an account; *instalment*, an amount due on a day (an invoice
is an account with one); *entry*, a line of the append-only ledger; *contact point*, a phone, address or mailbox with its
source and age; *placement*, an account given to a team or agency for a time; *bucket*, a band of days past due.
Owns balances and contact data. Does not decide, contact or promise.
"""
