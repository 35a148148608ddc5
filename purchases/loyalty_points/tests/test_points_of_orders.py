"""Orders and the programme: points with the delivery, fewer after a return, vouchers in cart and checkout."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from funds.ledger.tests.factories import posted_and_held
from funds.models import Deposit
from funds.payments.services import fund_wallets
from marketplace.core.clock import db_now
from marketplace.core.outbox.relay import drain
from promotions.campaigns.tests.factories import make_campaign
from promotions.facade import VoucherGoneError
from promotions.loyalty.models import PointsEntry, Redemption
from promotions.loyalty.services.redeeming import redeem_reward
from promotions.loyalty.services.vouchers import take_vouchers
from promotions.loyalty.tests.factories import earn, make_levels, make_policy, make_reward, member_of
from purchases.carts.models import CartLine
from purchases.checkout import services as checkout
from purchases.checkout.tests.factories import (
    PRICE,
    bought,
    buy,
    delivered,
    everything_reconciles,
    fill,
    home_of,
    mxn,
    shopper,
)
from purchases.checkout.values import PaymentPlan, Wish
from purchases.loyalty_points.services import award_order, follow_return
from purchases.models import Order
from purchases.orders.services import (
    approve_return,
    cancel_order,
    expire_due_orders,
    receive_return,
    request_return,
    revive_order,
)
from purchases.pricing import selectors as pricing
from purchases.shipments.tests.factories import ShippingRateFactory

pytestmark = pytest.mark.django_db
SANDBOX = PaymentPlan(provider="sandbox")


@pytest.fixture
def ana():
    make_policy()
    return shopper()


def lines_of(customer) -> list[tuple[str, int]]:
    return list(PointsEntry.objects.filter(member__customer=customer).order_by("pk").values_list("kind", "points"))


def voucher(customer, kind: str = "voucher", **values) -> Redemption:
    """Of 50.00 from 200.00 on, or of free sending."""
    at = timezone.now()
    earn(customer.pk, 100, at)
    return redeem_reward(customer_id=customer.pk, reward_id=make_reward(kind, **values).pk, at=at)


def come_back(order: Order, quantity: int) -> None:
    line = order.lines.get()
    returned = request_return(
        order_id=order.pk,
        customer_id=order.customer_id,
        quantities={line.pk: quantity},
        reason="Too small",
        within=timedelta(days=30),
        at=timezone.now(),
    )
    approve_return(return_id=returned.pk, actor_id=None)
    receive_return(return_id=returned.pk, fates={line.pk: "restock"}, actor_id=None, at=timezone.now())


# --- points


def test_points_come_with_the_delivery_for_the_goods_alone(ana):
    (variant,) = fill(ana, 2)
    home_of(ana)
    ShippingRateFactory(store=variant.store, price_minor=9_900)
    order = buy(ana).order
    drain()
    before = lines_of(ana)

    delivered(order)
    drain()

    # 698.00 at 10.00 a point; the 99.00 for sending earn nothing.
    assert (before, lines_of(ana)) == ([], [("earned", 69)])
    assert award_order(order_id=order.pk, at=timezone.now()) == 0


def test_a_campaign_multiplies_the_points_and_the_order_keeps_it(ana):
    make_campaign(scope="order", benefits_json=[{"kind": "points_multiplier", "basis_points": 30_000}])

    order = bought(ana, 1)
    delivered(order)
    drain()

    assert Order.objects.get().points_bp == 30_000
    assert lines_of(ana) == [("earned", 34 * 3)]


def test_a_return_takes_its_share_of_the_points(ana):
    order = delivered(bought(ana, 3))
    drain()

    come_back(order, 1)
    drain()
    come_back(order, 2)
    drain()

    # 1,047.00 are 104 points, 698.00 of it keep 69.
    assert lines_of(ana) == [("earned", 104), ("reversed", -35), ("reversed", -69)]
    assert member_of(ana.pk).points == 0


def test_a_return_that_is_told_before_the_delivery_is_not_taken_twice(ana):
    order = delivered(bought(ana, 2))
    come_back(order, 1)

    follow_return(order_id=order.pk, at=timezone.now())
    award_order(order_id=order.pk, at=timezone.now())
    drain()

    assert lines_of(ana) == [("earned", 34)]


def test_what_comes_from_another_system_earns_nothing(ana):
    order = bought(ana, 1)
    Order.objects.filter(pk=order.pk).update(source="import")

    assert award_order(order_id=order.pk, at=timezone.now()) == 0

    assert lines_of(ana) == []


def test_a_level_makes_the_next_orders_points_more(ana):
    make_levels()
    earn(ana.pk, 100, timezone.now())

    delivered(bought(ana, 1))
    drain()

    assert lines_of(ana)[-1] == ("earned", 51)


# --- vouchers


def test_a_voucher_applies_by_itself_in_cart_and_checkout(api, ana):
    mine = voucher(ana)
    fill(ana, 1)
    api.force_authenticate(ana)

    seen = api.get("/api/v1/cart/").json()
    order = buy(ana, expected_total=mxn(PRICE - 5_000)).order

    mine.refresh_from_db()
    assert seen["total"] == {"amount": "299.00", "currency": "MXN"}
    assert [(each["kind"], each["name"]) for each in seen["applied_benefits"]] == [("loyalty", "Fifty off")]
    assert (order.total_minor, order.discount_minor) == (PRICE - 5_000, 5_000)
    assert (mine.state, mine.order_id) == ("used", order.pk)
    everything_reconciles()


def test_of_two_vouchers_the_larger_goes_and_the_other_waits(ana):
    small, large = voucher(ana), voucher(ana, amount=mxn(9_000), name="Ninety off")
    fill(ana, 1)

    buy(ana)

    states = dict(Redemption.objects.values_list("pk", "state"))
    assert (states[small.pk], states[large.pk]) == ("issued", "used")


def test_a_voucher_for_a_larger_order_waits_and_says_so(api, ana):
    mine = voucher(ana, min_ticket=mxn(50_000))
    fill(ana, 1)
    api.force_authenticate(ana)

    seen = api.get("/api/v1/cart/", headers={"Accept-Language": "en"}).json()
    order = buy(ana).order

    mine.refresh_from_db()
    (rejected,) = seen["rejected_promotions"]
    assert (rejected["code"], rejected["detail"]) == ("min_ticket", "Buy for 151.00 MXN more to get this promotion.")
    assert (mine.state, order.total_minor) == ("issued", PRICE)


def test_free_sending_is_not_spent_where_sending_is_free_already(ana):
    mine = voucher(ana, "free_shipping")
    (variant,) = fill(ana, 1)
    home_of(ana)
    ShippingRateFactory(store=variant.store, price_minor=9_900)
    make_campaign(scope="order", benefits_json=[{"kind": "free_shipping"}])

    order = buy(ana).order

    mine.refresh_from_db()
    assert (order.shipping_minor, mine.state) == (0, "issued")


def test_free_sending(ana):
    mine = voucher(ana, "free_shipping")
    (variant,) = fill(ana, 1)
    home_of(ana)
    ShippingRateFactory(store=variant.store, price_minor=9_900)

    order = buy(ana).order

    mine.refresh_from_db()
    assert (order.shipping_minor, mine.state, mine.order_id) == (0, "used", order.pk)


def test_anothers_vouchers_are_nobodys_business(ana):
    voucher(ana)
    luis = shopper()
    fill(luis, 1)

    assert buy(luis).order.total_minor == PRICE


def test_an_order_that_is_called_off_gives_its_voucher_back(ana):
    mine = voucher(ana)
    order = bought(ana, 1)

    cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())
    drain()
    again = bought(ana, 1)

    mine.refresh_from_db()
    assert (again.total_minor, mine.order_id) == (PRICE - 5_000, again.pk)
    everything_reconciles()


def unpaid(customer) -> Order:
    """An order whose time is over."""
    order = bought(customer, 1, plan=SANDBOX)
    Order.objects.filter(pk=order.pk).update(expires_at=db_now())
    expire_due_orders(at=timezone.now())
    drain()
    return order


def late(order: Order, customer) -> bool:
    """The provider's money arrived after all, and is in the wallet."""
    deposit = Deposit.objects.get(order_id=order.pk)
    Deposit.objects.filter(pk=deposit.pk).update(credited_at=timezone.now())
    fund_wallets(rows=[(customer.pk, order.total, uuid4().hex)])
    return revive_order(order_id=order.pk, deposit_id=deposit.pk, at=timezone.now())


