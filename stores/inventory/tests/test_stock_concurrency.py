"""Many buyers at once: row locks on PostgreSQL, and the same race with the lock off."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from marketplace.core.locking import LockRank
from stores.catalog.tests.factories import VariantFactory
from stores.contracts import StockLine
from stores.inventory import services
from stores.inventory.errors import InsufficientStockError, StockKeyReusedError
from stores.inventory.models import StockItem, StockMovement

from .factories import stocked

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
BUYERS = 12


def race(act: Callable[[int], None], count: int = BUYERS) -> list[str]:
    """Run `act(n)` in that many threads at once; the outcomes."""
    start = threading.Barrier(count)
    outcomes: list[str] = []

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            start.wait()
            act(number)
            outcomes.append("won")
        except (InsufficientStockError, StockKeyReusedError, IntegrityError) as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def reserve_one(item: StockItem) -> Callable[[int], None]:
    line = StockLine(item.variant_id, item.store_id, 1)
    return lambda number: void(services.reserve_stock(lines=[line], idem_key=f"buyer:{number}"))


def void(_result: object) -> None:
    """A thread's answer nobody asks for."""


def reserved(item: StockItem) -> tuple[int, int]:
    item.refresh_from_db()
    moved = StockMovement.objects.filter(stock_item=item, kind="reserve").aggregate(total=Sum("quantity"))["total"]
    return item.allocated, moved


def test_no_more_is_set_aside_than_there_is():
    item = stocked(VariantFactory(), 5)

    outcomes = race(reserve_one(item))

    assert outcomes == ["InsufficientStockError"] * (BUYERS - 5) + ["won"] * 5
    assert reserved(item) == (5, 5)


def test_without_the_lock_the_same_race_oversells(monkeypatch):
    """The harness sees overselling when the guard is off, so its silence above means something."""
    item = stocked(VariantFactory(), 5)
    together = threading.Barrier(BUYERS)

    def look_without_locking(_rank: LockRank, rows):
        found = list(rows.order_by("pk"))
        together.wait(timeout=5)
        return found

    monkeypatch.setattr(services, "lock", look_without_locking)

    outcomes = race(reserve_one(item))

    allocated, moved = reserved(item)
    assert outcomes.count("won") > 5
    assert moved != allocated


def test_one_key_from_many_threads_moves_once():
    item = stocked(VariantFactory(), 50)
    line = StockLine(item.variant_id, item.store_id, 3)

    outcomes = race(lambda _number: void(services.reserve_stock(lines=[line], idem_key="order:1")))

    assert outcomes == ["won"] * BUYERS
    assert reserved(item) == (3, 3)


def test_one_key_for_other_items_is_refused_whoever_comes_first():
    items = [stocked(VariantFactory(), 50) for _ in range(BUYERS)]

    def act(number: int) -> None:
        line = StockLine(items[number].variant_id, items[number].store_id, 1)
        services.reserve_stock(lines=[line], idem_key="order:1")

    outcomes = race(act)

    assert outcomes == ["StockKeyReusedError"] * (BUYERS - 1) + ["won"]
    assert StockItem.objects.aggregate(total=Sum("allocated"))["total"] == 1


def test_lines_in_any_order_do_not_deadlock():
    items = [stocked(VariantFactory(), 1_000) for _ in range(6)]
    lines = [StockLine(item.variant_id, item.store_id, 1) for item in items]

    def act(number: int) -> None:
        for turn in range(5):
            mine = lines if (number + turn) % 2 else list(reversed(lines))
            services.reserve_stock(lines=mine, idem_key=f"{number}/{turn}")

    assert race(act) == ["won"] * BUYERS
    assert {item.allocated for item in StockItem.objects.all()} == {BUYERS * 5}


def test_reserved_units_are_sold_once_each():
    item = stocked(VariantFactory(), 20)
    services.reserve_stock(lines=[StockLine(item.variant_id, item.store_id, 5)], idem_key="promo")

    def act(number: int) -> None:
        with transaction.atomic():
            services.sell_reserved_unit(variant_id=item.variant_id, store_id=item.store_id, idem_key=f"order:{number}")

    outcomes = race(act)

    item.refresh_from_db()
    assert outcomes == ["InsufficientStockError"] * (BUYERS - 5) + ["won"] * 5
    assert (item.on_hand, item.allocated) == (15, 0)
