"""Messages and inbox rows for tests; importable by other contexts' tests."""

import factory
from django.utils import timezone

from marketplace.core.ids import uuid7
from notifications.inbox.models import InboxItem, Message


class MessageFactory(factory.django.DjangoModelFactory):
    """An announcement."""

    class Meta:
        model = Message

    kind = "announcement"
    params = factory.LazyAttribute(lambda _: {"title": "We close early", "body": "At three."})
    dedupe_key = factory.LazyFunction(lambda: f"announcement:{uuid7()}")
    created_at = factory.LazyFunction(timezone.now)


class InboxItemFactory(factory.django.DjangoModelFactory):
    """An unread notification of `customer` (an id)."""

    class Meta:
        model = InboxItem

    customer = factory.LazyFunction(uuid7)
    message = factory.SubFactory(MessageFactory)
    created_at = factory.LazyFunction(timezone.now)
