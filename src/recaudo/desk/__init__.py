"""The contact centre: the agent's queue, the account page, the agenda and the shift.

Words: *queue* (cola), what may be called now, most urgent first; *get-next* (siguiente), take the first of it under a lock;
*agenda*, what was promised for a day; *script* (guion), what to say, neutral until identity is checked. Owns no tables: it shows and
calls what casework, agreements and portfolio know. Reaches nobody without the gate of casework.
"""
