"""WSGI entry point: the API, the admin, the pages."""

import os

from django.core.wsgi import get_wsgi_application

from marketplace.core.loaded import keep_what_is_loaded, load_routes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")

application = get_wsgi_application()
load_routes()
keep_what_is_loaded()
