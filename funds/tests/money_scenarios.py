"""The operations on `docs/where-is-my-money.md`. Another one: a decorated function that does it and tells."""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from funds.facade import pay_order, refund_order, settle_order, start_order_payment
from funds.ledger.models import Hold
from funds.ledger.services import capture_hold, free_lapsed_holds, place_hold, release_hold
from funds.ledger.terms import AccountKey
from funds.models import Deposit, Payout, ProviderPayment
from funds.order_money.services.payments import finish_order_payment
from funds.payments.providers.protocol import PaymentReading, PayoutReading, PayoutState, ReadingState
from funds.payments.services import (
    adjust_wallet,
    record_reading,
    request_deposit,
    request_refund,
    request_store_payout,
    request_withdrawal,
)
from funds.payments.services.payouts import lock_payout, record_payout
from funds.payments.tests.readings import refunded
from funds.wallets.services import order_escrow
from marketplace.core.ids import uuid7
from users.accounts.tests.factories import AdministratorFactory

from .money_story import SCENARIOS, Story, mxn, scenario

__all__ = ["SCENARIOS"]
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
CLABE = "032180000118359719"


def shown_by_provider(deposit: Deposit, minutes: int = 0, **values) -> ProviderPayment:
    """What the provider says of the deposit's payment, taken over."""
    reading = PaymentReading(
        **{
            "payment_id": f"p-{deposit.pk}",
            "reference": deposit.pk,
            "state": ReadingState.APPROVED,
            "amount": deposit.amount,
            "updated_at": AT + timedelta(minutes=minutes),
            **values,
        }
    )
    return record_reading(provider="sandbox", reading=reading).payment


def bring_in(story: Story, amount: str = "500.00", **values) -> Deposit:
    """A deposit that has arrived."""
    deposit = request_deposit(customer_id=story.ana, amount=mxn(amount), provider="sandbox")
    shown_by_provider(deposit, **values)
    return deposit


def hold(story: Story, amount: str, lasts: timedelta = timedelta(minutes=15)):
    """Money for a purchase, set aside."""
    return place_hold(
        scope="automatic",
        key=uuid7().hex,
        payer=AccountKey.wallet(story.ana, "MXN"),
        payee=order_escrow("MXN"),
        amount=mxn(amount),
        lasts=lasts,
    ).hold_id


def delivered_order(story: Story):
    """An order of 116 pesos that was paid and delivered."""
    order = paid_order(story)
    settle_order(order_id=order, parts=[story.part], at=AT)
    return order


def paid_order(story: Story):
    order = uuid7()
    pay_order(order_id=order, customer_id=story.ana, total=story.part.total, at=AT)
    return order


@transaction.atomic
def bank_says(payout: Payout, state: PayoutState) -> None:
    """What the provider says of the payout, taken over."""
    reading = PayoutReading(f"out-{payout.pk}", payout.pk, state, payout.amount, AT)
    record_payout(payout=lock_payout(payout.pk), reading=reading)


@scenario(
    "Deposit",
    "Ana brings 500 pesos in. Until the provider has the money nothing is posted; then the provider owes it to us "
    "(clearing is negative) and we owe it to Ana.",
)
def deposit(story: Story) -> None:
    started = request_deposit(customer_id=story.ana, amount=mxn("500.00"), provider="sandbox")
    shown_by_provider(started)
    story.tell("The provider has the money")


@scenario(
    "The provider's fee",
    "What the provider keeps is the house's expense; Ana has all she paid.",
)
def fee(story: Story) -> None:
    bring_in(story, fee=mxn("17.99"))
    story.tell("The provider has the money and keeps its fee")


@scenario("An order paid from the wallet", "The money waits in escrow until the order is delivered.")
def order_from_wallet(story: Story) -> None:
    bring_in(story)
    story.tell("Before")
    paid_order(story)
    story.tell("Ana pays 116 pesos")


@scenario(
    "An order paid by wallet and provider together",
    "The wallet's part is held while the provider's part is on its way. That comes into the wallet too, so that it is "
    "Ana's whatever becomes of the order; then the hold is freed and the whole order paid in one transaction.",
)
def split_payment(story: Story) -> None:
    bring_in(story, "100.00")
    story.tell("Before")
    card = start_order_payment(
        order_id=uuid7(),
        customer_id=story.ana,
        total=mxn("116.00"),
        from_wallet=mxn("40.00"),
        provider="sandbox",
        lasts=timedelta(minutes=30),
    )
    story.tell("Ana gives 40 from the wallet and is asked for 76 by the provider")
    assert card.deposit_id is not None
    shown_by_provider(Deposit.objects.get(pk=card.deposit_id))
    story.tell("The provider has 76")
    finish_order_payment(deposit_id=card.deposit_id)
    story.tell("The order is paid")


@scenario(
    "Delivery: the order is settled",
    "Prices include tax. The commission is of the price without tax, halves rounded away from zero; the store has the "
    "rest, so that nothing is lost. One journal per store.",
)
def delivery(story: Story) -> None:
    bring_in(story)
    order = paid_order(story)
    story.tell("Paid")
    settle_order(order_id=order, parts=[story.part], at=AT)
    story.tell("Delivered: 116 pesos with 16 of tax, a commission of 10 %")


@scenario("Refund before delivery", "The money comes back from escrow.")
def refund_before(story: Story) -> None:
    bring_in(story)
    order = paid_order(story)
    story.tell("Paid")
    refund_order(
        order_id=order,
        customer_id=story.ana,
        parts=[story.refund_of("58.00")],
        key="half",
        reason="one was missing",
        at=AT,
    )
    story.tell("Half goes back")
    settle_order(order_id=order, parts=[story.part], at=AT)
    story.tell("The rest is delivered")


