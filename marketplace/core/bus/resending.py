"""Sending again: what was parked, or everything since a moment for a consumer that lost it."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from marketplace.core.clock import db_now

from .models import BusMessage

PENDING, SENT, PARKED = BusMessage.State.PENDING, BusMessage.State.SENT, BusMessage.State.PARKED


@transaction.atomic
def resend_parked() -> int:
    """Let everything that is parked wait again, with all its attempts; how many."""
    return _wait_again(BusMessage.objects.filter(state=PARKED))


@transaction.atomic
def resend_since(moment: datetime) -> int:
    """Send again what was published since then, parked or sent, under the same ids; how many.

    What is older than the outbox keeps (14 days after it was relayed) is gone.
    """
    return _wait_again(BusMessage.objects.filter(state__in=(SENT, PARKED), event__created_at__gte=moment))


def _wait_again(messages: "QuerySet[BusMessage, BusMessage]") -> int:
    return messages.update(state=PENDING, attempts=0, due_at=db_now(), sent_at=None, last_error="")
