"""Reads of the devices."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from notifications.kinds.channels import Channel

from .models import Device


def devices_of(customer_id: UUID) -> "QuerySet[Device, Device]":
    """A customer's own, newest first, disabled ones included."""
    return Device.objects.filter(customer=customer_id).order_by("-id")


def live_devices(channel: str) -> "QuerySet[Device, Device]":
    """Those a message can go to over the channel: not disabled, and numbers only once they are confirmed."""
    rows = Device.objects.filter(disabled_at__isnull=True)
    if channel == Channel.SMS:
        return rows.filter(platform=Device.Platform.SMS, confirmed_at__isnull=False)
    return rows.exclude(platform=Device.Platform.SMS)


def devices_reached_by(channel: str, customer_ids: Collection[UUID]) -> dict[UUID, list[Device]]:
    """The devices of each of these customers that the channel reaches; one query."""
    found: dict[UUID, list[Device]] = {}
    for device in live_devices(channel).filter(customer__in=customer_ids).order_by("id"):
        found.setdefault(device.customer, []).append(device)
    return found
