"""The built-in functions of FEEL, one module per kind; `call` runs one, `BUILTINS` knows the names."""

from __future__ import annotations

from recaudo.engine.decide.feel.builtins import calendar, lists, numbers, ranges, text
from recaudo.engine.decide.feel.builtins.registry import BUILTINS, call

__all__ = ["BUILTINS", "calendar", "call", "lists", "numbers", "ranges", "text"]
