"""The checkout: a cart becomes an order with its stock and its money, in one transaction, or nothing happens at all.

In house order: the cart's row (a second tab waits here, and finds the cart empty), reserved units, promotions' uses,
stock, the wallet. Whoever comes too late for the goods has written nothing yet: the order's rows come after them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from funds import facade as funds
from funds.contracts import OrderPaymentCard
from marketplace.core.clock import read_db_now
from marketplace.core.ids import uuid7
from marketplace.core.money import MAX_MINOR, Money
from promotions import facade as promotions
from purchases.carts.models import CartLine
from purchases.carts.selectors import standing_lines, wanted_of
from purchases.carts.services import clear, lines_of, lock_cart
from purchases.carts.values import ShownLine
from purchases.orders.errors import OrderNotFoundError
from purchases.orders.models import Order
from purchases.orders.services import lock_order, write_order
from purchases.orders.services.goods import reservation_key, sale_key
from purchases.orders.values import OrderDraft, PartShipping, SoldLine, payment_time
from purchases.pricing.pipeline import FLASH, LOYALTY
from purchases.pricing.presenting import rejections, stored_benefit, stored_refusal
from purchases.pricing.selectors import quote
from purchases.pricing.values import PricedItem, Quote, Rejected
from stores import facade as stores
from stores.contracts import StockLine
from users import facade as users

from .errors import (
    AddressNeededError,
    CartEmptyError,
    ItemsUnavailableError,
    OrderNotPayableError,
    PriceChangedError,
    ReservedNeedsWalletError,
    TooManyWaitingOrdersError,
    TotalTooLargeError,
    shown,
)
from .values import Acceptance, CheckedOut, PaymentPlan, Sale, Wish


@transaction.atomic
def check_out(*, customer_id: UUID, accepted: Acceptance, at: datetime) -> CheckedOut:
    """Buy what is in the customer's cart.

    Everything is looked at again. Raises `CartEmptyError`; `ItemsUnavailableError` for lines that cannot be bought as
    they are; `PriceChangedError` when the total is not the one that was accepted, or (without one) when a unit costs
    something else than when it was chosen; `PaymentSplitError`, `ReservedNeedsWalletError`, `RateNotFoundError`,
    `AddressNotFoundError`, `AddressNeededError`, `TotalTooLargeError`, `TooManyWaitingOrdersError`;
    `CampaignUsedUpError`, `VoucherGoneError`, `InsufficientStockError`, `ReservationLapsedError` when somebody was
    faster; `InsufficientFundsError`, `UnknownProviderError`, `CurrencyMismatchError`. All of them leave the cart as it
    was.

    From the wallet it is paid at once and its goods leave the shelf. With a provider's part it waits for that, its
    goods set aside, until `expires_at`.
    """
    cart = lock_cart(customer_id)
    lines = lines_of(cart) if cart is not None else []
    if cart is None or not lines:
        raise CartEmptyError
    standing = standing_lines(cart.currency, lines)
    _refuse_lacks(standing)
    costs = quote(
        [wanted_of(line) for line in standing],
        customer_id=customer_id,
        at=at,
        coupons=cart.coupons,
        rates=accepted.rates,
        spends_vouchers=True,
    )
    _refuse_changes(standing, costs, accepted.expected_total)
    _refuse_too_large(costs)
    from_wallet = accepted.plan.wallet_part(costs.total)
    provider = accepted.plan.provider if costs.total != from_wallet else ""
    if provider:
        _expect_room(customer_id, standing)
    order = _sell(
        Sale(
            customer_id=customer_id,
            source=Order.Source.CHECKOUT,
            lines=tuple(standing),
            costs=costs,
            address_id=accepted.address_id,
            is_paid=not provider,
            at=at,
            coupons=tuple(cart.coupons),
        )
    )
    payment = _pay(order, from_wallet, provider)
    clear(cart, at)
    return CheckedOut(order, payment)


@transaction.atomic
def buy_for(*, wish: Wish, pay: Callable[[Order], object], at: datetime) -> Order:
    """Buy so many of one variant that is in no cart: the usual prices, promotions, shipping and stock.

    The order is written as paid, and `pay` pays it in the same transaction, after the goods: accounts are locked last.
    Whose cart holds what does not matter, and no loyalty voucher is spent: those are for what the customer buys. Raises
    `ItemsUnavailableError`, `PriceChangedError` when the goods cost more than `wish.most`, `AddressNotFoundError`,
    `AddressNeededError`, `TotalTooLargeError`, `CampaignUsedUpError`, `InsufficientStockError`, and whatever `pay`
    raises. A second order for the same source and key breaks a constraint.
    """
    line = CartLine(variant_id=wish.variant_id, quantity=wish.quantity, seen_price_minor=0)  # a value, never saved
    standing = standing_lines(wish.currency, [line])
    _refuse_lacks(standing)
    costs = quote([wanted_of(each) for each in standing], customer_id=wish.customer_id, at=at)
    if wish.most is not None and costs.goods_total > wish.most:
        raise PriceChangedError(total=costs.goods_total, expected=wish.most, lines=[])
    _refuse_too_large(costs)
    order = _sell(
        Sale(
            customer_id=wish.customer_id,
            source=wish.source,
            source_key=wish.source_key,
            lines=tuple(standing),
            costs=costs,
            address_id=wish.address_id,
            is_paid=True,
            at=at,
        )
    )
    pay(order)
    return order


def _sell(sale: Sale) -> Order:
    """Take uses and goods in house order, then write the order. Its money is the caller's, who locks accounts last."""
    address = _address(sale.customer_id, sale.address_id, sale.costs)
    order_id = uuid7()
    _take_promotions(order_id, sale)
    _take_goods(order_id, sale.customer_id, sale.lines, is_paid=sale.is_paid)
    return write_order(_draft(order_id, sale, address))


