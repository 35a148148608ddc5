"""Which pages may open a socket."""

from urllib.parse import urlparse

from channels.security.websocket import OriginValidator
from django.conf import settings

from .protocol import Application, Receive, Scope, Send


class OriginGuard:
    """Refuses the handshake (403) of pages that are not on the list: SOCKET_ORIGINS, or else ALLOWED_HOSTS.

    Browsers always say where a page came from. Who says nothing is no page (an application on a telephone, a test):
    there is nobody's cookie to abuse, and what opens a private socket is a ticket.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = [value for name, value in scope["headers"] if name.lower() == b"origin"]
        if not said or (len(said) == 1 and is_allowed(said[0])):
            await self._application(scope, receive, send)
        else:
            await refuse_socket(scope, receive, send)


def is_allowed(origin: bytes) -> bool:
    """Whether a page from there may come in. What cannot be read is refused."""
    allowed = settings.SOCKET_ORIGINS or settings.ALLOWED_HOSTS
    try:
        return bool(OriginValidator(None, allowed).valid_origin(urlparse(origin.decode("ascii"))))
    except ValueError:
        return False


async def refuse_socket(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Close during the handshake; the client sees 403."""
    await send({"type": "websocket.close"})
