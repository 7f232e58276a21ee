"""Match: which records may be the same person, and why. A person decides; nothing is merged here.

Words   a *pair* is two persons with a reason and a score; a *crowded* key is a phone or e-mail that so many persons share
        that it says nothing about any two of them (a shop's phone, an adviser's mailbox).
Not     no learning, no guessing from names alone: a pair always shares an id, a phone or an e-mail.
"""

from recaudo.engine.match.duplicates import Candidates, MissingPersonColumn, duplicates

__all__ = ["Candidates", "MissingPersonColumn", "duplicates"]
