"""Who may open which route: one row for each, written by hand. A route without a row fails test_rights_matrix.

The value is what the view must say: permissions as in kernel.permissions (either of several with |), "signed_in" for
whoever is inside, "open" for anybody. Adding a row is deciding who may.
"""

from __future__ import annotations

# Ways in and out are allauth's views: they carry no mark of ours. True: also for who is not signed in.
IDENTITY: dict[str, bool] = {
    "account_login": True,
    "account_logout": True,
    "account_inactive": True,
    "account_signup": True,
    "account_reset_password": True,
    "account_reset_password_done": True,
    "account_reset_password_from_key": True,
    "account_reset_password_from_key_done": True,
    "account_reauthenticate": False,
    "account_change_password": False,
    "mfa_authenticate": True,
    "mfa_index": False,
    "mfa_reauthenticate": False,
    "mfa_activate_totp": False,
    "mfa_deactivate_totp": False,
    "mfa_view_recovery_codes": False,
    "mfa_generate_recovery_codes": False,
    "mfa_download_recovery_codes": False,
}

# Everything that anybody may ask for besides the ways in. Short on purpose.
ANYBODY = {"health", "home", "workforce:accept", "messaging:stop", "messaging:stop-one-click"}

# Routes that a program of somebody else calls, with a signature instead of a token of ours.
WITHOUT_CSRF: set[str] = {"messaging:stop-one-click"}

# What a view asks for besides its mark.
ALSO: dict[str, str] = {
    "flow:run-export": "day.view",
}

