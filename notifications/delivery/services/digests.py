"""One mail a day, or a week, for customers who want it so."""

from collections.abc import Sequence
from datetime import datetime
from time import monotonic

from django.db import transaction
from django.db.models import F

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.mailing import MailNotSentError, RecipientRefusedError
from notifications.delivery.by_mail import MailCarrier
from notifications.delivery.mail import digest_for
from notifications.delivery.models import LONGEST_ERROR, Delivery, Straggler
from notifications.delivery.pages import PAGE
from notifications.delivery.planning import Digest, digests_of
from notifications.delivery.values import ChannelOutError
from notifications.kinds.channels import Channel
from notifications.rates.services import at_once, take_tokens

from .batches import FIRST_PAUSE, LEASE
from .stragglers import NO_TOKENS

CUSTOMERS = 50


def send_due_digests(*, until: float) -> int:
    """Write to those whose hour has come, until that moment of `monotonic()`; how many mails went out."""
    sent = 0
    while monotonic() < until and (rows := _claim()):
        at = read_db_now()
        digests = digests_of([row for row in rows if row.attempts < Straggler.MAX_ATTEMPTS])
        told = {row.pk for digest in digests for row in digest.rows}
        spent = [row for row in rows if row.attempts >= Straggler.MAX_ATTEMPTS]
        _give_up(spent, Straggler.Reason.FAILED, "the worker died on every attempt")
        # Read meanwhile, switched off, gone: nothing to say any more.
        _forget([row for row in rows if row.pk not in told and row not in spent])
        count, reason = _send_all(digests, at)
        sent += count
        if reason:
            break
    return sent


@transaction.atomic
def _claim() -> list[Straggler]:
    waiting = Straggler.objects.filter(reason=Straggler.Reason.DIGEST, state=Straggler.State.WAITING)
    due = waiting.filter(due_at__lte=db_now()).order_by("due_at").values_list("customer", flat=True)
    customers = list(dict.fromkeys(due[:PAGE]))[:CUSTOMERS]
    # All of theirs: what was told a minute before the hour belongs into the same mail.
    locked = waiting.filter(customer__in=customers).select_for_update(skip_locked=True, of=("self",))
    rows = list(locked.select_related("delivery__message").order_by("customer", "id")) if customers else []
    Straggler.objects.filter(pk__in=[row.pk for row in rows]).update(
        attempts=F("attempts") + 1, due_at=db_now() + LEASE
    )
    return rows


def _send_all(digests: Sequence[Digest], at: datetime) -> tuple[int, str]:
    """How many mails went out, and why not all were tried; those wait."""
    carrier, sent, left, reason = MailCarrier(), 0, list(digests), ""
    limited = at_once(Channel.EMAIL) is not None
    try:
        with carrier.open():
            while left:
                if limited and not take_tokens(Channel.EMAIL, 1):
                    reason = NO_TOKENS
                    break
                sent += _send(carrier, left[0], at)
                del left[0]
    except ChannelOutError as error:
        reason = str(error)
    # Nobody tried them: that counts as no attempt.
    _put_off([row for digest in left for row in digest.rows], reason)
    return sent, reason


def _send(carrier: MailCarrier, digest: Digest, at: datetime) -> int:
    messages = [row.delivery.message for row in digest.rows]
    try:
        carrier.send_mail(digest_for(messages, digest.contact, at))
    except RecipientRefusedError as error:
        _give_up(digest.rows, Straggler.Reason.REFUSED, type(error).__name__)
        return 0
    except MailNotSentError as error:
        _put_off(digest.rows, str(error), is_attempt=True)
        return 0
    with transaction.atomic():
        _forget(digest.rows)
        Delivery.objects.filter(pk__in=[row.delivery_id for row in digest.rows]).update(sent_count=F("sent_count") + 1)
    return 1


def _forget(rows: Sequence[Straggler]) -> None:
    Straggler.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _give_up(rows: Sequence[Straggler], reason: Straggler.Reason, error: str) -> None:
    Straggler.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=Straggler.State.GIVEN_UP, reason=reason, last_error=error[:LONGEST_ERROR]
    )


def _put_off(rows: Sequence[Straggler], error: str, *, is_attempt: bool = False) -> None:
    for row in rows:
        attempts = row.attempts + is_attempt
        is_over = attempts >= Straggler.MAX_ATTEMPTS
        Straggler.objects.filter(pk=row.pk).update(
            attempts=attempts,
            state=Straggler.State.GIVEN_UP if is_over else Straggler.State.WAITING,
            due_at=db_now() + FIRST_PAUSE * 2**row.attempts,
            last_error=error[:LONGEST_ERROR],
        )
