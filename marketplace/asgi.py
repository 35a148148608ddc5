"""ASGI entry point of the served layout: the process behind `/ws/`. Plain HTTP works too (health checks)."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")

# Django is set up before consumers are imported: they reach for models.
http_application = get_asgi_application()

from marketplace.core.loaded import keep_what_is_loaded  # noqa: E402
from marketplace.routing import websocket_application  # noqa: E402

application = ProtocolTypeRouter({"http": http_application, "websocket": websocket_application})
keep_what_is_loaded()
