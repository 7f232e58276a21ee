"""Names that FEEL itself defines and that hold spaces: the lexer must know them."""

from __future__ import annotations

BUILTIN_NAMES = (
    "string length", "upper case", "lower case", "substring before", "substring after", "starts with", "ends with",
    "date and time", "years and months duration", "day of year", "day of week", "month of year", "week of year",
    "round up", "round down", "round half up", "round half down", "list contains", "insert before", "index of",
    "distinct values", "list replace", "get value", "get entries", "context put", "context merge", "string join",
    "is defined", "met by", "overlaps before", "overlaps after", "finished by", "started by",
    "time offset", "start included", "end included", "days and time duration",
)  # fmt: skip
