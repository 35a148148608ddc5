"""A random history of a shop's shelves beside a model in plain Python: movements, reservations, purchase orders."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from marketplace.core.errors import DomainError
from marketplace.core.money import Money
from stores.catalog.models import Variant
from stores.catalog.tests.factories import ProductFactory, VariantFactory
from stores.contracts import StockLine
from stores.inventory import services as stock
from stores.inventory.models import StockItem, StockMovement
from stores.inventory.reconciliation import reconcile_stock
from stores.merchants.tests.factories import StoreFactory
from stores.procurement import services
from stores.procurement.models import GoodsReceiptLine, PurchaseOrder, PurchaseOrderLine
from stores.procurement.services.orders import LineWanted
from stores.procurement.services.receipts import LineReceived

from .factories import SupplierFactory

Numbers = tuple[int, int, int, int]
VARIANTS = 3
KEYS = 40


class History:
    """Each step is asked of the services and of the model; what one refuses the other must refuse too."""

    def __init__(self) -> None:
        self.store = StoreFactory()
        self.supplier = SupplierFactory(store=self.store, over_receipt_bp=2_000)
        self.variants: list[Variant] = [
            VariantFactory(product=ProductFactory(store=self.store)) for _ in range(VARIANTS)
        ]
        self.on_hand: dict[Any, int] = defaultdict(int)
        self.allocated: dict[Any, int] = defaultdict(int)
        self.used: dict[str, tuple[Any, ...]] = {}
        self.orders: list[PurchaseOrder] = []
        self.states: dict[Any, str] = {}
        self.received: dict[Any, int] = defaultdict(int)
        self.steps = 0

    def step(self, action: str, numbers: Numbers) -> bool:
        """Whether there was something to do."""
        acts: dict[str, Callable[[Numbers], bool]] = {
            "move": self._move,
            "two": self._move_two,
            "sell unit": self._sell_unit,
            "draft": self._draft,
            "place": self._place,
            "receive": self._receive,
            "cancel": self._cancel,
        }
        done = acts[action](numbers)
        self.steps += done
        return done

    ACTIONS: ClassVar[tuple[str, ...]] = (
        "move", "move", "move", "two", "sell unit", "draft", "place", "receive", "receive", "cancel",
    )  # fmt: skip

    def examine(self) -> None:
        """The counters are the model's and the sums of their movements; orders have what their receipts say."""
        for item in StockItem.objects.filter(store=self.store):
            expected = (self.on_hand[item.variant_id], self.allocated[item.variant_id])
            assert (item.on_hand, item.allocated) == expected
            assert 0 <= item.allocated <= item.on_hand
        assert reconcile_stock().drift_count == 0
        assert not StockMovement.objects.filter(on_hand_after__lt=0).exists()
        assert not StockMovement.objects.filter(allocated_after__lt=0).exists()
        sums = dict(GoodsReceiptLine.objects.values_list("line").annotate(total=Sum("quantity")).order_by("line"))
        for line in PurchaseOrderLine.objects.filter(order__store=self.store):
            assert line.received_qty == sums.get(line.pk, 0) == self.received[line.pk]
            assert line.received_qty <= line.quantity + line.quantity * 2_000 // 10_000
        for order in PurchaseOrder.objects.filter(store=self.store):
            assert order.state == self.states[order.pk]

    def _ask(self, act: Callable[[], object], *, expected: bool) -> bool:
        """Whether it was done; the model has said whether it may be."""
        try:
            with transaction.atomic():
                act()
        except DomainError:
            assert not expected, "refused what the model allows"
            return False
        assert expected, "done though the model refuses it"
        return True

    def _change(self, kind: int, quantity: int) -> tuple[str, int, int, bool]:
        """Of a kind: its name, what it adds to either counter, whether it takes of what is set aside."""
        return [
            ("receive", quantity, 0, False),
            ("reserve", 0, quantity, False),
            ("release", 0, -quantity, True),
            ("sale", -quantity, 0, False),
            ("reserved sale", -quantity, -quantity, True),
            ("adjust", -quantity, 0, False),
            ("adjust up", quantity, 0, False),
        ][kind % 7]

    def _may(self, variant: Variant, on_hand: int, allocated: int, *, takes_reserved: bool) -> bool:
        left = self.on_hand[variant.pk] - self.allocated[variant.pk]
        if takes_reserved:
            return self.allocated[variant.pk] + allocated >= 0
        return left + min(0, on_hand) - max(0, allocated) >= 0

    def _move(self, numbers: Numbers) -> bool:
        return self._move_lines(numbers, [self.variants[numbers[1] % VARIANTS]])

    def _move_two(self, numbers: Numbers) -> bool:
        return self._move_lines(numbers, self.variants[: 2 + numbers[1] % 2])

    def _move_lines(self, numbers: Numbers, variants: list[Variant]) -> bool:
        quantity, key = 1 + numbers[2] % 6, f"key {numbers[3] % KEYS + self.steps // 50}"
        name, on_hand, allocated, takes_reserved = self._change(numbers[0], quantity)
        content = (name, quantity, tuple(variant.pk for variant in variants))
        opened = all(
            StockItem.objects.filter(variant=variant).exists() or name in {"receive", "adjust", "adjust up"}
            for variant in variants
        )
        repeated = self.used.get(key) == content
        fresh = key not in self.used
        may = all(self._may(each, on_hand, allocated, takes_reserved=takes_reserved) for each in variants)
        lines = [StockLine(variant.pk, self.store.pk, quantity) for variant in variants]
        done = self._ask(lambda: _ask_stock(name, lines, key), expected=repeated or (fresh and opened and may))
        if done and fresh:
            self.used[key] = content
            for variant in variants:
                self.on_hand[variant.pk] += on_hand
                self.allocated[variant.pk] += allocated
        return True

    def _sell_unit(self, numbers: Numbers) -> bool:
        variant, key = self.variants[numbers[1] % VARIANTS], f"unit {self.steps}"
        expected = self.allocated[variant.pk] >= 1
        if self._ask(
            lambda: stock.sell_reserved_unit(variant_id=variant.pk, store_id=self.store.pk, idem_key=key),
            expected=expected,
        ):
            self.on_hand[variant.pk] -= 1
            self.allocated[variant.pk] -= 1
        return True

    def _draft(self, numbers: Numbers) -> bool:
        if sum(state in {"draft", "placed"} for state in self.states.values()) >= 6:
            return False
        chosen = self.variants[: 1 + numbers[0] % VARIANTS]
        order = services.draft_order(
            supplier=self.supplier,
            store=self.store,
            lines=[LineWanted(each.pk, 1 + numbers[1] % 12, Money(1 + numbers[2], "MXN")) for each in chosen],
            actor_id=None,
        )
        self.orders.append(order)
        self.states[order.pk] = "draft"
        return True

    def _place(self, numbers: Numbers) -> bool:
        return self._step_order(numbers, "placed", {"draft"}, services.place_order)

    def _cancel(self, numbers: Numbers) -> bool:
        return numbers[3] % 3 == 0 and self._step_order(
            numbers, "cancelled", {"draft", "placed"}, services.cancel_order
        )

    def _step_order(self, numbers: Numbers, to: str, states: set[str], act: Callable[..., object]) -> bool:
        order = self._order(numbers)
        if order is None:
            return False
        done = self._ask(
            lambda: act(order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None),
            expected=self.states[order.pk] in states,
        )
        if done:
            self.states[order.pk] = to
        return True

    def _receive(self, numbers: Numbers) -> bool:
        order = self._order(numbers)
        if order is None:
            return False
        rows = list(order.lines.order_by("pk"))[: 1 + numbers[1] % VARIANTS]
        quantity, key = 1 + numbers[2] % 7, f"receipt {order.pk} {numbers[3] % 12}"
        content = (quantity, tuple(row.pk for row in rows))
        repeated, fresh = self.used.get(key) == content, key not in self.used
        fits = all(self.received[row.pk] + quantity <= row.quantity + row.quantity * 2_000 // 10_000 for row in rows)
        done = self._ask(
            lambda: services.receive_goods(
                order_id=order.pk,
                lines=[LineReceived(row.pk, quantity) for row in rows],
                idem_key=key,
                at=timezone.now(),
                actor_id=None,
            ),
            expected=repeated or (fresh and fits and self.states[order.pk] == "placed"),
        )
        if done and fresh:
            self.used[key] = content
            for row in rows:
                self.received[row.pk] += quantity
                self.on_hand[row.variant_id] += quantity
            if all(self.received[row.pk] >= row.quantity for row in order.lines.all()):
                self.states[order.pk] = "received"
        return True

    def _order(self, numbers: Numbers) -> PurchaseOrder | None:
        """One of the latest: the others are mostly over."""
        return self.orders[-8:][numbers[0] % min(8, len(self.orders))] if self.orders else None


def _ask_stock(name: str, lines: list[StockLine], key: str) -> None:
    match name:
        case "receive":
            stock.receive_stock(lines=lines, idem_key=key)
        case "reserve":
            stock.reserve_stock(lines=lines, idem_key=key)
        case "release":
            stock.release_stock(lines=lines, idem_key=key)
        case "sale" | "reserved sale":
            stock.sell_stock(lines=lines, idem_key=key, was_reserved=name == "reserved sale")
        case _:
            sign = 1 if name == "adjust up" else -1
            signed = [StockLine(line.variant_id, line.store_id, sign * line.quantity) for line in lines]
            stock.adjust_stock(lines=signed, idem_key=key, reason="count")
