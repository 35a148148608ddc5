"""Who did it: a customer, or the hash of a session's name. Nobody's address is kept."""

import hashlib
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from marketplace.core.http.throttling import client_address, network_of

SESSION_HEADER = "X-Session-Id"
LONGEST_SESSION = 64


def actor_of_session(name: str) -> UUID:
    """The id of a session that nobody signed in to: the same for the same name, everywhere and always."""
    return UUID(bytes=hashlib.blake2b(name.encode(), digest_size=16, person=b"session").digest())


def session_of(request: HttpRequest) -> str:
    """The session's name as the header has it, or the cookie; empty where neither has one that can be used."""
    name = request.headers.get(SESSION_HEADER) or request.COOKIES.get(SESSION_HEADER, "")
    return name if len(name) <= LONGEST_SESSION and name.isprintable() else ""


def actor_of_request(request: HttpRequest) -> UUID:
    """Of whoever has no account: the session, else the client's network and program, under a key that is secret."""
    session = session_of(request)
    if session:
        return actor_of_session(session)
    seen = f"{network_of(client_address(request))}|{request.headers.get('User-Agent', '')[:200]}"
    key = hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32).digest()
    digest = hashlib.blake2b(seen.encode(errors="replace"), digest_size=16, key=key, person=b"address")
    return UUID(bytes=digest.digest())
