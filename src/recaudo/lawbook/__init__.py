"""The law as dated data: <jurisdiction>/<subject>.yaml. A lawyer owns these files; `engine.comply` reads them.

Every rule says in one Spanish sentence what it asks (`text_es`), where it is written (`citation`), how well we know
it (`confidence`), from what we know it (`source`, keys of sources.yaml, or `pending`), and its `values`, each with
the days on which it is in force: `from` the first day (or `unknown`) up to and without `until` (or `open`).
A value `{toggle, default, options}` is an ambiguity of the law: `default` is the strict reading that is shipped;
another option needs a signed decision. Toggles are explained in each meta.yaml, beside zones, holidays and the
order in which denying rules are named. `recaudo.engine.comply.lint` checks all of it.

This is not legal advice. confidence: verified_primary = the norm itself was read; quoted_secondary = a source that
was read quotes it; secondary = a source paraphrases it; interpretation = our reading; background = not yet sourced.
"""
