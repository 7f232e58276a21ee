"""Why a value was refused: what is wrong and how to mend it. A reason never repeats the value."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that was not taken.

    field       what it was meant to be, in Spanish; the import puts the column's own title here with `of`
    code        stable identifier, snake_case
    problem_es  what is wrong, without the value
    mend_es     what the originator should do
    """

    field: str
    code: str
    problem_es: str
    mend_es: str

    @property
    def text_es(self) -> str:
        """One line for the refusals file and the screen."""
        return f"{self.field}: {self.problem_es} {self.mend_es}"

    def of(self, column: str) -> Refused:
        """The same reason under the title of a column."""
        return replace(self, field=column)


def empty(field: str) -> Refused:
    """The reason for a value that is not there. The column driver keeps an empty cell empty instead of refusing it."""
    return Refused(field, "empty", "está vacío.", "Escriba el dato.")
