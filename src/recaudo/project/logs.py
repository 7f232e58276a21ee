"""Technical logs without personal data: what a database says about a row it refused is left out."""

from __future__ import annotations

import logging
import re

# PostgreSQL repeats the row in these lines of an error; the line itself says which constraint.
_ROW = re.compile(r"^\s*(DETAIL|CONTEXT|HINT|QUERY|STATEMENT|LINE \d+):?.*$", re.MULTILINE)


class WithoutRows(logging.Formatter):
    """A formatter that drops the lines in which an error of the database repeats values."""

    def format(self, record: logging.LogRecord) -> str:
        return _ROW.sub("  (valores omitidos)", super().format(record))