def test_late_money_finds_its_voucher_again():
    make_policy()
    customer = shopper(0)
    mine = voucher(customer)
    order = unpaid(customer)
    mine.refresh_from_db()
    waiting = mine.state

    assert late(order, customer)

    mine.refresh_from_db()
    assert (waiting, mine.state, mine.order_id) == ("issued", "used", order.pk)


def test_late_money_whose_voucher_is_gone_stays_in_the_wallet():
    make_policy()
    customer = shopper(0)
    mine = voucher(customer)
    order = unpaid(customer)
    take_vouchers(order_id=uuid4(), customer_id=customer.pk, voucher_ids={mine.pk}, at=timezone.now())

    assert not late(order, customer)

    assert Order.objects.get().state == "expired"
    assert posted_and_held(customer.pk) == (PRICE - 5_000, 0)


def test_a_voucher_that_goes_while_the_order_is_placed_refuses_it(ana, monkeypatch):
    mine = voucher(ana)
    fill(ana, 1)
    quoted = pricing.quote

    def and_then_it_goes(*args, **kwargs):
        answer = quoted(*args, **kwargs)
        take_vouchers(order_id=uuid4(), customer_id=ana.pk, voucher_ids={mine.pk}, at=timezone.now())
        return answer

    monkeypatch.setattr(checkout, "quote", and_then_it_goes)

    with pytest.raises(VoucherGoneError):
        buy(ana)

    assert not Order.objects.exists()
    assert CartLine.objects.filter(cart__customer=ana).count() == 1
    assert posted_and_held(ana.pk) == (1_000_000, 0)


def test_what_buys_itself_spends_no_voucher(ana):
    mine = voucher(ana)
    (variant,) = fill(ana, 1)
    wish = Wish(customer_id=ana.pk, variant_id=variant.pk, currency="MXN", source="autobuy", source_key=uuid4().hex)

    order = checkout.buy_for(wish=wish, pay=lambda _order: None, at=timezone.now())

    mine.refresh_from_db()
    assert (order.total_minor, mine.state) == (PRICE, "issued")
