"""FEEL, the expression language of DMN: text -> tree (`parser`), tree -> value (`evaluator`), values and built-ins.

Null follows FEEL: what cannot be computed is null, never an exception. Numbers are decimals of 34 digits.
"""
