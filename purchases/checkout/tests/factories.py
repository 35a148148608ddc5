"""Shoppers for tests: with money, with a cart, and the books and shelves around them."""

from typing import Any
from uuid import uuid4

from django.utils import timezone

from funds.facade import verify_books
from funds.ledger.models import AccountKind
from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey
from funds.payments.services import fund_wallets
from marketplace.core.money import Money
from promotions.flash.tests.factories import make_customer, make_variant
from purchases.carts.tests.factories import filled_cart
from purchases.checkout.services import check_out
from purchases.checkout.values import Acceptance, CheckedOut, PaymentPlan
from purchases.models import Order
from purchases.shipments.tests.factories import take_to
from stores.inventory.reconciliation import reconcile_stock
from stores.models import StockItem
from users.addresses.services import add_address

PRICE = 34_900
"""Of a variant of the factories."""


def mxn(minor: int) -> Money:
    return Money(minor, "MXN")


def shopper(minor: int = 1_000_000, **account: Any) -> Any:
    """A verified customer with so much in the wallet."""
    customer = make_customer(**account)
    if minor:
        fund_wallets(rows=[(customer.pk, mxn(minor), uuid4().hex)])
    return customer


def home_of(customer: Any) -> Any:
    """An entry of the customer's address book, in Puebla."""
    return add_address(
        customer_id=customer.pk,
        recipient="Ana Pérez",
        line1="Reforma 1",
        city="Puebla",
        state="Puebla",
        postal_code="72000",
        country="MX",
    )


def fill(customer: Any, *quantities: int, variants: Any = None) -> list[Any]:
    """So many of each variant in the customer's cart; the variants, which are new unless given."""
    chosen = variants or [make_variant() for _ in quantities]
    for variant, quantity in zip(chosen, quantities, strict=True):
        filled_cart(customer=customer, variant=variant, quantity=quantity)
    return list(chosen)


def buy(customer: Any, *, plan: PaymentPlan | None = None, **accepted: Any) -> CheckedOut:
    """Buy what is in the cart, by wallet unless said otherwise."""
    acceptance = Acceptance(plan=plan or PaymentPlan(), **accepted)
    return check_out(customer_id=customer.pk, accepted=acceptance, at=timezone.now())


def bought(customer: Any, *quantities: int, plan: PaymentPlan | None = None, variants: Any = None) -> Order:
    """An order of so many of each variant."""
    fill(customer, *quantities, variants=variants)
    return buy(customer, plan=plan).order


def shelf(variant: Any) -> tuple[int, int]:
    """What is on hand and what of it is set aside."""
    item = StockItem.objects.get(variant=variant)
    return item.on_hand, item.allocated


def escrow() -> int:
    """What waits for delivery."""
    return balance_of(AccountKey.house(AccountKind.ESCROW, "MXN")).minor


def everything_reconciles() -> None:
    """Every invariant of the books, every item against its movements."""
    assert verify_books(is_full=True, at=timezone.now()) == []
    assert reconcile_stock().drift_count == 0


def delivered(order: Order) -> Order:
    """The order on its way to the customer, and there."""
    take_to(order, "packed", "shipped", "delivered")
    return Order.objects.get(pk=order.pk)
