"""The table's rows about shelves, purchases and questions."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from marketplace.core.events import json_ready
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

from .values import IN_INBOX, Cause, Kind, Params

MAY_SEE_DRIFT: Final = "stores.view_stockreconciliation"


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


STORES: Final = (
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
)
