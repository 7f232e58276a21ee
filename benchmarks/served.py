"""What granian serves for benchmarks/pages.py: the product with the addresses of benchmarks/bare.py."""

from __future__ import annotations

from recaudo.project.boot import boot

boot()

from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

settings.ROOT_URLCONF = "benchmarks.bare"
application = get_wsgi_application()
