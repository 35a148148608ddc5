"""Log-in, rotation, log-out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models.expressions import Combinable

from marketplace.core import audit
from marketplace.core.clock import db_now, read_db_now
from users.accounts.errors import (
    AccountNotFoundError,
    InvalidCredentialsError,
    RefreshTokenInvalidError,
    RefreshTokenReusedError,
)
from users.accounts.models import Session, SpentRefreshToken, User
from users.accounts.tokens import (
    REFRESH_LIFETIME,
    RefreshClaims,
    TokenPair,
    UnreadableTokenError,
    read_refresh,
    sign_access,
    sign_pair,
)

from .validity import log_out_all


def log_in(*, email: str, password: str, at: datetime) -> TokenPair:
    """A session and its first pair of tokens.

    An address that is not verified may log in; a disabled account may not. Unknown, wrong and disabled cost the same
    hash and give the same `InvalidCredentialsError`.
    """
    user = User.objects.filter(email=email).first()
    if user is None:
        make_password(password)
        raise InvalidCredentialsError
    if not user.check_password(password) or not user.is_active:
        raise InvalidCredentialsError
    return _open_session(user, at)


@transaction.atomic
def _open_session(user: User, at: datetime) -> TokenPair:
    # The password was checked outside this transaction. If it, or the account, was put out of force meanwhile,
    # the generation has changed and no row matches; if that comes now, it waits and then ends this session too.
    still = User.objects.filter(pk=user.pk, is_active=True, token_version=user.token_version).update(last_login=at)
    if not still:
        raise InvalidCredentialsError
    session = Session.objects.create(user=user, expires_at=_session_end())
    return sign_pair(user, session.pk)


def _session_end() -> Combinable:
    return db_now() + REFRESH_LIFETIME


def access_token(account_id: UUID) -> str:
    """An access token without a session, for measurements and tools. Raises `AccountNotFoundError`."""
    user = User.objects.filter(pk=account_id, is_active=True).first()
    if user is None:
        raise AccountNotFoundError
    return sign_access(user)


@dataclass(frozen=True, slots=True)
class _Rotation:
    pair: TokenPair | None
    is_stolen: bool = False


def rotate_refresh_token(*, token: str) -> TokenPair:
    """Exchange a refresh token for the next pair; of many at once exactly one succeeds.

    Spending is an insert under a unique key, before anything else. Presented again within
    REFRESH_REUSE_GRACE_SECONDS it is a losing race: `RefreshTokenReusedError`, the session goes on. Later it is
    taken for stolen: the same answer, and the session is over. Raises `RefreshTokenInvalidError`.
    """
    try:
        claims = read_refresh(token)
    except UnreadableTokenError as error:
        raise RefreshTokenInvalidError from error
    rotation = _rotate(claims)
    if rotation.pair is None:
        # Raised out here: the end of a stolen session must be committed.
        raise RefreshTokenReusedError
    return rotation.pair


@transaction.atomic
def _rotate(claims: RefreshClaims) -> _Rotation:
    if not _spend(claims):
        return _Rotation(None, is_stolen=_end_if_stolen(claims))
    renewed = Session.objects.filter(pk=claims.session_id, revoked_at__isnull=True, expires_at__gt=db_now()).update(
        expires_at=_session_end()
    )
    if not renewed:
        raise RefreshTokenInvalidError
    user = Session.objects.select_related("user").get(pk=claims.session_id).user
    if not user.is_active:
        raise RefreshTokenInvalidError
    return _Rotation(sign_pair(user, claims.session_id))


def _spend(claims: RefreshClaims) -> bool:
    """Whether this call is the one that spends the token. A concurrent one is waited for."""
    if not Session.objects.filter(pk=claims.session_id).exists():
        raise RefreshTokenInvalidError
    meta = SpentRefreshToken._meta
    row = {"token_id": claims.token_id, "session": claims.session_id, "spent_at": read_db_now()}
    fields: dict[str, Any] = {name: meta.get_field(name) for name in row}
    values = [fields[name].get_db_prep_save(value, connection) for name, value in row.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {meta.db_table} (token_id, session_id, spent_at) VALUES (%s, %s, %s) "  # noqa: S608
            "ON CONFLICT DO NOTHING",
            values,
        )
        return bool(cursor.rowcount)


def _end_if_stolen(claims: RefreshClaims) -> bool:
    grace = timedelta(seconds=settings.REFRESH_REUSE_GRACE_SECONDS)
    long_ago = SpentRefreshToken.objects.filter(token_id=claims.token_id, spent_at__lt=db_now() - grace)
    if not long_ago.exists():
        return False
    ended = Session.objects.filter(pk=claims.session_id, revoked_at__isnull=True).update(
        revoked_at=db_now(), revoked_because="token_reused"
    )
    if ended:
        session = Session.objects.get(pk=claims.session_id)
        audit.record(actor_id=None, action="users.end_stolen_session", subject=session)
    return bool(ended)


@transaction.atomic
def log_out(*, token: str) -> None:
    """End the session the refresh token belongs to; harmless twice. Raises `RefreshTokenInvalidError`."""
    try:
        claims = read_refresh(token)
    except UnreadableTokenError as error:
        raise RefreshTokenInvalidError from error
    Session.objects.filter(pk=claims.session_id, revoked_at__isnull=True).update(
        revoked_at=db_now(), revoked_because="logged_out"
    )


@transaction.atomic
def log_out_everywhere(*, user_id: UUID) -> None:
    """End all sessions of the account and put its access tokens out of force."""
    log_out_all(user_id, because="logged_out_everywhere")
