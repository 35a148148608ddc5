"""Recipients who did not get a message with the others: each tried again when their moment has come."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from time import monotonic
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from marketplace.core.clock import db_now, read_db_now
from notifications.delivery.carriers import straggler_carrier
from notifications.delivery.models import LONGEST_ERROR, Delivery, Straggler
from notifications.delivery.pages import PAGE, unread_items
from notifications.delivery.planning import only_devices, plan
from notifications.delivery.values import REASONS, ChannelOutError, Outcome, Recipient, Result
from notifications.rates.services import at_once, take_tokens

from .batches import FIRST_PAUSE, LEASE

NO_TOKENS = "no token of the channel's rate was left"


def send_due_stragglers(*, until: float) -> int:
    """Try those whose moment has come, a page at a time until that moment of `monotonic()`; how many were looked at."""
    looked_at = 0
    while monotonic() < until and (rows := _claim()):
        for _pk, group in groupby(rows, key=attrgetter("delivery_id")):
            _try(list(group))
        looked_at += len(rows)
    return looked_at


@transaction.atomic
def _claim() -> list[Straggler]:
    waiting = Straggler.objects.filter(state=Straggler.State.WAITING, due_at__lte=db_now()).exclude(
        reason=Straggler.Reason.DIGEST
    )
    locked = waiting.select_for_update(skip_locked=True, of=("self",))
    rows = list(locked.select_related("delivery__message").order_by("due_at")[:PAGE])
    # Counted before it is tried, so that one who kills the worker is counted too.
    _rows(rows).update(attempts=F("attempts") + 1, due_at=db_now() + LEASE)
    return sorted(rows, key=lambda row: (row.delivery_id, row.customer))


def _rows(rows: Sequence[Straggler]) -> "QuerySet[Straggler, Straggler]":
    return Straggler.objects.filter(pk__in=[row.pk for row in rows])


def _try(rows: list[Straggler]) -> None:
    delivery = rows[0].delivery
    by_customer = {row.customer: row for row in rows if row.attempts < Straggler.MAX_ATTEMPTS}
    _rows([row for row in rows if row.customer not in by_customer]).update(
        state=Straggler.State.GIVEN_UP, last_error="the worker died on every attempt"
    )
    found = plan(delivery.message, delivery.channel, unread_items(delivery.message, list(by_customer)), read_db_now())
    still = {each.customer for each in found.ready} | {each.customer for each in found.later}
    _rows([row for customer, row in by_customer.items() if customer not in still]).delete()
    for later in found.later:
        row = by_customer[later.customer]
        _rows([row]).update(attempts=row.attempts, reason=later.reason, due_at=later.due_at)
    ready = [only_devices(each, by_customer[each.customer].devices_left) for each in found.ready]
    _send(delivery, ready, by_customer)


def _send(delivery: Delivery, ready: Sequence[Recipient], by_customer: Mapping[UUID, Straggler]) -> None:
    carrier, waiting = straggler_carrier(delivery), {each.customer for each in ready}
    limited = at_once(delivery.channel) is not None
    try:
        with carrier.open():
            for recipient in ready:
                if limited and not take_tokens(delivery.channel, 1):
                    break
                for outcome in carrier.send(delivery.message, [recipient]):
                    waiting.discard(recipient.customer)
                    _record(by_customer[recipient.customer], outcome)
        reason = NO_TOKENS
    except ChannelOutError as error:
        reason = str(error)
    # Nobody tried them: that counts as no attempt.
    for customer in waiting:
        row = by_customer[customer]
        _rows([row]).update(attempts=row.attempts, due_at=db_now() + FIRST_PAUSE, last_error=reason[:LONGEST_ERROR])


def _record(row: Straggler, outcome: Outcome) -> None:
    if outcome.result is Result.SENT:
        with transaction.atomic():
            _rows([row]).delete()
            Delivery.objects.filter(pk=row.delivery_id).update(sent_count=F("sent_count") + 1)
        return
    attempts = row.attempts + 1
    is_over = outcome.result is Result.REFUSED or attempts >= Straggler.MAX_ATTEMPTS
    _rows([row]).update(
        state=Straggler.State.GIVEN_UP if is_over else Straggler.State.WAITING,
        reason=REASONS[outcome.result],
        due_at=db_now() + FIRST_PAUSE * 2 ** (attempts - 1),
        last_error=outcome.detail[:LONGEST_ERROR],
        devices_left=[str(each) for each in outcome.devices_left],
    )
