"""The one table of what people are told: kind, words, channels, and which fact of which context causes it.

A context that wants its customers told publishes an event; the row here says the rest. Words are templates over the
message's parameters, translated when somebody reads. Nobody registers from below: this table is the whole truth.
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from funds.events import (
    BalanceLow,
    DepositCredited,
    DepositRejected,
    DepositReturned,
    OrderPaymentFailed,
    PaymentSetAside,
    PaymentTaskParked,
    PayoutRefused,
    PayoutSettled,
)
from marketplace.core.events import json_ready
from promotions import facade as promotions
from promotions.events import UnitFreed
from stores import facade as stores
from stores.events import (
    PurchaseOrderPlaced,
    QuestionAnswered,
    QuestionAsked,
    QuestionPublished,
    QuestionRejected,
    StockDrifted,
    StockLow,
)
from users import facade as users
from users.events import EmailVerified

from .orders import ORDERS
from .values import IN_INBOX, IN_INBOX_AND_MAIL, Cause, Kind, Params

ANNOUNCEMENT: Final = "announcement"
BROADCAST: Final = "broadcast"
FLASH_STARTED: Final = "flash_started"
MAY_DECIDE_ABOUT_MONEY: Final = "funds.add_decision"
MAY_SEE_DRIFT: Final = "stores.view_stockreconciliation"


def _free_unit_params(event: UnitFreed) -> Params:
    promo = promotions.promo_card(event.promo_id)
    return {
        "promo": str(event.promo_id),
        "product": promo.product_name,
        "store": promo.store_name,
        "price": json_ready(promo.price),
        "until": event.until.isoformat(),
    }


def _stock_params(event: StockLow) -> Params:
    item = stores.stock_name(event.stock_item_id)
    return {
        "stock_item": str(event.stock_item_id),
        "product": item.product_name,
        "sku": item.sku,
        "store": item.store_name,
        "available": str(event.available),
    }


def _who_keeps_stock(event: StockLow) -> Collection[UUID]:
    """The department's staff with the key, and the store's people."""
    item = stores.stock_name(event.stock_item_id)
    return {*users.staff_holding("inventory:read", item.department_id), *stores.people_of_store(item.store_id)}


def _purchase_params(event: PurchaseOrderPlaced) -> Params:
    order = stores.purchase_order_name(event.purchase_order_id)
    return {
        "purchase_order": str(event.purchase_order_id),
        "number": order.number,
        "supplier": order.supplier_name,
        "store": order.store_name,
        "total": json_ready(order.total),
    }


def _who_orders(event: PurchaseOrderPlaced) -> Collection[UUID]:
    """Of what beat ordered: the staff of the supplier's department with the key, and the store's people."""
    if not event.is_automatic:
        return ()
    order = stores.purchase_order_name(event.purchase_order_id)
    staff = () if order.department_id is None else users.staff_holding("procurement:read", order.department_id)
    return {*staff, *stores.people_of_store(order.store_id)}


def _question_params(event: QuestionAsked | QuestionAnswered | QuestionPublished | QuestionRejected) -> Params:
    card = stores.question_card(event.question_id)
    return {
        "question": str(card.question_id),
        "product": str(card.product_id),
        "product_name": card.product_name,
        "reason": card.rejection_reason,
    }


def _who_answers(event: QuestionAsked) -> Collection[UUID]:
    """The department's staff with the key and the store's people; nobody once the question does not wait any more."""
    card = stores.question_card(event.question_id)
    if not card.is_waiting:
        return ()
    return {*users.staff_holding("questions:write", card.department_id), *card.store_people} - {card.asker_id}


def _asker_of_answered(event: QuestionAnswered) -> UUID | None:
    return stores.question_card(event.question_id).asker_id


def _asker_of_published(event: QuestionPublished) -> UUID | None:
    """Whoever waited for it: an answer says that it is published, and what was published at once was seen so."""
    card = stores.question_card(event.question_id)
    return card.asker_id if card.is_published and card.was_moderated and not card.is_answered else None


def _asker_of_rejected(event: QuestionRejected) -> UUID | None:
    card = stores.question_card(event.question_id)
    return card.asker_id if not (card.is_published or card.is_waiting) else None


_TABLE = (
    Kind(
        code=FLASH_STARTED,
        name=_("Flash promotions near you"),
        title=_("Flash promotion near you: %(product)s"),
        body=_("%(product)s for %(price)s at %(store)s, only while units last. Whoever takes one has a minute to pay."),
        by_push=True,
    ),
    Kind(
        code="flash_unit_free",
        name=_("Units that come free while you wait in line"),
        title=_("A unit is free: %(product)s"),
        body=_("%(product)s for %(price)s at %(store)s is free again. Reserve it now: whoever comes first has it."),
        by_push=True,
        cause=Cause(
            event=UnitFreed,
            customer=lambda event: event.customer_id,
            # Each time a unit comes free for them is a message of its own.
            subject=lambda event: f"{event.promo_id}:{event.customer_id}:{event.until.isoformat()}",
            params=_free_unit_params,
        ),
    ),
    *ORDERS,
    Kind(
        code="deposit_credited",
        name=_("Deposits that arrived"),
        title=_("%(amount)s in your wallet"),
        body=_("Your deposit of %(amount)s has arrived and can be spent."),
        by_push=True,
        may_wait=True,
        required=IN_INBOX,
        cause=Cause(
            event=DepositCredited,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.deposit_id,
            params=lambda event: {"deposit": str(event.deposit_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="deposit_rejected",
        name=_("Deposits that were refused"),
        title=_("Your deposit was refused"),
        body=_("The deposit of %(amount)s was refused by the payment provider. Nothing was charged."),
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=DepositRejected,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.deposit_id,
            params=lambda event: {"deposit": str(event.deposit_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="deposit_returned",
        name=_("Deposits that went back"),
        title=_("%(amount)s went back to your means of payment"),
        body=_("%(amount)s of your deposit went back to where it came from and left your wallet."),
        by_mail=True,
        required=IN_INBOX,
        cause=Cause(
            event=DepositReturned,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.journal_id,
            params=lambda event: {"deposit": str(event.deposit_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="withdrawal_settled",
        name=_("Withdrawals that arrived"),
        title=_("Your withdrawal of %(amount)s is on your account"),
        body=_("We sent %(amount)s to your bank account."),
        by_mail=True,
        by_push=True,
        required=IN_INBOX_AND_MAIL,
        cause=Cause(
            event=PayoutSettled,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.payout_id,
            params=lambda event: {"payout": str(event.payout_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="withdrawal_refused",
        name=_("Withdrawals that were refused"),
        title=_("Your withdrawal was refused"),
        body=_("The bank did not take %(amount)s. The money is back in your wallet; please check the account number."),
        by_mail=True,
        by_push=True,
        required=IN_INBOX_AND_MAIL,
        cause=Cause(
            event=PayoutRefused,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.payout_id,
            params=lambda event: {"payout": str(event.payout_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="payment_parked",
        name=_("For the house: payments that need a person"),
        title=_("A payment needs you"),
        body=_("A payment task (%(kind)s) could not be finished by itself. The money is untouched; please look at it."),
        by_mail=True,
        required=IN_INBOX,
        cause=Cause(
            event=PaymentTaskParked,
            staff_permission=MAY_DECIDE_ABOUT_MONEY,
            subject=lambda event: f"{event.task_id}:{event.attempts}",
            params=lambda event: {"task": str(event.task_id), "kind": event.kind},
        ),
    ),
    Kind(
        code="payment_set_aside",
        name=_("For the house: payments that do not match"),
        title=_("A payment does not match"),
        body=_("A payment at the provider does not match what was asked for. It moved no money; please decide."),
        by_mail=True,
        required=IN_INBOX,
        cause=Cause(
            event=PaymentSetAside,
            staff_permission=MAY_DECIDE_ABOUT_MONEY,
            subject=lambda event: event.payment_id,
            params=lambda event: {"payment": str(event.payment_id), "reason": event.reason},
        ),
    ),
    Kind(
        code="low_balance",
        name=_("Low balance"),
        title=_("Your balance is low: %(available)s"),
        body=_("Your wallet holds %(available)s, less than the %(threshold)s you want to be told about."),
        by_push=True,
        may_wait=True,
        cause=Cause(
            event=BalanceLow,
            customer=lambda event: event.customer_id,
            # Each fall below the threshold is a message of its own.
            subject=lambda event: f"{event.customer_id}:{event.threshold.currency}:{event.noticed_at.isoformat()}",
            params=lambda event: {
                "available": json_ready(event.available),
                "threshold": json_ready(event.threshold),
            },
        ),
    ),
    Kind(
        code="order_payment_failed",
        name=_("Payments of orders that failed"),
        title=_("Your order could not be paid"),
        body=_("The payment of %(total)s did not come about. What came in is in your wallet; you can pay again."),
        by_mail=True,
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=OrderPaymentFailed,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.payment_id,
            params=lambda event: {"order": str(event.order_id), "total": json_ready(event.total)},
        ),
    ),
    Kind(
        code="stock_low",
        name=_("For the house: stock that runs low"),
        title=_("%(product)s runs low at %(store)s"),
        body=_("%(available)s of %(product)s (%(sku)s) are left at %(store)s: the point at which to reorder."),
        may_wait=True,
        cause=Cause(
            event=StockLow,
            people=_who_keeps_stock,
            # Each time it falls to the point is a message of its own.
            subject=lambda event: f"{event.stock_item_id}:{event.movement_key}",
            params=_stock_params,
        ),
    ),
    Kind(
        code="stock_drifted",
        name=_("For the house: stock that does not add up"),
        title=_("Stock does not add up"),
        body=_("The nightly comparison found %(count)s stock items whose counters are not what their movements say."),
        by_mail=True,
        required=IN_INBOX,
        cause=Cause(
            event=StockDrifted,
            staff_permission=MAY_SEE_DRIFT,
            subject=lambda event: event.reconciliation_id,
            params=lambda event: {"reconciliation": event.reconciliation_id, "count": str(event.drift_count)},
        ),
    ),
    Kind(
        code="purchase_order_automatic",
        name=_("For the house: orders placed by themselves"),
        title=_("Ordered by itself: %(number)s"),
        body=_("The order %(number)s to %(supplier)s for %(store)s was placed by itself: %(total)s."),
        may_wait=True,
        cause=Cause(
            event=PurchaseOrderPlaced,
            people=_who_orders,
            subject=lambda event: event.purchase_order_id,
            params=_purchase_params,
        ),
    ),
    Kind(
        code="welcome",
        name=_("Welcome"),
        title=_("Welcome!"),
        body=_("Your address is verified. Say where you are in your profile and we tell you about promotions nearby."),
        may_wait=True,
        cause=Cause(
            event=EmailVerified,
            customer=lambda event: event.user_id,
            subject=lambda event: event.user_id,
        ),
    ),
    Kind(
        code="question_waiting",
        name=_("For the house: questions that wait"),
        title=_("Questions about %(product_name)s wait"),
        body=_("Customers ask about %(product_name)s. Please answer, publish or reject what they wrote."),
        may_wait=True,
        cause=Cause(
            event=QuestionAsked,
            people=_who_answers,
            # However many ask about a product: one message a day.
            subject=lambda event: f"{event.product_id}:{stores.question_card(event.question_id).asked_on}",
            params=_question_params,
        ),
    ),
    Kind(
        code="question_answered",
        name=_("Answers to your questions"),
        title=_("Your question about %(product_name)s has an answer"),
        body=_("%(product_name)s: the shop has answered your question. You find the answer with the product."),
        by_mail=True,
        by_push=True,
        may_wait=True,
        cause=Cause(
            event=QuestionAnswered,
            customer=_asker_of_answered,
            subject=lambda event: event.question_id,
            params=_question_params,
        ),
    ),
    Kind(
        code="question_published",
        name=_("Your questions, published"),
        title=_("Your question about %(product_name)s is published"),
        body=_("Everybody can read your question about %(product_name)s now. We tell you when there is an answer."),
        may_wait=True,
        cause=Cause(
            event=QuestionPublished,
            customer=_asker_of_published,
            subject=lambda event: event.question_id,
            params=_question_params,
        ),
    ),
    Kind(
        code="question_rejected",
        name=_("Your questions, not published"),
        title=_("Your question about %(product_name)s was not published"),
        body=_("Your question about %(product_name)s was not published. The reason: %(reason)s"),
        may_wait=True,
        cause=Cause(
            event=QuestionRejected,
            customer=_asker_of_rejected,
            subject=lambda event: event.question_id,
            params=_question_params,
        ),
    ),
    Kind(
        code=ANNOUNCEMENT,
        name=_("News from the shop"),
        title="%(title)s",
        body="%(body)s",
        by_mail=True,
        by_push=True,
        may_wait=True,
    ),
    # The house's words in each language; which channels besides the inbox is said by each broadcast.
    Kind(
        code=BROADCAST,
        name=_("What the shop tells many"),
        title="%(title)s",
        body="%(body)s",
        by_mail=True,
        by_push=True,
        may_wait=True,
    ),
)

KINDS: Final = {kind.code: kind for kind in _TABLE}