def _refuse_too_large(costs: Quote) -> None:
    if costs.list_total.minor >= MAX_MINOR:
        raise TotalTooLargeError


def _refuse_lacks(lines: Sequence[ShownLine]) -> None:
    lacking = [
        {"line": line.line.pk, "variant": line.card.variant_id, "code": line.lack.value, "available": line.available}
        for line in lines
        if line.lack is not None
    ]
    if lacking:
        raise ItemsUnavailableError(lacking)


def _refuse_changes(lines: Sequence[ShownLine], costs: Quote, expected: Money | None) -> None:
    moved = [_moved(line) for line in lines if line.price_was is not None]
    if (moved and expected is None) or (expected is not None and expected != costs.total):
        raise PriceChangedError(total=costs.total, expected=expected, lines=moved)


def _moved(line: ShownLine) -> dict[str, Any]:
    was = line.price_was or line.unit_price
    return {
        "line": line.line.pk,
        "variant": line.card.variant_id,
        "price_was": shown(was),
        "unit_price": shown(line.unit_price),
    }


def _draft(order_id: UUID, sale: Sale, address: dict[str, str]) -> OrderDraft:
    costs = sale.costs
    return OrderDraft(
        order_id=order_id,
        customer_id=sale.customer_id,
        source=sale.source,
        source_key=sale.source_key or str(order_id),
        lines=tuple(_sold(line, priced) for line, priced in zip(sale.lines, costs.items, strict=True)),
        at=sale.at,
        is_paid=sale.is_paid,
        shipping={each.store_id: PartShipping(each.price, each.rate) for each in costs.shipping},
        applied_benefits=tuple(stored_benefit(each) for each in costs.applied),
        coupons=sale.coupons,
        points_bp=costs.points_bp,
        rejected_promotions=tuple(stored_refusal(each) for each in _rejected(costs)),
        shipping_address=address,
        expires_at=None if sale.is_paid else read_db_now() + payment_time(),
    )


def _rejected(costs: Quote) -> tuple[Rejected, ...]:
    return rejections(costs.refused_here, enumerate(each.refused for each in costs.items))


def _expect_room(customer_id: UUID, lines: Sequence[ShownLine]) -> None:
    """Of an order that waits for a provider's money. The cart's lock keeps two from passing at once."""
    if any(line.flash for line in lines):
        raise ReservedNeedsWalletError
    limit = settings.MAX_WAITING_ORDERS
    if Order.objects.filter(customer=customer_id, state=Order.State.PLACED).count() >= limit:
        raise TooManyWaitingOrdersError(limit=limit)


