"""Lists, gifts, links and givers for tests, here and in other contexts."""

import hashlib
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from funds.ledger.selectors import wallets_of_owners
from funds.payments.services import fund_wallets
from links.gift_lists.models import Gift, GiftList
from links.gift_lists.services.gifts import add_gift, mark_gift_ordered
from links.gift_lists.services.giving import give_towards_gift, give_towards_list
from links.gift_lists.services.lists import open_list
from links.gift_lists.services.locking import locked_gift
from links.pots.models import Contribution
from links.pots.services import Giving
from links.product_links.models import Page, ProductLink
from marketplace.core.money import Money
from users.accounts.tests.factories import UserFactory

OPENING = 100_000


def mxn(minor: int) -> Money:
    return Money(minor, "MXN")


def person(minor: int = OPENING, **account: Any) -> Any:
    """A verified account with so much in the wallet."""
    user = UserFactory.create(**account)
    if minor:
        fund_wallets(rows=[(user.pk, mxn(minor), uuid4().hex)])
    return user


def make_list(owner: Any = None, **values: Any) -> GiftList:
    """An open list that whoever has its link sees."""
    owner = owner or person(0)
    return open_list(owner_id=owner.pk, values={"name": "Cumpleaños", "visibility": "shared"} | values)


def make_page(*, price: int | None = 10_000, **values: Any) -> Page:
    """A page with a price in structured data, or without any."""
    url = values.pop("url", f"https://shop.example/{uuid4().hex}")
    columns: dict[str, Any] = {"canonical_url": url, "address_hash": hashlib.sha256(url.encode()).hexdigest()}
    columns |= {"host": "shop.example", "title": "Bicicleta", "state": "unpriced", "reason": "no_price"}
    if price is not None:
        columns |= {"price_minor": price, "currency": "MXN", "state": "read", "method": "json_ld", "reason": ""}
        columns |= {"may_be_bought": True, "availability": "in_stock", "read_at": timezone.now()}
    return Page.objects.create(**columns | values)


def make_link(customer: Any, page: Page | None = None, **values: Any) -> ProductLink:
    """The customer's link to a page."""
    page = page or make_page()
    return ProductLink.objects.create(customer=customer, page=page, url=page.canonical_url, **values)


def make_gift(
    gift_list: GiftList | None = None, *, price: int | None = 10_000, position: int | None = None, **values: Any
) -> Gift:
    """A wish of the list's owner at another shop, at that price; `values` are columns."""
    gift_list = gift_list or make_list()
    link = make_link(gift_list.owner, make_page(price=price))
    return add_gift(
        gift_list_id=gift_list.pk, added_by_id=gift_list.owner_id, link_id=link.pk, position=position, values=values
    )


def giving(giver: Any, key: str = "", **words: Any) -> Giving:
    """A contribution under a key of its own, unless said."""
    return Giving(giver.pk, key or uuid4().hex, **words)


def given(giver: Any, minor: int, *, to: Gift | GiftList, **words: Any) -> Contribution:
    """A contribution to a gift or a list."""
    if isinstance(to, Gift):
        return give_towards_gift(giving=giving(giver, **words), gift_id=to.pk, amount=mxn(minor))[0]
    return give_towards_list(giving=giving(giver, **words), gift_list_id=to.pk, amount=mxn(minor))[0]


def purse(user: Any) -> int:
    """What is in the wallet, in minor units."""
    return sum(row.posted for row in wallets_of_owners([user.pk]))


@transaction.atomic
def ordering(gift: Gift) -> None:
    """A purchase of it is under way."""
    mark_gift_ordered(gift=locked_gift(gift.pk))
