"""The product as granian serves it, at the hour of the browser world."""

from tests.browser.clock import set_clock

set_clock()

from recaudo.project.wsgi import application  # noqa: E402, F401
