"""Counters and movements: rules, keys, events."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Sum
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from marketplace.core.errors import DomainError, InvalidInputError
from marketplace.core.outbox.models import OutboxEvent
from stores.catalog.tests.factories import VariantFactory
from stores.contracts import StockLine
from stores.inventory import services
from stores.inventory.errors import InsufficientStockError, StockKeyReusedError, StockLimitError, UnknownStockError
from stores.inventory.models import StockItem, StockMovement
from stores.merchants.tests.factories import StoreFactory

from .factories import stocked

pytestmark = pytest.mark.django_db


def line(item: StockItem, quantity: int = 1) -> StockLine:
    return StockLine(item.variant_id, item.store_id, quantity)


def counters(item: StockItem) -> tuple[int, int]:
    item.refresh_from_db()
    return item.on_hand, item.allocated


def movements() -> list[Any]:
    return list(StockMovement.objects.order_by("pk").values_list())


def test_each_kind_moves_its_counters():
    item = stocked(VariantFactory(), 10)

    services.receive_stock(lines=[line(item, 5)], idem_key="a")
    assert counters(item) == (15, 0)
    services.reserve_stock(lines=[line(item, 4)], idem_key="b")
    assert counters(item) == (15, 4)
    services.release_stock(lines=[line(item, 1)], idem_key="c")
    assert counters(item) == (15, 3)
    services.sell_stock(lines=[line(item, 2)], idem_key="d", was_reserved=True)
    assert counters(item) == (13, 1)
    services.sell_stock(lines=[line(item, 12)], idem_key="e")
    assert counters(item) == (1, 1)
    services.adjust_stock(lines=[line(item, 2)], idem_key="f", reason="found")
    assert counters(item) == (3, 1)
    services.adjust_stock(lines=[line(item, -2)], idem_key="g", reason="broken")
    assert counters(item) == (1, 1)

    last = StockMovement.objects.latest("pk")
    assert (last.on_hand_after, last.allocated_after, last.quantity) == (1, 1, -2)


@pytest.mark.parametrize(
    "move",
    [
        lambda one: services.reserve_stock(lines=[one], idem_key="k"),
        lambda one: services.release_stock(lines=[one], idem_key="k"),
        lambda one: services.sell_stock(lines=[one], idem_key="k"),
        lambda one: services.sell_stock(lines=[one], idem_key="k", was_reserved=True),
        lambda one: services.adjust_stock(
            lines=[StockLine(one.variant_id, one.store_id, -one.quantity)], idem_key="k", reason="broken"
        ),
    ],
)
def test_nobody_takes_more_than_there_is(move):
    item = stocked(VariantFactory(), 10)
    services.reserve_stock(lines=[line(item, 3)], idem_key="before")
    before = movements()

    with pytest.raises(InsufficientStockError) as refused:
        move(line(item, 8))

    assert refused.value.params["variant"] == item.variant_id
    assert refused.value.params["requested"] == 8
    assert refused.value.params["available"] in {3, 7}
    assert counters(item) == (10, 3)
    assert movements() == before


def test_demand_is_summed_and_all_lines_move_or_none():
    rich, poor = stocked(VariantFactory(), 10), stocked(VariantFactory(), 3)

    with pytest.raises(InsufficientStockError) as refused:
        services.reserve_stock(lines=[line(rich, 1), line(poor, 2), line(poor, 2)], idem_key="k")

    assert [entry["variant"] for entry in refused.value.params["lines"]] == [poor.variant_id]
    assert (refused.value.params["requested"], refused.value.params["available"]) == (4, 3)
    assert (counters(rich), counters(poor)) == ((10, 0), (3, 0))

    moved = services.reserve_stock(lines=[line(poor, 2), line(rich, 1), line(poor, 1)], idem_key="k")
    assert {m.stock_item_id: m.quantity for m in moved} == {rich.pk: 1, poor.pk: 3}


def test_same_key_again_has_no_second_effect():
    first, second = stocked(VariantFactory()), stocked(VariantFactory())
    lines = [line(first, 2), line(second, 3)]
    services.reserve_stock(lines=lines, idem_key="order:1")
    before = movements()

    again = services.reserve_stock(lines=lines, idem_key="order:1")

    assert {m.stock_item_id for m in again} == {first.pk, second.pk}
    assert (counters(first), counters(second)) == ((10, 2), (10, 3))
    assert movements() == before


def test_same_key_with_other_content_is_refused():
    first, second = stocked(VariantFactory()), stocked(VariantFactory())
    services.reserve_stock(lines=[line(first, 2), line(second, 3)], idem_key="order:1")
    before = movements()

    for lines in ([line(first, 2)], [line(first, 2), line(second, 2)], [line(second, 3)]):
        with pytest.raises(StockKeyReusedError):
            services.reserve_stock(lines=lines, idem_key="order:1")
    with pytest.raises(StockKeyReusedError):
        services.release_stock(lines=[line(first, 2), line(second, 3)], idem_key="order:1")

    assert movements() == before


@pytest.mark.parametrize("quantity", [0, -1])
def test_quantities_are_positive(quantity):
    item = stocked(VariantFactory())

    with pytest.raises(InvalidInputError):
        services.receive_stock(lines=[line(item, quantity)], idem_key="k")

    assert counters(item) == (10, 0)


def test_adjusting_needs_a_reason_and_a_quantity():
    item = stocked(VariantFactory())

    for quantity, reason in ((1, " "), (0, "found")):
        with pytest.raises(InvalidInputError):
            services.adjust_stock(lines=[line(item, quantity)], idem_key="k", reason=reason)

    assert counters(item) == (10, 0)


def test_first_receipt_opens_the_item_in_the_variants_own_store_only():
    variant = VariantFactory()

    with pytest.raises(UnknownStockError):
        services.receive_stock(lines=[StockLine(variant.pk, StoreFactory().pk, 1)], idem_key="k")
    with pytest.raises(UnknownStockError):
        services.reserve_stock(lines=[StockLine(variant.pk, variant.store_id, 1)], idem_key="k")
    assert not StockItem.objects.exists()

    services.receive_stock(lines=[StockLine(variant.pk, variant.store_id, 7)], idem_key="k")
    assert counters(StockItem.objects.get()) == (7, 0)


def test_shelf_has_a_limit():
    item = stocked(VariantFactory(), 999_999_999)

    with pytest.raises(StockLimitError):
        services.receive_stock(lines=[line(item, 2)], idem_key="k")

    assert counters(item) == (999_999_999, 0)


def test_low_stock_is_published_once_per_crossing():
    item = stocked(VariantFactory(), 10, reorder_point=5)

    services.sell_stock(lines=[line(item, 4)], idem_key="a")
    assert not OutboxEvent.objects.exists()
    services.reserve_stock(lines=[line(item, 1)], idem_key="b")
    services.sell_stock(lines=[line(item, 1)], idem_key="c")
    services.sell_stock(lines=[line(item, 1)], idem_key="d", was_reserved=True)
    assert [event.payload["available"] for event in OutboxEvent.objects.all()] == [5]

    services.receive_stock(lines=[line(item, 9)], idem_key="e")
    services.sell_stock(lines=[line(item, 8)], idem_key="f")
    assert [event.wire_name for event in OutboxEvent.objects.all()] == ["stores.stock_low"] * 2


def test_reserved_unit_is_sold_at_once(django_assert_num_queries):
    item = stocked(VariantFactory(), 10)
    services.reserve_stock(lines=[line(item, 2)], idem_key="promo")

    with transaction.atomic(), django_assert_num_queries(1 if connection.vendor == "postgresql" else 2):
        services.sell_reserved_unit(
            variant_id=item.variant_id, store_id=item.store_id, idem_key="order:1", cause="order:1"
        )

    assert counters(item) == (9, 1)
    sale = StockMovement.objects.get(idem_key="order:1")
    assert (sale.kind, sale.from_allocated, sale.on_hand_after, sale.allocated_after) == ("sale", 1, 9, 1)
    assert sale.created_at is not None


def test_reserved_unit_is_sold_once_per_key():
    item, other = stocked(VariantFactory(), 10), stocked(VariantFactory(), 10)
    services.reserve_stock(lines=[line(item, 1), line(other, 1)], idem_key="promo")
    sale: dict[str, Any] = {"variant_id": item.variant_id, "store_id": item.store_id, "idem_key": "order:1"}
    with transaction.atomic():
        services.sell_reserved_unit(**sale)
    before = movements()

    with transaction.atomic():
        services.sell_reserved_unit(**sale)
    services.reserve_stock(lines=[line(item, 1)], idem_key="promo 2")
    with transaction.atomic():
        services.sell_reserved_unit(**sale)
    for changes in ({"idem_key": "promo"}, {"variant_id": other.variant_id, "store_id": other.store_id}):
        with pytest.raises(StockKeyReusedError), transaction.atomic():
            services.sell_reserved_unit(**sale | changes)

    assert counters(item) == (9, 1)
    assert counters(other) == (10, 1)
    assert movements()[: len(before)] == before
    assert len(movements()) == len(before) + 1


def test_nothing_set_aside_means_no_sale():
    item = stocked(VariantFactory(), 10)

    with pytest.raises(InsufficientStockError), transaction.atomic():
        services.sell_reserved_unit(variant_id=item.variant_id, store_id=item.store_id, idem_key="order:1")

    assert counters(item) == (10, 0)


def test_staff_release_only_what_staff_set_aside():
    item = stocked(VariantFactory(), 10)
    services.reserve_stock(lines=[line(item, 5)], idem_key="promo", cause="promo")
    entered: dict[str, Any] = {"line": line(item, 2), "actor_id": None}
    services.record_staff_movement(kind="reserve", idem_key="a", **entered)
    services.record_staff_movement(kind="sale", idem_key="b", was_reserved=True, **entered)

    for kind in ("release", "sale"):
        with pytest.raises(InsufficientStockError) as refused:
            services.record_staff_movement(kind=kind, idem_key="c", was_reserved=kind == "sale", **entered)
        assert refused.value.params["available"] == 0

    assert counters(item) == (8, 5)


def test_movements_are_never_changed():
    stocked(VariantFactory(), 10)

    with pytest.raises(IntegrityError), transaction.atomic():
        StockMovement.objects.update(quantity=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        StockMovement.objects.all().delete()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["receive", "reserve", "release", "sale", "reserved sale", "adjust", "reserved unit"]),
        st.integers(min_value=-6, max_value=12),
        st.integers(min_value=0, max_value=6),
    ),
    max_size=25,
)


class CountersAreTheSumOfTheirMovements(TestCase):
    """Whatever is asked in whatever order, refused or repeated."""

    @settings(max_examples=60, deadline=None)
    @given(STEPS)
    def test_counters(self, steps):
        item = stocked(VariantFactory(), 5)
        for kind, quantity, key in steps:
            try:
                with transaction.atomic():
                    ask(item, kind, quantity, f"key {key}")
            except DomainError:
                pass

        signed = StockMovement.objects.filter(stock_item=item)
        sums = {
            kind: signed.filter(kind=kind).aggregate(q=Sum("quantity"), a=Sum(F("from_allocated"))) for kind in KINDS
        }
        on_hand = sum((sums[kind]["q"] or 0) for kind in ("receive", "adjust")) - (sums["sale"]["q"] or 0)
        allocated = (sums["reserve"]["q"] or 0) - (sums["release"]["q"] or 0) - (sums["sale"]["a"] or 0)
        assert counters(item) == (on_hand, allocated)
        assert 0 <= allocated <= on_hand
        last = signed.order_by("-pk").first()
        assert last is not None
        assert (last.on_hand_after, last.allocated_after) == (on_hand, allocated)


KINDS = [kind.value for kind in StockMovement.Kind]


def ask(item: StockItem, kind: str, quantity: int, key: str) -> None:
    lines = [line(item, quantity)]
    match kind:
        case "receive":
            services.receive_stock(lines=lines, idem_key=key)
        case "reserve":
            services.reserve_stock(lines=lines, idem_key=key)
        case "release":
            services.release_stock(lines=lines, idem_key=key)
        case "sale":
            services.sell_stock(lines=lines, idem_key=key)
        case "reserved sale":
            services.sell_stock(lines=lines, idem_key=key, was_reserved=True)
        case "adjust":
            services.adjust_stock(lines=lines, idem_key=key, reason="count")
        case "reserved unit":
            services.sell_reserved_unit(variant_id=item.variant_id, store_id=item.store_id, idem_key=key)
