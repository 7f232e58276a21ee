"""A machine writes: templates, the outbox, delivery, the inbox, opting out.

Words: *template*, an approved text with merge fields; *outbox*, messages to send, claimed in chunks; *provider*, who carries them
(adapters/<channel>/<provider>); *receipt*, what the provider says happened; *test mailbox*, where the sandbox provider shows each
message instead of sending it. Asks casework for the Permit again at the second of sending.
"""
