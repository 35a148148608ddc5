"""Registration and mail links. Nobody learns here whether an address has an account."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.clock import db_now
from marketplace.core.ids import NIL
from marketplace.core.outbox.publishing import publish
from users.accounts.errors import MailTokenInvalidError
from users.accounts.models import MailToken, User
from users.accounts.tokens import hashed_secret, new_mail_secret
from users.events import (
    AccountRegistered,
    EmailVerified,
    PasswordResetRequested,
    RegistrationRepeated,
    VerificationRequested,
)

from .passwords import require_good_password
from .validity import log_out_all

MAX_OPEN_LINKS = 5
"""Somebody else's mailbox is not filled through us: more unused links than this are not sent."""


def register_account(*, email: str, password: str, name: str, language: str) -> None:
    """Make an account, not verified yet, and have the verification mail sent.

    For a known address nothing changes and its owner gets a mail instead; the caller sees no difference: the password
    is judged and hashed, and one event written, either way. Raises `InvalidInputError` for a weak password.
    """
    require_good_password(password, User(email=email, name=name))
    password_hash = make_password(password)
    with transaction.atomic():
        known = User.objects.filter(email=email).values_list("pk", flat=True).first()
        if known is None:
            _make_account(email=email, password_hash=password_hash, name=name, language=language)
        else:
            publish(RegistrationRepeated(user_id=known))


def _make_account(*, email: str, password_hash: str, name: str, language: str) -> None:
    try:
        with transaction.atomic():
            user = User.objects.create_hashed(email, password_hash, name=name, language=language)
            publish(AccountRegistered(user_id=user.pk))
    except IntegrityError:
        # Two registrations at once: the other one won, and this one is a repetition.
        publish(RegistrationRepeated(user_id=User.objects.values_list("pk", flat=True).get(email=email)))


@transaction.atomic
def request_verification(*, email: str) -> None:
    """Have the verification mail sent again. An unknown address writes as much and sends nothing."""
    publish(VerificationRequested(user_id=_account_of(email)))


@transaction.atomic
def request_password_reset(*, email: str) -> None:
    """Have a reset link sent. An unknown address writes as much and sends nothing."""
    publish(PasswordResetRequested(user_id=_account_of(email)))


def _account_of(email: str) -> UUID:
    return User.objects.filter(email=email, is_active=True).values_list("pk", flat=True).first() or NIL


@transaction.atomic
def issue_mail_token(*, user_id: UUID, purpose: str) -> str | None:
    """A new secret for a link, valid for MAIL_TOKEN_MINUTES by the database's clock; only its hash is kept.

    None when the account has `MAX_OPEN_LINKS` unused links of this kind already.
    """
    waiting = MailToken.objects.filter(
        user_id=user_id, purpose=purpose, used_at__isnull=True, expires_at__gt=db_now()
    ).count()
    if waiting >= MAX_OPEN_LINKS:
        return None
    secret = new_mail_secret()
    MailToken.objects.create(
        user_id=user_id,
        purpose=purpose,
        token_hash=hashed_secret(secret),
        expires_at=db_now() + timedelta(minutes=settings.MAIL_TOKEN_MINUTES),
    )
    return secret


@transaction.atomic
def verify_email(*, token: str) -> None:
    """Prove the address by the secret from the mail. Raises `MailTokenInvalidError`."""
    user_id = _redeem(token, MailToken.Purpose.VERIFY)
    _mark_verified(user_id)


@transaction.atomic
def reset_password(*, token: str, password: str) -> None:
    """Set a new password by the secret from the mail, and log out everywhere.

    Who reads the mailbox has proven the address too. A weak password does not use the link up.
    Raises `MailTokenInvalidError`, `InvalidInputError`.
    """
    user = _holder(token, MailToken.Purpose.RESET)
    require_good_password(password, user)
    user_id = _redeem(token, MailToken.Purpose.RESET)
    user.set_password(password)
    User.objects.filter(pk=user_id).update(password=user.password)
    log_out_all(user_id, because="password_reset")
    _mark_verified(user_id)
    audit.record(actor_id=user_id, action="users.reset_password", subject=user)


def _holder(token: str, purpose: str) -> User:
    row = MailToken.objects.select_related("user").filter(token_hash=hashed_secret(token), purpose=purpose).first()
    if row is None:
        raise MailTokenInvalidError
    return row.user


def _redeem(token: str, purpose: str) -> UUID:
    """Use the secret up: one conditional update, so that of two at once one wins. Its siblings die with it."""
    mine = MailToken.objects.filter(token_hash=hashed_secret(token), purpose=purpose)
    # No condition on another table here: it would move into a sub-select, and a second one at once would not see
    # that the first one won.
    if not mine.filter(used_at__isnull=True, expires_at__gt=db_now()).update(used_at=db_now()):
        raise MailTokenInvalidError
    user_id, is_active = mine.values_list("user_id", "user__is_active").get()
    if not is_active:
        raise MailTokenInvalidError
    MailToken.objects.filter(user_id=user_id, purpose=purpose, used_at__isnull=True).update(used_at=db_now())
    return user_id


def _mark_verified(user_id: UUID) -> None:
    if User.objects.filter(pk=user_id, email_verified_at__isnull=True).update(email_verified_at=db_now()):
        publish(EmailVerified(user_id=user_id))