RIGHTS: dict[str, str] = {
    # health
    "health": "open",
    # help
    "help": "signed_in",
    # workforce
    "workforce:users": "user.view",
    "workforce:roles": "user.view",
    "workforce:invite": "user.edit",
    "workforce:withdraw_invitation": "user.edit",
    "workforce:teams": "user.view",
    "workforce:new_team": "user.edit",
    "workforce:team": "user.edit",
    "workforce:new_agency": "user.edit",
    "workforce:agency": "user.edit",
    "workforce:capacity": "user.view|work.assign|setting.edit",
    "workforce:user": "user.view",
    "workforce:deactivate": "user.edit",
    "workforce:reactivate": "user.edit",
    "workforce:issue_token": "user.edit",
    "workforce:revoke_token": "user.edit",
    "workforce:accept": "open",
    "workforce:me": "signed_in",
    "workforce:theme": "signed_in",
    "workforce:close_sessions": "signed_in",
    "workforce:settings": "setting.edit",
    # journal
    "journal:events": "journal.view",
    "journal:verify": "journal.view",
    "journal:export": "journal.view",
    "journal:event": "journal.view",
    # portfolio
    "portfolio:portfolios": "portfolio.view",
    "portfolio:portfolio-new": "portfolio.edit",
    "portfolio:portfolio": "portfolio.edit",
    "portfolio:creditor-new": "portfolio.edit",
    "portfolio:creditor": "portfolio.edit",
    "portfolio:creditor-buckets": "portfolio.edit",
    "portfolio:payments": "payment.view",
    "portfolio:payments-export": "list.export",
    "portfolio:payment-new": "payment.record",
    "portfolio:payment-identify": "payment.record",
    "portfolio:payment-accounts": "payment.record",
    "portfolio:payment-reverse": "payment.reverse",
    "portfolio:duplicates": "person.merge",
    "portfolio:merge": "person.merge",
    "portfolio:dismiss-duplicate": "person.merge",
    "portfolio:unmerge": "person.merge",
    "portfolio:person-contact-points": "person.view",
    "portfolio:contact-point-status": "person.edit",
    "portfolio:person-consents": "person.view",
    "portfolio:consent-revoke": "person.edit",
    "portfolio:account-documents": "person.view",
    "portfolio:account-pause": "portfolio.edit",
    "portfolio:document": "person.view",
    # intake
    "intake:batches": "intake.view",
    "intake:upload": "intake.load",
    "intake:layouts": "intake.view",
    "intake:layout": "intake.view",
    "intake:batch": "intake.view",
    "intake:progress": "intake.view",
    "intake:mapping": "intake.load",
    "intake:check": "intake.load",
    "intake:apply": "intake.load",
    "intake:undo": "intake.undo",
    "intake:rejections": "intake.load",
    # desk
    "desk:queue": "work.take",
    "desk:next": "work.take",
    "desk:release": "work.take",
    "desk:agenda": "work.take",
    "desk:team": "work.assign",
    "desk:reassign": "work.assign",
    "desk:unlock": "work.assign",
    "desk:accounts": "portfolio.view",
    "desk:accounts-export": "list.export",
    "desk:account": "portfolio.view",
    "desk:history": "person.view",
    "desk:call": "work.take",
    "desk:inbound": "work.take",
    "desk:promise": "promise.record",
    "desk:hold": "hold.open",
    "desk:hold-release": "hold.release",
    "desk:dispute": "hold.open",
    "desk:dispute-resolve": "hold.release",
    "desk:note": "work.take|person.edit",
    "desk:outcome": "work.take",
    # analytics
    "analytics:kpis": "kpi.view",
    "analytics:patterns": "kpi.view",
    "analytics:compared": "kpi.view",
    "analytics:kpi": "kpi.view",
    "analytics:export": "list.export",
    # flow
    "flow:state": "day.view",
    "flow:moving": "day.view",
    "flow:stuck": "day.view",
    "flow:start": "day.run",
    "flow:waiting": "day.view",
    "flow:runs": "day.view",
    "flow:run": "day.view",
    "flow:run-accounts": "day.view",
    "flow:run-export": "list.export",
    "flow:why": "portfolio.view",
    # today
    "today": "day.view",
    # law
    "law:rules": "law.view",
    "law:jurisdiction": "law.view",
    "law:choices": "law.view",
    "law:choice": "law.view",
    "law:propose": "law.edit",
    "law:approve": "law.approve",
    "law:withdraw": "law.edit|law.approve",
    "law:tester": "law.view",
    # messaging
    "messaging:waves": "message.view|day.release",
    "messaging:pause": "contact.pause",
    "messaging:resume": "contact.pause",
    "messaging:wave": "message.view|day.release",
    "messaging:wave-progress": "message.view|day.release",
    "messaging:wave-samples": "message.view|day.release",
    "messaging:wave-release": "day.release",
    "messaging:wave-withdraw": "day.release",
    "messaging:mailbox": "message.view",
    "messaging:conversation": "message.view",
    "messaging:reply": "message.send",
    "messaging:message": "message.view",
    "messaging:simulate": "message.send",
    "messaging:attend": "message.send|work.take",
    "messaging:templates": "message.view|template.edit",
    "messaging:template-new": "template.edit",
    "messaging:template-preview": "template.edit",
    "messaging:template": "message.view|template.edit",
    "messaging:template-edit": "template.edit",
    "messaging:template-submit": "template.edit",
    "messaging:template-return": "template.approve",
    "messaging:template-approve": "template.approve",
    "messaging:template-retire": "template.approve",
    "messaging:send": "message.send",
    "messaging:send-preview": "message.send",
    "messaging:stop": "open",
    "messaging:stop-one-click": "open",
    # strategy
    "strategy:strategies": "strategy.view",
    "strategy:version": "strategy.view",
    "strategy:compare": "strategy.view",
    "strategy:simulate": "strategy.view",
    "strategy:download": "strategy.view",
    "strategy:table": "strategy.view",
    "strategy:export": "list.export",
    "strategy:start": "strategy.edit",
    "strategy:upload": "strategy.edit",
    "strategy:draft": "strategy.edit",
    "strategy:note": "strategy.edit",
    "strategy:submit": "strategy.edit",
    "strategy:cell": "strategy.edit",
    "strategy:row": "strategy.edit",
    "strategy:approve": "strategy.approve",
    "strategy:reject": "strategy.approve",
    "strategy:activate": "strategy.approve",
    "strategy:cancel-activation": "strategy.approve",
    # home
    "home": "open",
}

# The programs' interface asks for a session, "api.use", and what is written here.
API: dict[str, str] = {
    "api:openapi-json": "",
    "api:api-root": "nobody",  # says only that there is something here
    "api:accounts": "portfolio.view",
    "api:account": "portfolio.view",
    "api:portfolios": "portfolio.view",
    "api:payments": "payment.record",
}
