"""Working off the outside queue: receive, recheck, publish, delete."""

import logging
import random
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from time import monotonic

from django.conf import settings

from marketplace.core.clock import db_now, read_db_now
from notifications.delivery import marks, outside
from notifications.delivery.carriers import direct_carrier
from notifications.delivery.models import LONGEST_ERROR, Delivery, Straggler
from notifications.delivery.outside import Entry
from notifications.delivery.pages import unread_items
from notifications.delivery.planning import plan
from notifications.delivery.values import REASONS, ChannelOutError, Outcome, Result
from notifications.inbox.models import Message
from notifications.rates.services import at_once, take_tokens

logger = logging.getLogger(__name__)
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 900


def drain_outside_queue(*, until: float, wait_seconds: int = 0) -> int:
    """Work until the queue has nothing to give, or until that moment of `monotonic()`; how many entries were done."""
    done = 0
    while monotonic() < until:
        entries = outside.receive(wait_seconds=wait_seconds)
        if not entries:
            break
        done += work_off(entries)
    return done


def work_off(entries: Sequence[Entry]) -> int:
    """Publish to each recipient who still wants it, and delete those that are done; how many.

    Each is marked the moment it is published, so that entries that come again are passed over. What was throttled or
    failed is hidden for growing pauses, and after its last receive SQS moves it to the dead-letter queue.
    """
    known = marks.marked([entry.name for entry in entries])
    done = [entry for entry in entries if entry.name in known]
    rest = [entry for entry in entries if entry.name not in known]
    by_message = attrgetter("message_id", "channel")
    try:
        for (message_id, channel), group in groupby(sorted(rest, key=by_message), key=by_message):
            done += _publish(message_id, channel, list(group))
    finally:
        # Also when the channel went out half-way: what is done must not come back.
        outside.delete(done)
    return len(done)


def _publish(message_id: int, channel: str, entries: list[Entry]) -> list[Entry]:
    message = Message.objects.filter(pk=message_id).first()
    if message is None:
        return entries  # erased
    by_customer = {entry.customer: entry for entry in entries}
    found = plan(message, channel, unread_items(message, list(by_customer)), read_db_now())
    later = {each.customer: each.due_at for each in found.later}
    ready = {each.customer for each in found.ready}
    done = [entry for entry in entries if entry.customer not in ready and entry.customer not in later]
    for customer, due_at in later.items():
        # Hours are too long for a queue: back to the stragglers, who know quiet hours.
        _to_stragglers(by_customer[customer], Straggler.Reason.QUIET, due_at=due_at)
        done.append(by_customer[customer])
    carrier, limited = direct_carrier(channel), at_once(channel) is not None
    failed: list[Entry] = []
    try:
        for recipient in found.ready:
            entry = by_customer[recipient.customer]
            if limited and not take_tokens(channel, 1):
                outside.hide([entry], FIRST_PAUSE_SECONDS)
                continue
            outcome = carrier.send_one(message, recipient)
            if _is_over(entry, outcome):
                marks.mark(entry.name)
                done.append(entry)
            else:
                failed.append(entry)
    except ChannelOutError as error:
        logger.warning("push service is out", extra={"channel": channel, "reason": str(error)})
        outside.hide([entry for entry in entries if entry not in done], FIRST_PAUSE_SECONDS)
        return done
    for entry in failed:
        outside.hide([entry], _pause(entry))
    return done


def _is_over(entry: Entry, outcome: Outcome) -> bool:
    """Sent, refused for good, or served on some devices: then the others are the stragglers' affair."""
    if outcome.result is Result.SENT:
        return True
    is_partly = 0 < len(outcome.devices_left) < len(outcome.recipient.devices)
    is_last = entry.received_count >= settings.OUTSIDE_QUEUE_RECEIVES
    if outcome.result is Result.REFUSED or is_partly or is_last:
        is_given_up = not is_partly
        _to_stragglers(entry, REASONS[outcome.result], outcome=outcome, is_given_up=is_given_up)
    # Of what is given up after its last receive the queue keeps a copy for a person, in its dead letters.
    return outcome.result is Result.REFUSED or is_partly


def _to_stragglers(
    entry: Entry,
    reason: Straggler.Reason,
    *,
    due_at: datetime | None = None,
    outcome: Outcome | None = None,
    is_given_up: bool = False,
) -> None:
    delivery = Delivery.objects.filter(pk=entry.delivery_id).first()
    if delivery is None:
        return
    Straggler.objects.update_or_create(
        delivery=delivery,
        customer=entry.customer,
        defaults={
            "state": Straggler.State.GIVEN_UP if is_given_up else Straggler.State.WAITING,
            "reason": reason,
            "attempts": 1,
            "due_at": due_at or db_now(),
            "last_error": outcome.detail[:LONGEST_ERROR] if outcome else "",
            "devices_left": [str(each) for each in outcome.devices_left] if outcome else [],
        },
    )


def _pause(entry: Entry) -> int:
    longest = min(FIRST_PAUSE_SECONDS * 2 ** (entry.received_count - 1), LONGEST_PAUSE_SECONDS)
    return random.randint(max(1, longest // 2), longest)  # noqa: S311 - spreads the load, guards nothing
