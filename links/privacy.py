"""Erasure of a person, as far as links and lists of gifts go."""

from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction

from marketplace.core.clock import read_db_now

from .alerts.services import forget_alerts
from .gift_lists.services.lists import forget_keeper, lock_lists_of
from .pots.errors import PotsNotEmptyError
from .pots.selectors import has_money_in_pots
from .pots.services import forget_words
from .product_links.services import forget_links_of


@transaction.atomic
def refuse_while_money_is_in_pots(customer_id: UUID) -> None:
    """Raises `PotsNotEmptyError` while something of the person, or for them, is in a pot.

    Their lists stay locked to the end: nobody gives to them any more. (Here and not when they are forgotten: by then
    the contexts above have locked what comes after lists.)
    """
    lock_lists_of(customer_id)
    if has_money_in_pots(customer_id):
        raise PotsNotEmptyError


def forget_person(customer_id: UUID) -> None:
    """Messages, links, names of lists and guests, notes; claims and places as an editor end. Amounts stay."""
    email = get_user_model().objects.values_list("email", flat=True).get(pk=customer_id)
    forget_words(customer_id)
    forget_alerts(customer_id)
    forget_links_of(customer_id)
    forget_keeper(customer_id=customer_id, email=email, at=read_db_now())
