"""The pages and the API, for a WSGI server."""

from recaudo.project.boot import boot

boot()

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()
