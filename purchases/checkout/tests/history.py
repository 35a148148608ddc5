"""A random history of a shop: carts filled and changed, prices and promotions moved, orders bought, called off, not
paid in time, sent in part, delivered, called off in part and given back. After each step shelves and books are compared
with what the orders say.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone

from funds.facade import verify_books
from funds.ledger.selectors import wallets_of_owners
from funds.models import Deposit, Refund
from marketplace.core.errors import DomainError
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain
from promotions.campaigns.services.lifecycle import deactivate_campaign
from promotions.campaigns.tests.factories import make_campaign
from promotions.discounts.services import delete_discount
from promotions.discounts.tests.factories import make_discount
from promotions.flash.tests.factories import make_variant
from purchases.call_offs.services import call_off_part
from purchases.carts.models import Cart
from purchases.carts.selectors import shown_cart
from purchases.carts.services import add_item, empty_cart, remove_item
from purchases.carts.values import Holder
from purchases.checkout.services import check_out
from purchases.checkout.values import Acceptance, PaymentPlan
from purchases.models import CallOffLine, Order, OrderPart, ReturnLine
from purchases.orders.services import (
    approve_return,
    cancel_order,
    expire_due_orders,
    receive_return,
    request_return,
)
from purchases.orders.states import CANCELLABLE_BY_CUSTOMER
from purchases.shipments.selectors import units_of
from purchases.shipments.services import deliver_shipment, pack_part, ship_shipment
from purchases.shipments.tests.factories import ShippingRateFactory
from purchases.shipments.values import LineUnits
from stores.catalog.services import change_variant
from stores.inventory.reconciliation import reconcile_stock
from stores.models import Variant

from .factories import delivered, home_of, shelf, shopper

Numbers = tuple[int, int, int, int]
CUSTOMERS, VARIANTS, STOCK, MONEY = 2, 3, 60, 5_000_000
PLANS = (PaymentPlan(), PaymentPlan(), PaymentPlan(provider="sandbox"))
BENEFITS: list[list[dict[str, Any]]] = [
    [{"kind": "percentage", "basis_points": 1_500}],
    [{"kind": "amount", "amount": "33.33"}],
    [{"kind": "free_shipping"}],
]
SOLD = frozenset({"paid", "packed", "shipped", "delivered", "closed", "partly_returned", "returned"})


class History:
    """Steps, and what has to be true after each of them."""

    ACTIONS: ClassVar[tuple[str, ...]] = (
        "add", "add", "add", "remove", "empty", "reprice", "campaign", "discount", "end", "buy", "buy", "buy", "expire",
        "cancel", "deliver", "deliver", "give back", "give back", "send", "call off", "call off",
    )  # fmt: skip

    def __init__(self) -> None:
        self.customers = [shopper(MONEY) for _ in range(CUSTOMERS)]
        for customer in self.customers:
            home_of(customer)
        self.variants = [make_variant(on_hand=STOCK) for _ in range(VARIANTS)]
        self.rate = ShippingRateFactory(store=self.variants[0].store, price_minor=4_900, free_from_minor=200_000)
        self.campaigns: list[Any] = []
        self.discounts: list[Any] = []
        self.steps = 0

    def step(self, action: str, numbers: Numbers) -> bool:
        """Whether there was something to do."""
        acts: dict[str, Callable[[Numbers], bool]] = {
            "add": self._add,
            "remove": self._remove,
            "empty": self._empty,
            "reprice": self._reprice,
            "campaign": self._campaign,
            "discount": self._discount,
            "end": self._end,
            "buy": self._buy,
            "expire": self._expire,
            "cancel": self._cancel,
            "deliver": self._deliver,
            "give back": self._give_back,
            "send": self._send,
            "call off": self._call_off,
        }
        done = acts[action](numbers)
        if done:
            drain()
            self.steps += 1
            self.compare()
        return done

    # --- what is always true

    def compare(self) -> None:
        """Shelves and wallets are what the orders say."""
        gone: dict[Any, int] = defaultdict(int)
        waiting: dict[Any, int] = defaultdict(int)
        spent: dict[Any, int] = defaultdict(int)
        for order in Order.objects.prefetch_related("lines", "parts"):
            lines = list(order.lines.all())
            assert order.total_minor == sum(line.total_minor for line in lines) + order.shipping_minor
            assert order.total_minor == sum(part.total_minor for part in order.parts.all())
            spent[order.customer_id] += self._charged(order)
            for line in lines:
                if order.state in SOLD:
                    gone[line.variant_id] += line.quantity
                elif order.state == Order.State.PLACED:
                    waiting[line.variant_id] += line.quantity
        for row in ReturnLine.objects.filter(order_return__state="received", fate="restock").select_related("line"):
            gone[row.line.variant_id] -= row.quantity
        for unsent in CallOffLine.objects.select_related("line__order", "call_off"):
            # Of an order that is over, the shelf has all but what was written off.
            is_over = unsent.line.order.state not in SOLD
            if is_over and unsent.call_off.fate == "write_off":
                gone[unsent.line.variant_id] += unsent.quantity
            elif not is_over and unsent.call_off.fate == "restock":
                gone[unsent.line.variant_id] -= unsent.quantity
        for variant in self.variants:
            assert shelf(variant) == (STOCK - gone[variant.pk], waiting[variant.pk])
        wallets = {row.owner_id: row.posted for row in wallets_of_owners([each.pk for each in self.customers])}
        brought = self._brought()
        for customer in self.customers:
            assert wallets[customer.pk] == MONEY + brought[customer.pk] - spent[customer.pk]

    def examine(self) -> None:
        """The long look: every invariant of the books, every item against its movements."""
        self.compare()
        assert verify_books(is_full=True, at=timezone.now()) == []
        assert reconcile_stock().drift_count == 0

    @staticmethod
    def _charged(order: Order) -> int:
        """What the order keeps of the customer's money."""
        if order.state not in SOLD:
            return 0
        back = sum(line.refunded_minor for line in order.lines.all())
        return order.total_minor - back - sum(part.shipping_refunded_minor for part in order.parts.all())

    def _brought(self) -> dict[Any, int]:
        """What providers brought into the wallets for orders, less what went back to them."""
        brought: dict[Any, int] = defaultdict(int)
        for deposit in Deposit.objects.filter(order_id__isnull=False).prefetch_related("payments__events"):
            for payment in deposit.payments.all():
                brought[deposit.customer_id] += sum(
                    event.amount_minor for event in payment.events.all() if event.kind == "approved"
                )
        back = Refund.objects.filter(state="settled").values_list("payment__deposit__customer_id", "amount_minor")
        for customer_id, minor in back:
            brought[customer_id] -= minor
        return brought

    # --- steps

    def _holder(self, number: int) -> Holder:
        return Holder(customer_id=self.customers[number % CUSTOMERS].pk)

    def _add(self, numbers: Numbers) -> bool:
        variant = self.variants[numbers[1] % VARIANTS]
        try:
            add_item(
                holder=self._holder(numbers[0]), variant_id=variant.pk, quantity=numbers[2] % 4 + 1, at=timezone.now()
            )
        except DomainError as refusal:
            return refusal.code != "insufficient_stock"
        return True

    def _remove(self, numbers: Numbers) -> bool:
        holder = self._holder(numbers[0])
        lines = list(Cart.objects.get(customer=holder.customer_id).lines.all()) if self._has_cart(holder) else []
        if not lines:
            return False
        remove_item(holder=holder, line_id=lines[numbers[1] % len(lines)].pk, at=timezone.now())
        return True

    def _empty(self, numbers: Numbers) -> bool:
        if not self._has_cart(self._holder(numbers[0])) or numbers[1] % 4:
            return False
        empty_cart(holder=self._holder(numbers[0]), at=timezone.now())
        return True

    @staticmethod
    def _has_cart(holder: Holder) -> bool:
        return Cart.objects.filter(customer=holder.customer_id).exists()

    def _reprice(self, numbers: Numbers) -> bool:
        variant = Variant.objects.get(pk=self.variants[numbers[0] % VARIANTS].pk)
        price = Money(numbers[1] * 37 + 1, variant.currency)
        change_variant(variant=variant, expected_version=None, changes={"price": price}, actor_id=None)
        return True

    def _campaign(self, numbers: Numbers) -> bool:
        self.campaigns.append(
            make_campaign(
                name=f"Campaign {len(self.campaigns)}",
                benefits_json=BENEFITS[numbers[0] % len(BENEFITS)],
                currency="MXN",
                min_ticket=Money(numbers[1] * 50 + 1, "MXN") if numbers[1] % 2 else None,
                max_uses=numbers[2] % 3 + 1 if numbers[2] % 2 else None,
                priority=numbers[3] % 3,
                is_exclusive=numbers[3] % 5 == 0,
            )
        )
        return True

    def _discount(self, numbers: Numbers) -> bool:
        category = self.variants[numbers[0] % VARIANTS].product.category
        self.discounts.append(
            make_discount(
                category,
                percent_bp=numbers[1] * 7 + 1,
                priority=numbers[2] % 3,
                stack_group="summer" if numbers[3] % 2 else "",
            )
        )
        return True

    def _end(self, numbers: Numbers) -> bool:
        if numbers[0] % 2 and self.campaigns:
            campaign = self.campaigns.pop(numbers[1] % len(self.campaigns))
            deactivate_campaign(campaign_id=campaign.pk, actor_id=None, at=timezone.now())
            return True
        if self.discounts:
            delete_discount(discount_id=self.discounts.pop(numbers[1] % len(self.discounts)).pk, actor_id=None)
            return True
        return False

    def _buy(self, numbers: Numbers) -> bool:
        """What the cart shows is what is paid; a cart that cannot be bought as it is says so and stays."""
        order = self._order(numbers, PLANS[numbers[1] % len(PLANS)])
        return order is not None

    def _order(self, numbers: Numbers, plan: PaymentPlan) -> Order | None:
        customer = self.customers[numbers[0] % CUSTOMERS]
        cart = Cart.objects.filter(customer=customer.pk).first()
        shown = shown_cart(cart, at=timezone.now())
        before = Order.objects.count()
        try:
            bought = check_out(
                customer_id=customer.pk,
                accepted=Acceptance(plan=plan, expected_total=shown.quote.total),
                at=timezone.now(),
            )
        except DomainError:
            assert Order.objects.count() == before
            return None
        assert shown.unavailable == ()
        assert bought.order.total == shown.quote.total
        assert [line.total_minor for line in bought.order.lines.all()] == [
            line.priced.total.minor for line in shown.lines if line.priced
        ]
        return bought.order

    def _expire(self, numbers: Numbers) -> bool:
        """Bought through a provider whose money comes too late."""
        order = self._order(numbers, PaymentPlan(provider="sandbox"))
        if order is None:
            return False
        Order.objects.filter(pk=order.pk, state="placed").update(expires_at=timezone.now() - timedelta(seconds=1))
        expire_due_orders(at=timezone.now())
        return True

    def _cancel(self, numbers: Numbers) -> bool:
        order = self._pick(numbers, *CANCELLABLE_BY_CUSTOMER)
        if order is None or any(part.shipped_at for part in order.parts.all()):
            return False
        cancel_order(order_id=order.pk, customer_id=order.customer_id, actor_id=None, at=timezone.now())
        return True

    def _deliver(self, numbers: Numbers) -> bool:
        order = self._pick(numbers, "paid")
        if order is None:
            return False
        delivered(order)
        return True

    def _give_back(self, numbers: Numbers) -> bool:
        order = self._pick(numbers, "delivered", "partly_returned")
        if order is None:
            return False
        left = {line.pk: line.quantity - line.returned_quantity for line in order.lines.all()}
        some = {pk: 1 + numbers[1] % count for pk, count in left.items() if count}
        returned = request_return(
            order_id=order.pk,
            customer_id=order.customer_id,
            quantities=some,
            reason="no",
            within=timedelta(days=30),
            at=timezone.now(),
        )
        approve_return(return_id=returned.pk, actor_id=None)
        fate = "restock" if numbers[2] % 2 else "write_off"
        receive_return(return_id=returned.pk, fates=dict.fromkeys(some, fate), actor_id=None, at=timezone.now())
        return True

    def _send(self, numbers: Numbers) -> bool:
        """Some units of one part of a paid order arrive, the others wait."""
        part = self._part_to_pack(numbers)
        if part is None:
            return False
        waiting = [line for line in units_of(part.order_id) if self._waits(line, part)]
        wanted = {line.line_id: 1 + numbers[2] % line.left for line in waiting}
        parcel = pack_part(part_id=part.pk, quantities=wanted, actor_id=None, at=timezone.now())
        ship_shipment(shipment_id=parcel.pk, actor_id=None, at=timezone.now())
        deliver_shipment(shipment_id=parcel.pk, actor_id=None, at=timezone.now())
        return True

    def _call_off(self, numbers: Numbers) -> bool:
        """The unsent rest of one part of a paid order, or so many units of it, will never be sent."""
        part = self._part_to_pack(numbers)
        if part is None:
            return False
        waiting = [line for line in units_of(part.order_id) if self._waits(line, part)]
        some = {line.line_id: 1 + numbers[2] % line.left for line in waiting}
        called_off = call_off_part(
            part_id=part.pk,
            quantities=some if numbers[3] % 2 else None,
            fate="restock" if numbers[1] % 2 else "write_off",
            reason="gone",
            actor_id=None,
            at=timezone.now(),
        )
        assert called_off.refund_minor <= part.total_minor
        return True

    def _part_to_pack(self, numbers: Numbers) -> OrderPart | None:
        order = self._pick(numbers, "paid")
        if order is None:
            return None
        waiting = {line.part_id for line in units_of(order.pk) if line.left}
        parts = list(order.parts.filter(pk__in=waiting).order_by("pk"))
        return parts[numbers[1] % len(parts)]

    @staticmethod
    def _waits(line: LineUnits, part: OrderPart) -> bool:
        return line.part_id == part.pk and line.left > 0

    @staticmethod
    def _pick(numbers: Numbers, *states: str) -> Order | None:
        orders = list(Order.objects.filter(state__in=states).order_by("pk"))
        return orders[numbers[0] % len(orders)] if orders else None
