"""The table's rows about price alerts, gift lists and purchases that make themselves."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from links import facade as links
from links.events import ContributionMade, ContributionReturned, GiftClaimed, GiftListClosed, PriceAlertRaised
from marketplace.core.events import json_ready
from purchases import facade as purchases
from purchases.events import AutoPurchaseAsked, AutoPurchaseEnded, AutoPurchaseMade, AutoPurchaseShort
from users import facade as users

from .moments import on_the_wall
from .values import IN_INBOX, IN_INBOX_AND_MAIL, Cause, Kind, Params

MAY_BUY_ELSEWHERE: Final = "purchases.change_purchaseticket"
NEXT_WEEK: Final = "weekly_limit"
"""The outcome of a purchase that the weekly limit, not the balance, puts off."""


def _alert_params(event: PriceAlertRaised) -> Params:
    card = links.alert_card(event.alert_id)
    return {
        "alert": str(card.alert_id),
        "product_link": None if card.link_id is None else str(card.link_id),
        "variant": None if card.variant_id is None else str(card.variant_id),
        "item": card.title,
        "url": card.url,
        "direction": event.direction,
        "price": json_ready(event.price),
        "reference": json_ready(event.reference),
    }


def _contribution_params(event: ContributionMade | ContributionReturned) -> Params:
    card = links.contribution_card(event.contribution_id)
    return {
        "contribution": str(card.contribution_id),
        "gift_list": None if card.gift_list_id is None else str(card.gift_list_id),
        "who": card.contributor_name,
        "for": card.gift_title or card.list_name or "—",
        "list": card.list_name or "—",
        "message": card.message or "—",
        "amount": json_ready(event.amount),
    }


def _owner_of_named(event: ContributionMade) -> UUID | None:
    """Whose money it is now, where the giver is named; nobody is told what they gave themselves."""
    is_named = bool(links.contribution_card(event.contribution_id).contributor_name)
    return event.owner_id if is_named and event.owner_id != event.contributor_id else None


def _owner_of_anonymous(event: ContributionMade) -> UUID | None:
    is_named = bool(links.contribution_card(event.contribution_id).contributor_name)
    return None if is_named or event.owner_id == event.contributor_id else event.owner_id


def _owner_without_surprise(event: GiftClaimed) -> UUID | None:
    """Nobody while the list keeps its surprise: not even that there is something to keep."""
    card = links.gift_card(event.gift_id)
    return None if card.keeps_surprise else card.owner_id


def _claim_params(event: GiftClaimed) -> Params:
    card = links.gift_card(event.gift_id)
    return {"gift": str(card.gift_id), "gift_list": str(card.gift_list_id), "item": card.title, "list": card.list_name}


def _closed_params(event: GiftListClosed) -> Params:
    return {
        "gift_list": str(event.gift_list_id),
        "list": links.list_name(event.gift_list_id),
        "left": json_ready(event.left),
    }


def _purchase_params(event: AutoPurchaseAsked | AutoPurchaseMade | AutoPurchaseEnded) -> Params:
    card = purchases.auto_purchase_card(event.purchase_id)
    return {
        "purchase": str(card.purchase_id),
        "gift": str(card.gift_id),
        "item": card.title,
        "price": json_ready(card.price),
        "number": card.order_number or "—",
    }


def _asked_params(event: AutoPurchaseAsked) -> Params:
    return {
        **_purchase_params(event),
        "price": json_ready(event.price),
        "reason": event.reason,
        "answer_by": event.answer_by.isoformat(),
        "until": on_the_wall(event.answer_by, event.customer_id),
    }


def _made_params(event: AutoPurchaseMade) -> Params:
    order = None if event.order_id is None else str(event.order_id)
    return {**_purchase_params(event), "order": order, "held": json_ready(event.held)}


def _ended_params(event: AutoPurchaseEnded) -> Params:
    return {
        **_purchase_params(event),
        "cost": json_ready(event.cost),
        "returned": json_ready(event.returned),
        # What staff wrote for the customer; a code is for programs.
        "reason": purchases.auto_purchase_card(event.purchase_id).reason or "—",
        "code": event.reason,
    }


def _short_params(event: AutoPurchaseShort) -> Params:
    card = links.gift_card(event.gift_id)
    return {
        "gift": str(card.gift_id),
        "gift_list": str(card.gift_list_id),
        "item": card.title,
        "list": card.list_name,
        "missing": json_ready(event.missing),
        "outcome": event.outcome,
    }


def _short_subject(event: AutoPurchaseShort) -> str:
    # Each time it is noticed anew is a message of its own.
    return f"{event.customer_id}:{event.gift_id}:{event.noticed_at.isoformat()}"


def _who_buys(event: AutoPurchaseMade) -> Collection[UUID]:
    """Whoever works on the queue, of what is bought in another shop."""
    return users.staff_with(MAY_BUY_ELSEWHERE) if event.order_id is None else ()


GIFTS: Final = (
    Kind(
        code="price_alert",
        name=_("Price alerts"),
        title=_("%(item)s costs %(price)s now"),
        body=_(
            "The price of %(item)s has reached what you wanted to hear of: it is %(price)s, measured by %(reference)s."
        ),
        by_push=True,
        cause=Cause(
            event=PriceAlertRaised,
            customer=lambda event: event.customer_id,
            # Each crossing is a message of its own.
            subject=lambda event: f"{event.alert_id}:{event.raised_at.isoformat()}",
            params=_alert_params,
        ),
    ),
    Kind(
        code="contribution_made",
        name=_("Contributions to you"),
        title=_("%(who)s gave %(amount)s"),
        body=_("%(who)s gave %(amount)s for: %(for)s. The message with it: %(message)s"),
        by_mail=True,
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=ContributionMade,
            customer=_owner_of_named,
            subject=lambda event: event.contribution_id,
            params=_contribution_params,
        ),
    ),
    Kind(
        code="contribution_anonymous",
        name=_("Contributions to you whose giver is not named"),
        title=_("Somebody gave %(amount)s"),
        body=_("Somebody who is not named gave %(amount)s for: %(for)s. The message with it: %(message)s"),
        by_mail=True,
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=ContributionMade,
            customer=_owner_of_anonymous,
            subject=lambda event: event.contribution_id,
            params=_contribution_params,
        ),
    ),
    Kind(
        code="contribution_returned",
        name=_("Contributions that came back to you"),
        title=_("%(amount)s came back to you"),
        body=_(
            "The list “%(list)s” is closed. %(amount)s of what you gave was not needed and is in your wallet again."
        ),
        by_mail=True,
        by_push=True,
        required=IN_INBOX_AND_MAIL,
        cause=Cause(
            event=ContributionReturned,
            customer=lambda event: event.contributor_id,
            subject=lambda event: event.contribution_id,
            params=_contribution_params,
        ),
    ),
    Kind(
        code="gift_list_closed",
        name=_("Lists of yours that are closed"),
        title=_("Your list “%(list)s” is closed"),
        body=_("“%(list)s” takes nothing any more. In its pots was %(left)s; it went where you had chosen."),
        by_mail=True,
        required=IN_INBOX,
        cause=Cause(
            event=GiftListClosed,
            customer=lambda event: event.owner_id,
            subject=lambda event: event.gift_list_id,
            params=_closed_params,
        ),
    ),
    Kind(
        code="gift_claimed",
        name=_("Gifts that somebody will give, where you want to know"),
        title=_("Somebody will give you %(item)s"),
        body=_("Somebody has promised %(item)s from your list “%(list)s”. It is not bought by itself any more."),
        by_push=True,
        may_wait=True,
        cause=Cause(
            event=GiftClaimed,
            customer=_owner_without_surprise,
            subject=lambda event: event.claim_id,
            params=_claim_params,
        ),
    ),
    Kind(
        code="auto_purchase_asked",
        name=_("Automatic purchases that wait for your word"),
        title=_("Shall we buy %(item)s for %(price)s?"),
        body=_("%(item)s costs %(price)s. Say yes or no until %(until)s; without your word it is not bought."),
        by_mail=True,
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=AutoPurchaseAsked,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.purchase_id,
            params=_asked_params,
        ),
    ),
    Kind(
        code="auto_purchase_ordered",
        name=_("Automatic purchases from our stores"),
        title=_("We bought %(item)s for you"),
        body=_("%(item)s was bought by itself for %(held)s, delivery included. Your order has the number %(number)s."),
        by_mail=True,
        by_push=True,
        required=IN_INBOX_AND_MAIL,
        cause=Cause(
            event=AutoPurchaseMade,
            customer=lambda event: None if event.order_id is None else event.customer_id,
            subject=lambda event: event.purchase_id,
            params=_made_params,
        ),
    ),
    Kind(
        code="auto_purchase_queued",
        name=_("Automatic purchases in other shops"),
        title=_("We are buying %(item)s for you"),
        body=_(
            "%(item)s costs %(price)s. We have set %(held)s aside for it, shipping and changes of the price included; "
            "what it does not cost comes back to you."
        ),
        by_mail=True,
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=AutoPurchaseMade,
            customer=lambda event: event.customer_id if event.order_id is None else None,
            subject=lambda event: event.purchase_id,
            params=_made_params,
        ),
    ),
    Kind(
        code="auto_purchase_bought",
        name=_("Automatic purchases in other shops that are done"),
        title=_("%(item)s is bought: %(cost)s"),
        body=_("%(item)s cost %(cost)s. %(returned)s of what was set aside came back."),
        by_mail=True,
        by_push=True,
        required=IN_INBOX_AND_MAIL,
        cause=Cause(
            event=AutoPurchaseEnded,
            customer=lambda event: event.customer_id if event.state == "bought" else None,
            subject=lambda event: event.purchase_id,
            params=_ended_params,
        ),
    ),
    Kind(
        code="auto_purchase_released",
        name=_("Automatic purchases that came to nothing"),
        title=_("%(item)s could not be bought"),
        body=_("We did not buy %(item)s, and %(returned)s came back. What we can say about it: %(reason)s"),
        by_mail=True,
        by_push=True,
        required=IN_INBOX_AND_MAIL,
        cause=Cause(
            event=AutoPurchaseEnded,
            customer=lambda event: event.customer_id if event.state == "released" else None,
            subject=lambda event: event.purchase_id,
            params=_ended_params,
        ),
    ),
    Kind(
        code="auto_purchase_short",
        name=_("Automatic purchases that the balance does not allow"),
        title=_("%(missing)s are missing for %(item)s"),
        body=_("%(item)s of your list “%(list)s” is next, but %(missing)s are missing in your wallet. It waits."),
        by_mail=True,
        by_push=True,
        may_wait=True,
        cause=Cause(
            event=AutoPurchaseShort,
            customer=lambda event: None if event.outcome == NEXT_WEEK else event.customer_id,
            subject=_short_subject,
            params=_short_params,
        ),
    ),
    Kind(
        code="auto_purchase_limit",
        name=_("Automatic purchases that wait for next week"),
        title=_("Your weekly limit holds %(item)s back"),
        body=_(
            "%(item)s of your list “%(list)s” is next, but costs %(missing)s more than your limit leaves this week."
        ),
        by_push=True,
        may_wait=True,
        cause=Cause(
            event=AutoPurchaseShort,
            customer=lambda event: event.customer_id if event.outcome == NEXT_WEEK else None,
            subject=_short_subject,
            params=_short_params,
        ),
    ),
    Kind(
        code="purchase_ticket_opened",
        name=_("For the house: purchases in other shops"),
        title=_("To buy in another shop: %(item)s"),
        body=_("%(item)s for %(price)s; %(held)s are set aside. It waits in the queue of purchases in other shops."),
        may_wait=True,
        cause=Cause(
            event=AutoPurchaseMade,
            people=_who_buys,
            subject=lambda event: event.purchase_id,
            params=_made_params,
        ),
    ),
)
