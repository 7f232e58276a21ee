"""Which rules are in force here: the base of lawbook/, and what this tenant decided on top, signed by two people.

Words: *toggle*, a legal ambiguity with a strict default; *house cap*, the tenant's own ceiling of contacts per person.
`rulebook` reads the lawbook aloud in Spanish, without a database; `words` are its Spanish names.
Does not evaluate rules (engine.comply does) and gives out no permits (casework does).
"""
