"""Counters against movements: silent when they agree, loud when somebody wrote past the service."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from marketplace.core.outbox.models import OutboxEvent
from stores.catalog.tests.factories import VariantFactory
from stores.contracts import StockLine
from stores.inventory import services
from stores.inventory.models import StockDrift, StockItem, StockReconciliation
from stores.inventory.reconciliation import reconcile_stock
from stores.inventory.tasks import reconcile_stock as nightly
from stores.metrics import drift

from .factories import stocked

pytestmark = pytest.mark.django_db


def busy_item() -> StockItem:
    """Every kind of movement has touched it."""
    item = stocked(VariantFactory(), 20)
    lines = [StockLine(item.variant_id, item.store_id, 4)]
    services.receive_stock(lines=lines, idem_key=f"{item.pk}:a")
    services.reserve_stock(lines=[StockLine(item.variant_id, item.store_id, 9)], idem_key=f"{item.pk}:b")
    services.release_stock(lines=lines, idem_key=f"{item.pk}:c")
    services.sell_stock(lines=lines, idem_key=f"{item.pk}:d")
    services.sell_stock(lines=lines, idem_key=f"{item.pk}:e", was_reserved=True)
    services.adjust_stock(lines=[StockLine(item.variant_id, item.store_id, -1)], idem_key=f"{item.pk}:f", reason="roto")
    return item


def test_what_the_service_wrote_agrees(django_assert_num_queries):
    for _ in range(3):
        busy_item()
    stocked(VariantFactory(), 0)

    with django_assert_num_queries(5):
        run = reconcile_stock()

    assert (run.items_count, run.drift_count) == (4, 0)
    assert not OutboxEvent.objects.filter(wire_name="stores.stock_drifted").exists()
    out = StringIO()
    call_command("reconcile_stock", stdout=out)
    assert "4 stock items" in out.getvalue()


def test_drift_is_written_down_published_and_left_alone():
    item, other = busy_item(), busy_item()
    StockItem.objects.filter(pk=item.pk).update(on_hand=99, allocated=7)

    run = reconcile_stock()

    found = StockDrift.objects.get(reconciliation=run)
    assert found.stock_item == item
    assert (found.on_hand, found.on_hand_moved, found.allocated, found.allocated_moved) == (99, 15, 7, 1)
    event = OutboxEvent.objects.get(wire_name="stores.stock_drifted")
    assert (event.payload["reconciliation_id"], event.payload["drift_count"]) == (run.pk, 1)
    assert drift() == {(): 1}
    item.refresh_from_db()
    other.refresh_from_db()
    assert (item.on_hand, other.on_hand) == (99, 15)


def test_an_item_without_movements_is_adrift_by_all_it_says():
    item = stocked(VariantFactory(), 0)
    StockItem.objects.filter(pk=item.pk).update(on_hand=3)

    assert reconcile_stock().drift_count == 1


def test_the_command_fails_with_drift():
    item = busy_item()
    StockItem.objects.filter(pk=item.pk).update(on_hand=99)
    err = StringIO()

    with pytest.raises(CommandError, match="1 of 1 stock items are adrift"):
        call_command("reconcile_stock", stderr=err)

    assert "on hand 99, by movements 15" in err.getvalue()


def test_nightly_comparison_runs_once_a_day():
    busy_item()

    nightly()
    nightly()

    assert StockReconciliation.objects.count() == 1
    assert drift() == {(): 0}
