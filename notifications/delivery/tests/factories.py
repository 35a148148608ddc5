"""Rows of the delivery queue for tests."""

from datetime import datetime, timedelta

import factory
from django.utils import timezone

from notifications.delivery.models import Delivery
from notifications.inbox.tests.factories import MessageFactory
from notifications.kinds.channels import Channel


def past() -> datetime:
    """A moment that is over by every clock: the database's counts milliseconds."""
    return timezone.now() - timedelta(seconds=1)


class DeliveryFactory(factory.django.DjangoModelFactory):
    """A batch that is due; say `from_customer` and `to_customer`."""

    class Meta:
        model = Delivery

    message = factory.SubFactory(MessageFactory)
    channel = Channel.EMAIL
    due_at = factory.LazyFunction(past)
