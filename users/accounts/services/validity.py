"""Putting tokens out of force. Each function expects the caller's transaction."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from marketplace.core.clock import db_now
from users.accounts.deny_list import deny_list
from users.accounts.models import DeniedAccount, Session, User
from users.accounts.tokens import ACCESS_LIFETIME


def outdate_access_tokens(user_id: UUID) -> None:
    """Every access token issued so far stops working: for writes at once, for reads with the deny list."""
    User.objects.filter(pk=user_id).update(token_version=F("token_version") + 1)
    version = User.objects.values_list("token_version", flat=True).get(pk=user_id)
    denied = DeniedAccount(
        user_id=user_id,
        below_version=version,
        until=db_now() + ACCESS_LIFETIME,
    )
    DeniedAccount.objects.bulk_create(
        [denied], update_conflicts=True, unique_fields=["user_id"], update_fields=["below_version", "until"]
    )
    transaction.on_commit(deny_list.forget, robust=True)


def end_sessions(user_id: UUID, *, because: str) -> None:
    """No refresh token of the account can be exchanged any more."""
    Session.objects.filter(user_id=user_id, revoked_at__isnull=True).update(
        revoked_at=db_now(), revoked_because=because
    )


def log_out_all(user_id: UUID, *, because: str) -> None:
    """Both. The account's row comes first: a log-in under way either sees it or is seen (`sessions.log_in`)."""
    outdate_access_tokens(user_id)
    end_sessions(user_id, because=because)
