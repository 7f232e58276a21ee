"""Proving that the collection is lawful: replay, complaints, rights of the person, preventive audits, evidence files, retention.

Owns what the compliance officer works on. It reads what every context below recorded and changes none of it: what it finds
becomes a finding, a case or a request with its clock. It does not permit or refuse contacts: that is `casework`'s gate.
"""
