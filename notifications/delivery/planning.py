"""Who of a page of recipients gets a message over a channel, asked at the moment it goes out. Set-wise: a handful of
queries a page, none per recipient."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from notifications.devices.selectors import devices_reached_by
from notifications.inbox.models import InboxItem, Message
from notifications.kinds.channels import Channel
from notifications.kinds.moments import zone_named
from notifications.kinds.table import FLASH_STARTED, KINDS
from notifications.preferences.models import QuietHours
from notifications.preferences.moments import next_digest, quiet_until
from notifications.preferences.selectors import quiet_hours_of, wanted
from promotions import facade as promotions
from users import facade as users
from users.contracts import Contact

from .models import Straggler, Suppression
from .values import Later, Plan, Recipient


def plan(message: Message, channel: str, items: Mapping[UUID, int], at: datetime) -> Plan:
    """`items` are unread notifications by customer. Rechecked: the customer's preference, that the account is active,
    that the address is proven and not suppressed, that there is a device, quiet hours, digest, and of a flash
    promotion that it still runs."""
    found = Plan()
    if not _is_still_true(message, at):
        return found
    people = _reachable(message.kind, channel, users.contacts(wanted(message.kind, channel, items)))
    devices = devices_reached_by(channel, people) if channel != Channel.EMAIL else {}
    hours = quiet_hours_of(people)
    for customer, item in sorted(items.items()):
        if customer not in people or (channel != Channel.EMAIL and customer not in devices):
            continue
        later = _later(message, channel, people[customer], hours.get(customer), at)
        if later is None:
            found.ready.append(Recipient(people[customer], item, tuple(devices.get(customer, ()))))
        else:
            found.later.append(later)
    return found


@dataclass(frozen=True, slots=True)
class Digest:
    """What one customer is told in one mail."""

    contact: Contact
    rows: tuple[Straggler, ...]


def digests_of(rows: Sequence[Straggler]) -> list[Digest]:
    """The mails of these rows' customers, rechecked like everything that goes out; rows of nobody are left out."""
    customers = {row.customer for row in rows}
    unread = set(
        InboxItem.objects.filter(
            customer__in=customers, message__in={row.delivery.message_id for row in rows}, read_at__isnull=True
        ).values_list("customer", "message_id")
    )
    kinds = {row.delivery.message.kind for row in rows}
    wanting = {kind: wanted(kind, Channel.EMAIL, customers) for kind in kinds}
    people = _reachable("", Channel.EMAIL, users.contacts(customers))
    found: dict[UUID, list[Straggler]] = {}
    for row in rows:
        message = row.delivery.message
        if (row.customer, message.pk) in unread and row.customer in wanting[message.kind] and row.customer in people:
            found.setdefault(row.customer, []).append(row)
    return [Digest(people[customer], tuple(own)) for customer, own in found.items()]


def address_hash(address: str) -> str:
    """How suppressed addresses are kept: keyed, so that the list is none of addresses."""
    key = settings.LOG_HASH_KEY.encode()[:64]
    return hashlib.blake2b(address.strip().lower().encode(), key=key, digest_size=32).hexdigest()


def only_devices(recipient: Recipient, left: Collection[Any]) -> Recipient:
    """The recipient with those devices alone that did not get it yet; all of them where nothing is said."""
    if not left:
        return recipient
    ids = {str(each) for each in left}
    devices = tuple(device for device in recipient.devices if str(device.pk) in ids)
    return Recipient(recipient.contact, recipient.item, devices)


def _is_still_true(message: Message, at: datetime) -> bool:
    if message.kind != FLASH_STARTED:
        return True
    return any(str(promo.promo_id) == message.params.get("promo") for promo in promotions.running_promos(at))


def _reachable(kind_code: str, channel: str, people: dict[UUID, Contact]) -> dict[UUID, Contact]:
    if channel != Channel.EMAIL:
        return people
    proven = {customer: person for customer, person in people.items() if person.is_verified}
    if not proven:
        return {}
    hashes = {customer: address_hash(person.email) for customer, person in proven.items()}
    blocked = Suppression.objects.filter(channel=channel, address_hash__in=hashes.values())
    kind = KINDS.get(kind_code)
    if kind is not None and kind.is_required_on(channel):
        # Whoever unsubscribed from all is still told of money; an address that bounces takes nothing.
        blocked = blocked.exclude(reason=Suppression.Reason.UNSUBSCRIBED)
    suppressed = set(blocked.values_list("address_hash", flat=True))
    return {customer: person for customer, person in proven.items() if hashes[customer] not in suppressed}


def _later(message: Message, channel: str, person: Contact, hours: QuietHours | None, at: datetime) -> Later | None:
    if hours is None:
        return None
    zone, kind = zone_named(person.time_zone), KINDS.get(message.kind)
    waits = kind is not None and kind.may_wait and channel == Channel.EMAIL
    if waits and hours.digest != QuietHours.Digest.OFF:
        return Later(person.user_id, Straggler.Reason.DIGEST, next_digest(hours, zone, at))
    until = quiet_until(hours, zone, at)
    return None if until is None else Later(person.user_id, Straggler.Reason.QUIET, until)
