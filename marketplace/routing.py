"""WebSocket routes of the contexts; what is not listed is refused before it is accepted."""

from channels.routing import URLRouter
from django.urls import re_path

from marketplace.core.sockets.origins import OriginGuard, refuse_socket
from marketplace.core.sockets.sending import remember_loop
from notifications.routing import websocket_urlpatterns as notifications
from promotions.routing import websocket_urlpatterns as promotions

routes = [*notifications, *promotions, re_path(r"", refuse_socket)]  # type: ignore[arg-type]
websocket_application = remember_loop(OriginGuard(URLRouter(routes)))
