"""Who works: the organisation, its people and their roles, teams, agencies, and how much can be done in a day.

Words: *tenant*, the organisation that runs the collection; *user*, a member of its staff or of an agency's; *role*, a
bundle of permissions (kernel/permissions.py); *team*, people under a supervisor; *agency*, an outside firm that works
accounts for a time; *capacity*, units of work a channel can do in a day. Debtors are not users.
"""