@scenario(
    "Refund after delivery",
    "Store, house and tax office give back in proportion to what they have of it, to the unit. A store that was paid "
    "out already owes: its payable is negative until it has earned more.",
)
def refund_after(story: Story) -> None:
    bring_in(story)
    order = delivered_order(story)
    story.tell("Paid and delivered")
    refund_order(
        order_id=order,
        customer_id=story.ana,
        parts=[story.refund_of("29.00")],
        key="quarter",
        reason="broken",
        at=AT,
    )
    story.tell("A quarter goes back")


@scenario("A hold, captured", "Held money is Ana's and cannot be spent otherwise. Nothing is posted until it is taken.")
def captured(story: Story) -> None:
    bring_in(story)
    story.tell("Before")
    held = hold(story, "120.00")
    story.tell("120 pesos are held")
    capture_hold(hold_id=held, key="1", at=AT)
    story.tell("All of it is taken")


@scenario("A hold, captured in parts", "Each part is a journal; the final one frees what is left.")
def captured_in_parts(story: Story) -> None:
    bring_in(story)
    held = hold(story, "120.00")
    story.tell("120 pesos are held")
    capture_hold(hold_id=held, key="1", amount=mxn("50.00"), is_final=False, at=AT)
    story.tell("50 are taken")
    capture_hold(hold_id=held, key="2", amount=mxn("30.00"), at=AT)
    story.tell("30 are taken, and that was all")


@scenario("A hold, released", "Nothing was posted, nothing is.")
def released(story: Story) -> None:
    bring_in(story)
    held = hold(story, "120.00")
    story.tell("120 pesos are held")
    release_hold(hold_id=held)
    story.tell("They are free again")


@scenario(
    "A hold, expired",
    "The clock frees it: from that moment the money can be spent, whether or not somebody has tidied up.",
)
def expired(story: Story) -> None:
    bring_in(story)
    held = hold(story, "120.00")
    story.tell("120 pesos are held")
    Hold.objects.filter(pk=held).update(expires_at=AT)
    free_lapsed_holds()
    story.tell("Its time has passed")


@scenario(
    "Withdrawal",
    "The money is held from the request on and leaves when the provider says that it has been sent. Time-outs and "
    "errors are not answers: the hold stays until there is one.",
)
def withdrawal(story: Story) -> None:
    bring_in(story)
    payout = request_withdrawal(customer_id=story.ana, amount=mxn("250.00"), destination=CLABE)
    story.tell("Ana asks for 250 pesos")
    bank_says(payout, PayoutState.SETTLED)
    story.tell("The provider has sent them")


@scenario("Withdrawal, refused", "A definite refusal frees the hold.")
def withdrawal_refused(story: Story) -> None:
    bring_in(story)
    payout = request_withdrawal(customer_id=story.ana, amount=mxn("250.00"), destination=CLABE)
    story.tell("Ana asks for 250 pesos")
    bank_says(payout, PayoutState.REFUSED)
    story.tell("The provider refuses")


@scenario(
    "Payout to a store",
    "What the store is owed is compared with all there is and set aside in a reserve that cannot go below zero.",
)
def store_payout(story: Story) -> None:
    bring_in(story)
    delivered_order(story)
    story.tell("The store has earned 90 pesos")
    payout = request_store_payout(store_id=story.store, amount=mxn("60.00"), destination=CLABE, requested_by=None)
    story.tell("It asks for 60")
    bank_says(payout, PayoutState.SETTLED)
    story.tell("The provider has sent them")


@scenario("Payout to a store, refused", "What was set aside is payable again.")
def store_payout_refused(story: Story) -> None:
    bring_in(story)
    delivered_order(story)
    payout = request_store_payout(store_id=story.store, amount=mxn("60.00"), destination=CLABE, requested_by=None)
    story.tell("The store asks for 60 of 90 pesos")
    bank_says(payout, PayoutState.REFUSED)
    story.tell("The provider refuses")


@scenario("Refund of a deposit", "The money goes back the way it came: held at once, gone when the provider says so.")
def deposit_refund(story: Story) -> None:
    brought = bring_in(story)
    payment = ProviderPayment.objects.get(deposit=brought)
    request_refund(payment_id=payment.pk, amount=mxn("200.00"), reason="asked for", requested_by=None)
    story.tell("200 of 500 pesos are to go back")
    shown_by_provider(brought, minutes=5, refunds=(refunded("r-1", 200_00),))
    story.tell("The provider has given them back")


@scenario(
    "Charge-back with too little in the wallet",
    "The provider takes the whole payment back. What is not in the wallet any more is Ana's debt; what comes in next "
    "pays it first.",
)
def charge_back(story: Story) -> None:
    brought = bring_in(story)
    paid_order(story)
    story.tell("Ana has 384 of 500 pesos left")
    shown_by_provider(brought, minutes=5, state=ReadingState.CHARGED_BACK)
    story.tell("The payment is charged back")
    bring_in(story, "200.00")
    story.tell("Ana brings 200 in")


@scenario(
    "Adjustment by staff",
    "With a reason, audited, and with a second person above a limit. The other side is what the house gives away.",
)
def adjustment(story: Story) -> None:
    adjust_wallet(
        customer_id=story.ana,
        amount=mxn("25.00"),
        is_credit=True,
        reason="goodwill",
        actor_id=AdministratorFactory.create().pk,
        at=AT,
    )
    story.tell("25 pesos as a goodwill gesture")
