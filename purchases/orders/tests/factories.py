"""Orders for tests."""

from datetime import UTC, datetime

import factory

from marketplace.core.numbers import new_number
from purchases.models import Order
from users.accounts.tests.factories import UserFactory


class OrderFactory(factory.django.DjangoModelFactory[Order]):
    """A paid order without lines."""

    class Meta:
        model = Order

    number = factory.LazyFunction(new_number)
    customer = factory.SubFactory(UserFactory)
    source = Order.Source.CHECKOUT
    source_key = factory.Sequence(lambda n: f"test-{n}")
    state = Order.State.PAID
    currency = "MXN"
    total_minor = 10_000
    list_total_minor = factory.SelfAttribute("total_minor")
    placed_at = datetime(2026, 1, 1, tzinfo=UTC)
