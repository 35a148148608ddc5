"""Many buyers at once: row locks on PostgreSQL, and the same race with the lock off."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from marketplace.core.locking import LockRank
from stores.catalog.tests.factories import VariantFactory
from stores.contracts import StockLine
from stores.inventory import at_once, many_at_once, services
from stores.inventory.errors import InsufficientStockError, StockKeyReusedError
from stores.inventory.models import StockItem, StockMovement
from stores.inventory.reconciliation import reconcile_stock

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


def reserve_one_of_each(*items: StockItem) -> Callable[[int], None]:
    lines = [StockLine(item.variant_id, item.store_id, 1) for item in items]
    return lambda number: void(services.reserve_stock(lines=lines, idem_key=f"buyer:{number}"))


def test_no_more_of_several_items_is_set_aside_than_there_is():
    items = [stocked(VariantFactory(), 5), stocked(VariantFactory(), 50)]

    outcomes = race(reserve_one_of_each(*items))

    assert outcomes == ["InsufficientStockError"] * (BUYERS - 5) + ["won"] * 5
    assert [reserved(item) for item in items] == [(5, 5), (5, 5)]


def test_without_the_lock_the_same_race_oversells(monkeypatch):
    """The harness sees overselling when the lock is off, so its silence above means something."""
    items = [stocked(VariantFactory(), 5), stocked(VariantFactory(), 50)]
    together = threading.Barrier(BUYERS)

    def look_without_locking(_rank: LockRank, rows):
        found = list(rows.order_by("pk"))
        together.wait(timeout=5)
        return found

    monkeypatch.setattr(services, "lock", look_without_locking)
    monkeypatch.setattr(services, "move_many_at_once", lambda *_changes, **_notes: None)

    outcomes = race(reserve_one_of_each(*items))

    allocated, moved = reserved(items[0])
    assert outcomes.count("won") > 5
    assert moved != allocated


def test_the_statement_for_several_items_needs_its_lock(monkeypatch):
    """With the lock taken out it computes from what it saw before it waited, and counters drift from movements."""
    items = [stocked(VariantFactory(), 50), stocked(VariantFactory(), 50)]
    unlocked = many_at_once._STATEMENT.replace("FOR NO KEY UPDATE OF i", "").replace(
        "row_number() OVER (ORDER BY id) - 1 AS place", "row_number() OVER (ORDER BY id) - 1 AS place, pg_sleep(0.2)"
    )
    assert unlocked.count("FOR NO KEY UPDATE") == 0
    monkeypatch.setattr(many_at_once, "_STATEMENT", unlocked)

    race(reserve_one_of_each(*items))

    assert any(allocated != moved for allocated, moved in map(reserved, items))


def test_without_the_guard_only_the_tables_constraint_stops_the_race(monkeypatch):
    """The statement for one item has its guard in itself: without it whoever comes too late is refused by the table."""
    item = stocked(VariantFactory(), 5)
    monkeypatch.setattr(at_once, "_guard", lambda _change: "TRUE")

    outcomes = race(reserve_one(item))

    assert outcomes == ["IntegrityError"] * (BUYERS - 5) + ["won"] * 5
    assert reserved(item) == (5, 5)


def test_without_guard_and_constraint_one_item_is_oversold(monkeypatch):
    """The control of the control: nothing else would have stopped it."""
    item = stocked(VariantFactory(), 5)
    monkeypatch.setattr(at_once, "_guard", lambda _change: "TRUE")
    [constraint] = [each for each in StockItem._meta.constraints if each.name == "stores_stock_not_negative"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(StockItem, constraint)

    try:
        outcomes = race(reserve_one(item))
        oversold = reserved(item)
    finally:
        StockItem.objects.filter(pk=item.pk).update(allocated=0)
        with connection.schema_editor() as editor:
            editor.add_constraint(StockItem, constraint)

    assert outcomes == ["won"] * BUYERS
    assert oversold == (BUYERS, BUYERS)


def test_everything_at_once_on_one_item_never_goes_negative():
    item = stocked(VariantFactory(), 30)
    other = stocked(VariantFactory(), 30)
    one, both = ([StockLine(each.variant_id, each.store_id, 2) for each in row] for row in ([item], [other, item]))

    def act(number: int) -> None:
        for turn in range(12):
            try:
                ACTS[(number + turn) % len(ACTS)](both if turn % 3 else one, f"{number}/{turn}")
            except InsufficientStockError:
                continue

    assert race(act) == ["won"] * BUYERS

    assert reconcile_stock().drift_count == 0
    for moved in StockMovement.objects.all():
        assert 0 <= moved.allocated_after <= moved.on_hand_after


ACTS: list[Callable[[list[StockLine], str], object]] = [
    lambda lines, key: services.sell_stock(lines=lines, idem_key=key),
    lambda lines, key: services.reserve_stock(lines=lines, idem_key=key),
    lambda lines, key: services.receive_stock(lines=lines, idem_key=key),
    lambda lines, key: services.sell_stock(lines=lines, idem_key=key, was_reserved=True),
    lambda lines, key: services.release_stock(lines=lines, idem_key=key),
]


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
