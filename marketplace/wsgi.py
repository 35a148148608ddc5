"""WSGI entry point: the API, the admin, the pages."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")

application = get_wsgi_application()
