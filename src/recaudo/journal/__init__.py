"""What happened, who did it, when. The audit trail, and what wakes the reactions.

Words: *event*, one thing that happened; *seal*, the hash that chains an event to the one before it; *anchor*, the head
of the chain kept outside. Every service writes its event in its own transaction with `services.record`.
Events hold plain ids and no foreign keys: the trail never stands in the way of the live data, and outlives it.
Does not react to anything (`flow/reactions.py` does) and holds no personal data.
"""
