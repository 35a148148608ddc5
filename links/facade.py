"""What other contexts may ask of links and gift lists."""

from .alerts.selectors import alert_card
from .gift_lists.services.buying import lock_pots_of, return_to_pots, take_from_pots
from .gift_lists.services.gifts import mark_gift_ordered, mark_gift_received, mark_gift_wanted, note_seen_price
from .gift_lists.services.locking import lock_gift, locked_gift
from .gift_lists.summaries import owners_of_lists, untouched_lists, wishes_of
from .gift_lists.wanted import (
    contribution_card,
    gift_card,
    gifts_owned_by,
    list_name,
    wanted_gifts,
    watched_lists_of_page,
    watched_lists_of_products,
    with_pots,
)
from .pots.selectors import purchases_helped_by
from .pots.verification import pots_in_balance
from .product_links.selectors import latest_snapshot_id, page_card, page_cards, price_history, snapshot_text
from .product_links.services import read_pages_soon, submit_link

__all__ = [
    "alert_card",  # a price alert's thing and its address, for messages about it; NotFoundError
    "contribution_card",  # a contribution, whose and for whom, for messages about it; NotFoundError
    "gift_card",  # a gift, whose list and who may be told, for messages about it; NotFoundError
    "gifts_owned_by",  # which of these gifts and lists are the customer's own, open and live
    "latest_snapshot_id",  # the page as it was kept last: the evidence of its price
    "list_name",  # what its owner calls a list; NotFoundError
    "lock_gift",  # lock the gift's list, then the gift, in the caller's transaction; NotFoundError
    "lock_pots_of",  # lock all that `return_to_pots` will, before the owner's wallet is touched otherwise
    "locked_gift",  # the same, and the gift as it is now for whoever buys it; NotFoundError
    "mark_gift_ordered",  # a purchase is under way; GiftNotWantedError, GiftListClosedError
    "mark_gift_received",  # it has arrived: into the archive, what is left in its pot as the owner had chosen
    "mark_gift_wanted",  # the purchase came to nothing; nothing happens to one that is not ordered
    "note_seen_price",  # the person has seen that price
    "owners_of_lists",  # owners of open lists, a page by id
    "page_card",  # a page for messages and tickets: what it last said, whether a purchase may rest on it; NotFoundError
    "page_cards",  # the same for many, in one query
    "pots_in_balance",  # every pot whose ledger balance is not what its contributions have left; empty is health
    "price_history",  # steps of a page's price since a moment
    "purchases_helped_by",  # keys under which money that this person gave was taken, and may come back to a pot
    "read_pages_soon",  # have these pages read again
    "return_to_pots",  # what a purchase took back to the same contributions, wholly or up to an amount; once
    "snapshot_text",  # a page as it was fetched: evidence, not to be trusted
    "submit_link",  # a customer's link; the same for the same address again, and one reading for everybody
    "take_from_pots",  # pots to the owner's wallet for a purchase, up to an amount, once per key
    "untouched_lists",  # these owners' lists that wait, where nothing has changed since a moment; two queries
    "wanted_gifts",  # gifts as whoever buys them needs to know them, without their pots; one query for any number
    "watched_lists_of_page",  # ids of the customers with a wanted gift that rests on the page
    "watched_lists_of_products",  # the same of variants of these products
    "wishes_of",  # what these owners' open lists hold, with prices now and then, and pots; six queries
    "with_pots",  # the same with what their pots hold; one query
]