def _address(customer_id: UUID, address_id: UUID | None, costs: Quote) -> dict[str, str]:
    """A snapshot; without one there may only be goods to fetch."""
    snapshot = users.address_snapshot(customer_id, address_id)
    if snapshot is None and address_id is not None:
        raise users.AddressNotFoundError
    if snapshot is None and any(each.list_price for each in costs.shipping):
        raise AddressNeededError
    return snapshot or {}


def _sold(line: ShownLine, priced: PricedItem) -> SoldLine:
    card = line.card
    return SoldLine(
        variant_id=card.variant_id,
        store_id=card.store_id,
        sku=card.sku,
        name=card.name,
        quantity=line.line.quantity,
        list_price=card.price,
        total=priced.total,
        tax_bp=card.tax_bp,
        commission_bp=card.commission_bp,
        applied_benefits=tuple(stored_benefit(each) for each in priced.applied),
        product_id=card.product_id,
    )


def _take_promotions(order_id: UUID, sale: Sale) -> None:
    """Reserved units and loyalty vouchers become the order's; uses of promotions are counted."""
    owner, costs = {"order_id": order_id, "customer_id": sale.customer_id}, sale.costs
    reserved = sorted(line.line.reservation_id for line in sale.lines if line.line.reservation_id is not None)
    for reservation_id in reserved:
        unit = promotions.claim_sale(reservation_id=reservation_id, **owner)
        if unit.existing_order_id is not None:
            raise CartEmptyError  # bought a moment ago, at the reservation's own door
    applied = [*costs.applied, *(each for priced in costs.items for each in priced.applied)]
    used = {each.rule_id for each in applied if each.kind not in {FLASH, LOYALTY}}
    if used:
        promotions.take_uses(rule_ids=used, coupon_codes=sale.coupons, **owner)
    vouchers = {each.rule_id for each in applied if each.kind == LOYALTY}
    if vouchers:
        promotions.take_vouchers(voucher_ids=vouchers, at=sale.at, **owner)


def _take_goods(order_id: UUID, customer_id: UUID, lines: Sequence[ShownLine], *, is_paid: bool) -> None:
    """Sell what is paid, set aside what waits for its money. Reserved units were set aside by their promotion."""
    reserved = [line for line in lines if line.flash is not None]
    shelf = [line for line in lines if line.flash is None]
    if reserved and shelf:
        stores.lock_stock(_stock(lines))
    notes: dict[str, Any] = {"cause": f"order:{order_id}", "actor_id": customer_id}
    if not is_paid:
        stores.reserve_stock(lines=_stock(shelf), idem_key=reservation_key(order_id), **notes)
        return
    if shelf:
        stores.sell_stock(lines=_stock(shelf), idem_key=sale_key(order_id), **notes)
    if reserved:
        key = f"{sale_key(order_id)}:units"
        stores.sell_stock(lines=_stock(reserved), idem_key=key, was_reserved=True, **notes)


def _stock(lines: Sequence[ShownLine]) -> list[StockLine]:
    return [StockLine(line.card.variant_id, line.card.store_id, line.line.quantity) for line in lines]


def _pay(order: Order, from_wallet: Money, provider: str) -> OrderPaymentCard:
    return funds.pay_new_order(
        order_id=order.pk,
        customer_id=order.customer_id,
        total=order.total,
        from_wallet=from_wallet,
        provider=provider,
        lasts=payment_time(),
    )


@transaction.atomic
def pay_again(*, order_id: UUID, customer_id: UUID, plan: PaymentPlan) -> OrderPaymentCard:
    """Begin another payment of an order that waits, until the order's own time is over.

    Raises `OrderNotFoundError` (also for another's order), `OrderNotPayableError` for one that is paid or over,
    `OrderPaymentExistsError` while another payment is under way, `PaymentSplitError`, `InsufficientFundsError`,
    `UnknownProviderError`, `CurrencyMismatchError`.
    """
    order = lock_order(order_id)
    if order.customer_id != customer_id:
        raise OrderNotFoundError
    left = order.expires_at - read_db_now() if order.expires_at else timedelta(0)
    if order.state != Order.State.PLACED or left <= timedelta(0):
        raise OrderNotPayableError(state=order.state)
    from_wallet = plan.wallet_part(order.total)
    return funds.start_order_payment(
        order_id=order.pk,
        customer_id=customer_id,
        total=order.total,
        from_wallet=from_wallet,
        provider=plan.provider if from_wallet != order.total else "",
        lasts=left,
    )
