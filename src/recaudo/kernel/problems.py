"""What can go wrong, said so that a person can mend it.

A Problem has a code (stable, for programs and tests), a message in Spanish for the person
in front of the screen (what, where, how to mend), and plain data. Define yours beside the function that
raises it:

    class UnknownCurrency(Problem):
        code = "unknown_currency"
        message = "La moneda «{currency}» no existe. Use un código ISO 4217, por ejemplo MXN."
"""

from __future__ import annotations

from typing import Any, ClassVar


class Problem(Exception):
    """Base of everything that the product refuses with a reason.

    code     stable identifier, snake_case
    message  Spanish sentence with {placeholders} filled from keyword arguments; never holds personal data
    status   the HTTP status that an interface answers with
    """

    code: ClassVar[str] = "problem"
    message: ClassVar[str] = "No se pudo completar la operación."
    status: ClassVar[int] = 422

    def __init__(self, **data: Any) -> None:
        self.data = data
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """The message with its data filled in."""
        return self.message.format(**self.data)


class NotFound(Problem):
    """Also what a person gets who may not see the thing: the answer is the same."""

    code = "not_found"
    message = "No existe o no está a su alcance."
    status = 404


class NotAllowed(Problem):
    code = "not_allowed"
    message = "Su rol no permite esta acción."
    status = 403
