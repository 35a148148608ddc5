"""The checkout: what it takes, what it writes, and what a refusal leaves behind."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from funds.facade import InsufficientFundsError, OrderPaymentExistsError, call_off_order_payment
from funds.ledger.tests.factories import posted_and_held
from marketplace.core.errors import DomainError
from marketplace.core.models import OutboxEvent
from marketplace.core.outbox.relay import drain
from promotions.campaigns.terms import CouponTerms
from promotions.campaigns.tests.factories import make_campaign
from promotions.facade import CampaignUsedUpError, claim_sale, rule_limits
from promotions.flash.services.claims import reserve_unit
from promotions.flash.tests.factories import make_promo, make_variant
from promotions.models import Campaign, Coupon
from promotions.rules.versions import bump
from purchases.carts.models import Cart, CartLine
from purchases.carts.services import add_coupon, add_reserved_unit
from purchases.carts.tests.factories import filled_cart
from purchases.carts.values import Holder
from purchases.checkout.errors import (
    AddressNeededError,
    CartEmptyError,
    ItemsUnavailableError,
    OrderNotPayableError,
    PaymentSplitError,
    PriceChangedError,
    ReservedNeedsWalletError,
    TooManyWaitingOrdersError,
    TotalTooLargeError,
)
from purchases.checkout.services import pay_again
from purchases.checkout.values import PaymentPlan
from purchases.models import Order, OrderLine
from purchases.orders.errors import OrderNotFoundError
from purchases.shipments.tests.factories import ShippingRateFactory
from stores.contracts import StockLine
from stores.facade import InsufficientStockError, sell_stock
from stores.models import Product, StockMovement, Variant
from users.facade import AddressNotFoundError

from .factories import PRICE, buy, escrow, fill, home_of, mxn, shelf, shopper

pytestmark = pytest.mark.django_db
SANDBOX = PaymentPlan(provider="sandbox")


def nothing_happened(customer, *, lines: int, money: int = 1_000_000) -> bool:
    assert not Order.objects.exists()
    assert CartLine.objects.filter(cart__customer=customer).count() == lines
    assert posted_and_held(customer.pk) == (money, 0)
    assert not StockMovement.objects.filter(cause__startswith="order:").exists()
    assert not OutboxEvent.objects.filter(wire_name__startswith="purchases.order").exists()
    return True


# --- what it does


def test_by_wallet_goods_money_and_order_change_hands_at_once():
    customer = shopper(100_000)
    one, two = fill(customer, 1, 1)

    order = buy(customer).order

    assert (order.state, order.total_minor, order.discount_minor) == ("paid", 2 * PRICE, 0)
    assert shelf(one) == shelf(two) == (19, 0)
    assert posted_and_held(customer.pk) == (100_000 - 2 * PRICE, 0)
    assert escrow() == 2 * PRICE
    assert not CartLine.objects.exists()
    assert [step.to_state for step in order.history.all()] == ["placed", "paid"]
    assert list(
        OutboxEvent.objects.filter(wire_name__startswith="purchases.")
        .order_by("pk")
        .values_list("wire_name", flat=True)
    ) == ["purchases.order_placed", "purchases.order_paid"]


def test_lines_parts_and_order_add_up_with_promotions_and_sending():
    customer = shopper()
    one, two = fill(customer, 3, 1)
    home_of(customer)
    ShippingRateFactory(store=one.store, price_minor=5_900)
    campaign = make_campaign()

    order = buy(customer).order

    lines, parts = list(order.lines.all()), list(order.parts.all())
    assert order.discount_minor == 13_960  # a tenth of four at 349.00
    assert order.total_minor == sum(part.total_minor for part in parts)
    assert order.total_minor == sum(line.total_minor for line in lines) + order.shipping_minor
    assert {part.store_id: (part.shipping_minor, part.shipping_name) for part in parts}[one.store_id][0] == 5_900
    assert [benefit["rule"] for benefit in order.applied_benefits] == [str(campaign.pk)]
    assert sum(each["amount_minor"] for line in lines for each in line.applied_benefits) == order.discount_minor
    assert two.store_id in {part.store_id for part in parts}


def test_the_address_is_a_snapshot():
    customer = shopper()
    fill(customer, 1)
    address = home_of(customer)

    order = buy(customer, address_id=address.pk).order
    type(address).objects.filter(pk=address.pk).update(city="Elsewhere")

    assert Order.objects.get(pk=order.pk).shipping_address["city"] == "Puebla"


def test_an_address_of_somebody_else_is_unknown():
    customer = shopper()
    fill(customer, 1)
    address = home_of(shopper(0))

    with pytest.raises(AddressNotFoundError):
        buy(customer, address_id=address.pk)

    assert nothing_happened(customer, lines=1)


def test_a_reserved_unit_in_the_cart_is_bought_at_its_promotions_price_beside_ordinary_goods():
    customer, promo = shopper(), make_promo()
    reservation = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card
    add_reserved_unit(customer_id=customer.pk, reservation_id=reservation.reservation_id, at=timezone.now())
    (ordinary,) = fill(customer, 2)

    order = buy(customer).order

    assert order.total_minor == 19_900 + 2 * PRICE
    assert shelf(ordinary) == (18, 0)
    assert shelf(promo.variant) == (19, 0)
    sale = claim_sale(reservation_id=reservation.reservation_id, customer_id=customer.pk, order_id=order.pk)
    assert sale.existing_order_id == order.pk


def test_through_a_provider_goods_are_set_aside_until_the_money_is_here():
    customer = shopper(0)
    (variant,) = fill(customer, 2)

    bought = buy(customer, plan=SANDBOX)

    assert (bought.order.state, bought.payment.state) == ("placed", "awaiting")
    assert bought.order.expires_at is not None
    assert shelf(variant) == (20, 2)
    drain()
    order = Order.objects.get()
    assert order.state == "paid"
    assert shelf(variant) == (18, 0)
    assert escrow() == 2 * PRICE


def test_a_split_takes_the_wallets_part_and_waits_for_the_rest():
    customer = shopper(10_000)
    fill(customer, 1)
    plan = PaymentPlan(provider="sandbox", from_wallet=mxn(10_000), from_provider=mxn(PRICE - 10_000))

    buy(customer, plan=plan)

    assert posted_and_held(customer.pk) == (10_000, 10_000)
    drain()
    assert Order.objects.get().state == "paid"
    assert posted_and_held(customer.pk) == (0, 0)


def test_what_costs_nothing_is_paid_whatever_the_plan():
    customer = shopper(0)
    fill(customer, 1)
    make_campaign(benefits_json=[{"kind": "percentage", "basis_points": 10_000}])

    bought = buy(customer, plan=SANDBOX)

    assert (bought.order.state, bought.order.total_minor, bought.payment.state) == ("paid", 0, "paid")


def test_the_total_that_was_shown_is_the_total_that_is_paid():
    customer = shopper()
    fill(customer, 2)

    assert buy(customer, expected_total=mxn(2 * PRICE)).order.total_minor == 2 * PRICE


def test_a_use_of_a_limited_promotion_is_counted_once_an_order():
    customer = shopper()
    fill(customer, 2, 1)
    campaign = make_campaign(max_uses=1)

    buy(customer)

    fill(customer, 1)
    assert buy(customer).order.discount_minor == 0
    assert rule_limits([campaign.pk], customer.pk)[campaign.pk].left == 0


def test_a_coupon_opens_its_promotion_and_leaves_with_the_cart():
    customer = shopper()
    fill(customer, 1)
    make_campaign("VERANO")
    add_coupon(holder=Holder(customer_id=customer.pk), code="verano", at=timezone.now())

    assert buy(customer).order.discount_minor == 3_490
    assert Cart.objects.get(customer=customer).coupons == []


def test_of_two_codes_for_one_promotion_the_one_with_uses_left_counts():
    make_campaign(needs_coupon=True, coupons=(CouponTerms("AAA", 1), CouponTerms("BBB")))
    for codes in (["AAA"], ["AAA", "BBB"]):
        customer = shopper()
        fill(customer, 1)
        Cart.objects.filter(customer=customer).update(coupons=codes)

        assert buy(customer).order.discount_minor == 3_490

    assert dict(Coupon.objects.values_list("code", "used_count")) == {"AAA": 1, "BBB": 1}


# --- what it refuses


def test_an_empty_cart_is_refused_and_so_is_the_second_window():
    customer = shopper()
    with pytest.raises(CartEmptyError):
        buy(customer)
    fill(customer, 1)
    buy(customer)

    with pytest.raises(CartEmptyError):
        buy(customer)

    assert Order.objects.count() == 1


def test_a_price_that_moved_is_refused_with_the_difference():
    customer = shopper()
    (variant,) = fill(customer, 2)
    Variant.objects.filter(pk=variant.pk).update(price_minor=PRICE + 100)

    with pytest.raises(PriceChangedError) as refusal:
        buy(customer, expected_total=mxn(2 * PRICE))

    assert refusal.value.params["difference"] == {"amount": "2.00", "currency": "MXN"}
    assert [line["variant"] for line in refusal.value.params["lines"]] == [variant.pk]
    assert nothing_happened(customer, lines=1)


def test_without_a_total_the_prices_that_were_chosen_count():
    customer = shopper()
    (variant,) = fill(customer, 1)
    Variant.objects.filter(pk=variant.pk).update(price_minor=PRICE - 100)

    with pytest.raises(PriceChangedError):
        buy(customer)

    assert nothing_happened(customer, lines=1)
    assert buy(customer, expected_total=mxn(PRICE - 100)).order.total_minor == PRICE - 100


def test_a_promotion_that_ended_in_between_is_a_price_that_changed():
    customer = shopper()
    fill(customer, 1)
    campaign = make_campaign()
    Campaign.objects.filter(pk=campaign.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    with transaction.atomic():
        bump([campaign.pk])

    with pytest.raises(PriceChangedError):
        buy(customer, expected_total=mxn(31_410))

    assert nothing_happened(customer, lines=1)


def test_a_product_that_is_not_sold_any_more_is_named():
    customer = shopper()
    gone, _there = fill(customer, 1, 1)
    Product.objects.filter(pk=gone.product_id).update(is_published=False)

    with pytest.raises(ItemsUnavailableError) as refusal:
        buy(customer)

    assert [(line["variant"], line["code"]) for line in refusal.value.params["lines"]] == [(gone.pk, "not_sellable")]
    assert nothing_happened(customer, lines=2)


def test_too_little_stock_is_named_with_what_is_there():
    customer = shopper()
    (variant,) = fill(customer, 5)
    sell_stock(lines=[StockLine(variant.pk, variant.store_id, 18)], idem_key="others")

    with pytest.raises(ItemsUnavailableError) as refusal:
        buy(customer)

    assert [(line["code"], line["available"]) for line in refusal.value.params["lines"]] == [("insufficient_stock", 2)]
    assert nothing_happened(customer, lines=1)


def test_stock_that_goes_after_the_look_is_refused_by_its_own_guard(monkeypatch):
    customer = shopper()
    (variant,) = fill(customer, 5)
    sell_stock(lines=[StockLine(variant.pk, variant.store_id, 18)], idem_key="others")
    monkeypatch.setattr("purchases.checkout.services._refuse_lacks", lambda _lines: None)

    with pytest.raises(InsufficientStockError):
        buy(customer)

    assert nothing_happened(customer, lines=1)


def test_too_little_money_is_refused_and_changes_nothing():
    customer = shopper(PRICE - 1)
    fill(customer, 1)

    with pytest.raises(InsufficientFundsError):
        buy(customer)

    assert nothing_happened(customer, lines=1, money=PRICE - 1)


@pytest.mark.parametrize(("wallet", "provider"), [(10_000, PRICE), (1, 1)])
def test_parts_that_do_not_come_to_the_total_are_refused(wallet, provider):
    customer = shopper()
    fill(customer, 1)

    with pytest.raises(PaymentSplitError):
        buy(
            customer,
            plan=PaymentPlan(provider="sandbox", from_wallet=mxn(wallet), from_provider=mxn(provider)),
        )

    assert nothing_happened(customer, lines=1)


def test_a_use_that_somebody_else_took_after_the_look_refuses_everything(monkeypatch):
    customer = shopper()
    fill(customer, 1)
    make_campaign(max_uses=1)

    def too_late(**_what):
        raise CampaignUsedUpError(name="x", of="everyone")

    monkeypatch.setattr("purchases.checkout.services.promotions.take_uses", too_late)

    with pytest.raises(DomainError):
        buy(customer)

    assert nothing_happened(customer, lines=1)


def test_a_reserved_unit_is_paid_at_once():
    customer, promo = shopper(), make_promo()
    reservation = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card
    add_reserved_unit(customer_id=customer.pk, reservation_id=reservation.reservation_id, at=timezone.now())

    with pytest.raises(ReservedNeedsWalletError):
        buy(customer, plan=SANDBOX)

    assert nothing_happened(customer, lines=1)


def test_another_customers_cart_is_not_touched():
    customer, other = shopper(), shopper()
    fill(customer, 1)
    filled_cart(customer=other, variant=make_variant())

    buy(customer)

    assert CartLine.objects.filter(cart__customer=other).count() == 1


# --- paying again


def test_a_payment_that_failed_is_made_again_from_the_wallet():
    customer = shopper()
    fill(customer, 1)
    order = buy(customer, plan=SANDBOX).order
    with pytest.raises(OrderPaymentExistsError):
        pay_again(order_id=order.pk, customer_id=customer.pk, plan=PaymentPlan())
    call_off_order_payment(order_id=order.pk)

    payment = pay_again(order_id=order.pk, customer_id=customer.pk, plan=PaymentPlan())

    assert payment.state == "paid"
    drain()
    assert Order.objects.get().state == "paid"


def test_only_a_waiting_order_of_ones_own_can_be_paid():
    customer = shopper()
    fill(customer, 1)
    order = buy(customer).order

    with pytest.raises(OrderNotPayableError):
        pay_again(order_id=order.pk, customer_id=customer.pk, plan=PaymentPlan())
    with pytest.raises(OrderNotFoundError):
        pay_again(order_id=order.pk, customer_id=shopper().pk, plan=PaymentPlan())

    assert OrderLine.objects.count() == 1


# --- what is asked beside


def test_what_is_sent_needs_an_address():
    customer = shopper()
    (variant,) = fill(customer, 1)
    ShippingRateFactory(store=variant.store, price_minor=5_900)

    with pytest.raises(AddressNeededError):
        buy(customer)

    assert nothing_happened(customer, lines=1)
    home_of(customer)
    assert buy(customer).order.shipping_minor == 5_900


def test_only_so_many_orders_of_a_customer_wait_for_their_money(settings):
    settings.MAX_WAITING_ORDERS = 2
    customer = shopper(0)
    for _order in range(2):
        fill(customer, 1)
        buy(customer, plan=SANDBOX)
    fill(customer, 1)

    with pytest.raises(TooManyWaitingOrdersError):
        buy(customer, plan=SANDBOX)

    assert Order.objects.count() == 2
    assert CartLine.objects.count() == 1


def test_a_total_beyond_what_money_can_be_is_refused():
    customer = shopper()
    (variant,) = fill(customer, 2)
    Variant.objects.filter(pk=variant.pk).update(price_minor=10**14 - 1)
    CartLine.objects.update(seen_price_minor=10**14 - 1)

    with pytest.raises(TotalTooLargeError):
        buy(customer)

    assert nothing_happened(customer, lines=1)
