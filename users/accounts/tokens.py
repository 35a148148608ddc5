"""JSON Web Tokens and mail secrets: what is in them, and how they are read.

An access token says who (`sub`), of which generation (`ver`), and the roles as they were when it was signed. A
refresh token says which session (`sid`) and has an id (`jti`) that can be spent once.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from .models import User

ACCESS_LIFETIME: timedelta = settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"]
REFRESH_LIFETIME: timedelta = settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"]


class AccessToken(Token):
    """Opens requests for some minutes."""

    token_type = "access"  # noqa: S105 - a kind, not a secret
    lifetime = ACCESS_LIFETIME


class RefreshToken(Token):
    """Is exchanged once for the next pair."""

    token_type = "refresh"  # noqa: S105 - a kind, not a secret
    lifetime = REFRESH_LIFETIME


class UnreadableTokenError(Exception):
    """Forged, expired, of another kind, or without a claim it needs."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says."""

    user_id: UUID
    version: int
    is_staff: bool
    is_superuser: bool
    verified_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefreshClaims:
    """What a refresh token says."""

    token_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The answer to a log-in or a refresh."""

    access: str
    refresh: str


def sign_access(user: User) -> str:
    """A fresh access token, with the roles as they are now."""
    access: Any = AccessToken()
    access["sub"] = str(user.pk)
    access["ver"] = user.token_version
    access["staff"] = user.is_staff
    access["superuser"] = user.is_superuser
    access["verified"] = user.email_verified_at and int(user.email_verified_at.timestamp())
    return str(access)


def sign_pair(user: User, session_id: UUID) -> TokenPair:
    """A fresh pair for the session."""
    refresh: Any = RefreshToken()
    refresh["sub"] = str(user.pk)
    refresh["sid"] = str(session_id)
    return TokenPair(access=sign_access(user), refresh=str(refresh))


def read_access(text: str) -> AccessClaims:
    """Raises `UnreadableTokenError`."""
    try:
        token = _decoded(AccessToken, text)
        verified = token["verified"]
        return AccessClaims(
            user_id=UUID(token["sub"]),
            version=int(token["ver"]),
            is_staff=bool(token["staff"]),
            is_superuser=bool(token["superuser"]),
            verified_at=None if verified is None else datetime.fromtimestamp(verified, UTC),
        )
    except (TokenError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise UnreadableTokenError from error


def read_refresh(text: str) -> RefreshClaims:
    """Raises `UnreadableTokenError`."""
    try:
        token = _decoded(RefreshToken, text)
        return RefreshClaims(token_id=UUID(token["jti"]), session_id=UUID(token["sid"]))
    except (TokenError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise UnreadableTokenError from error


def _decoded(kind: Any, text: str) -> Any:
    return kind(text)


def new_mail_secret() -> str:
    """256 random bits for a link."""
    return secrets.token_urlsafe(32)


def hashed_secret(secret: str) -> str:
    """What is kept of it. No salt: the secret itself is random."""
    return hashlib.sha256(secret.encode()).hexdigest()
