"""WebSocket routes. Each context adds its consumers here; what is not listed is refused before it is accepted."""

from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import URLPattern, re_path

from marketplace.core.sockets import Receive, Scope, Send, remember_loop

websocket_urlpatterns: list[URLPattern] = []


async def refuse_socket(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Close an unknown address during the handshake; the client sees 403."""
    await send({"type": "websocket.close"})


websocket_application = remember_loop(
    AllowedHostsOriginValidator(URLRouter([*websocket_urlpatterns, re_path(r"", refuse_socket)]))  # type: ignore[arg-type]
)
