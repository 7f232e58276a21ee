"""The contact centre: the queue, get-next with its lock, the account page, dispositions, the agenda.

Words: *get next*, the most urgent permitted case locked for one agent; *agenda*, callbacks and promises due that an agent
owes; *account page*, everything about a person's debts on one screen, and why they are treated so. Owns no table yet: the
lock is the case's, the work is casework's actions.
"""
