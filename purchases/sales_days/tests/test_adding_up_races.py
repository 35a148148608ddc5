"""A change that comes while its day is being added up is not lost; workers share the days."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction

from marketplace.core.clock import platform_day
from purchases.models import DailySales, StaleSalesDay
from purchases.sales_days import adding_up, services
from stores.catalog.tests.factories import VariantFactory
from users.accounts.tests.factories import UserFactory

from .factories import BEGINS, sold

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
DAY = platform_day(BEGINS)


def hold_after_reading(monkeypatch: Any) -> tuple[threading.Event, threading.Event]:
    """Whoever adds up first stops with everything read and nothing written: (`has_read`, `may_write`)."""
    has_read, may_write = threading.Event(), threading.Event()
    sales_rows = adding_up.sales_rows

    def reading(day: date) -> Any:
        rows = sales_rows(day)
        if not has_read.is_set():
            has_read.set()
            may_write.wait(10)
        return rows

    for module in (adding_up, services):
        monkeypatch.setattr(module, "sales_rows", reading)
    return has_read, may_write


@transaction.atomic
def add_up_and_then_take_the_mark_away() -> None:
    """The guard left out: the mark goes last, together with that of whoever changed something meanwhile."""
    DailySales.objects.filter(day=DAY).delete()
    DailySales.objects.bulk_create(adding_up.sales_rows(DAY))
    StaleSalesDay.objects.filter(day=DAY).delete()


@pytest.mark.parametrize(
    ("add_up", "orders_counted"), [(services.add_up_next, 2), (add_up_and_then_take_the_mark_away, 1)]
)
def test_an_order_that_comes_while_its_day_is_added_up_is_counted(together, monkeypatch, add_up, orders_counted):
    """With the mark taken away first. The control: taken away last, the second order would never be counted."""
    variant, customer = VariantFactory(), UserFactory()
    sold([variant], at=BEGINS, customer=customer)
    services.touch_days(days=[DAY])
    has_read, may_write = hold_after_reading(monkeypatch)

    def work(number: int) -> None:
        if number == 0:
            add_up()
            return
        assert has_read.wait(10)
        order, _lines = sold([variant], at=BEGINS + timedelta(hours=1), customer=customer)
        # By then this one waits for the mark, or has set it where nobody holds it.
        threading.Timer(0.5, may_write.set).start()
        services.touch_order(order_id=order.pk)

    together(work, 2)
    services.add_up_all()

    assert [row.orders for row in DailySales.objects.all()] == [orders_counted]


def test_workers_share_the_days(together):
    variant, customer = VariantFactory(), UserFactory()
    for back in range(12):
        sold([variant], at=BEGINS + timedelta(days=back), customer=customer)
    services.touch_everything()

    days = together(lambda _number: services.add_up_all(), 3)

    assert sum(days) == 12
    assert DailySales.objects.count() == 12
    assert not StaleSalesDay.objects.exists()
