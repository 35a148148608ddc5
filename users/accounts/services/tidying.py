"""Rows that can matter to nobody any more."""

from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore as BrowserSession
from django.db import transaction

from marketplace.core.clock import db_now
from users.accounts.models import DeniedAccount, MailToken, Session, SpentRefreshToken

KEPT = timedelta(days=30)
"""Expired secrets and sessions are kept so long for a person who looks into something."""


@transaction.atomic
def forget_expired() -> None:
    """Delete expired deny-list rows, and mail secrets and sessions that expired `KEPT` ago;
    browsers' sessions at once. Harmless twice."""
    DeniedAccount.objects.filter(until__lt=db_now()).delete()
    MailToken.objects.filter(expires_at__lt=db_now() - KEPT).delete()
    SpentRefreshToken.objects.filter(session__expires_at__lt=db_now() - KEPT).delete()
    Session.objects.filter(expires_at__lt=db_now() - KEPT).delete()
    BrowserSession.clear_expired()
