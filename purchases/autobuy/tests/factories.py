"""Plans, lists, gifts and pots for tests; pages as if they had been read a minute ago."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from funds.facade import fund_wallets
from links.gift_lists.tests.factories import given, make_list
from links.models import Contribution, Gift, GiftList, Page, ProductLink
from promotions.flash.tests.factories import make_variant
from purchases.autobuy.models import AutoPurchase, Plan, PurchaseTicket, Run, Schedule
from purchases.autobuy.services import add_schedule, run_due_plans
from purchases.autobuy.services.schedules import Trigger
from purchases.checkout.tests.factories import home_of, mxn, shopper

ALWAYS = Trigger(kind=Schedule.Kind.BALANCE)


def buyer(minor: int = 1_000_000, **account: Any) -> Any:
    """A shopper with so much in the wallet and an address."""
    customer = shopper(minor, **account)
    home_of(customer)
    return customer


def make_page(minor: int | None = 50_000, *, currency: str = "MXN", **values: Any) -> Page:
    """A page whose structured data says that price."""
    name = uuid4().hex
    defaults: dict[str, Any] = {
        "canonical_url": f"https://tienda.example/{name}",
        "address_hash": name.ljust(64, "0"),
        "host": "tienda.example",
        "state": "read" if minor is not None else "unpriced",
        "title": "Bicicleta",
        "price_minor": minor,
        "currency": currency if minor is not None else "",
        "availability": "in_stock",
        "method": "json_ld",
        "confidence": 95,
        "may_be_bought": minor is not None,
        "read_at": timezone.now() - timedelta(minutes=1),
    }
    return Page.objects.create(**(defaults | values))


def outside_gift(gift_list: GiftList, minor: int | None = 50_000, *, page: Page | None = None, **values: Any) -> Gift:
    """A wish of another shop, whose price the owner has seen."""
    page = page or make_page(minor)
    link = ProductLink.objects.create(customer=gift_list.owner, page=page, url=page.canonical_url)
    seen = {"seen_price_minor": page.price_minor, "seen_currency": page.currency}
    owner = gift_list.owner
    return Gift.objects.create(**({"gift_list": gift_list, "link": link, "added_by": owner} | seen | values))


def catalogue_gift(gift_list: GiftList, variant: Any = None, **values: Any) -> Gift:
    """A variant at 349.00 as a wish."""
    variant = variant or make_variant()
    seen = {"seen_price_minor": variant.price_minor, "seen_currency": variant.currency}
    owner = gift_list.owner
    return Gift.objects.create(**({"gift_list": gift_list, "variant": variant, "added_by": owner} | seen | values))


def page_of(gift: Gift) -> Page:
    assert gift.link is not None
    return gift.link.page


def due_at(customer: Any = None) -> datetime:
    """When the plan, the only one unless said, is looked at next."""
    plans = Plan.objects.filter(due_at__isnull=False)
    moment = (plans if customer is None else plans.filter(customer=customer)).get().due_at
    assert moment is not None
    return moment


def schedule(subject: Any, trigger: Trigger = ALWAYS, *, at: datetime | None = None) -> Schedule:
    """By the service: the plan is due at once."""
    is_list = isinstance(subject, GiftList)
    owner = subject.owner if is_list else subject.gift_list.owner
    about = {"gift_list_id": subject.pk} if is_list else {"gift_id": subject.pk}
    return add_schedule(customer_id=owner.pk, trigger=trigger, at=at or timezone.now(), **about)


def contribute(giver: Any, subject: Gift | GiftList, minor: int) -> Contribution:
    """From the giver's wallet into the pot of a list or a gift."""
    return given(giver, minor, to=subject)


def run(*, at: datetime | None = None) -> int:
    """The engine, until nothing is due."""
    at = at or timezone.now()
    return sum(iter(lambda: run_due_plans(at=at), 0))


def wake(customer: Any) -> None:
    Plan.objects.filter(customer=customer).update(due_at=timezone.now())


def outcomes_of(customer: Any) -> dict[str, str]:
    """By gift, of the newest run."""
    newest = Run.objects.filter(plan__customer=customer).order_by("-pk").first()
    return {} if newest is None else {row["gift"]: row["outcome"] for row in newest.considered}


def outcome_of(gift: Gift) -> str:
    return outcomes_of(gift.gift_list.owner).get(str(gift.pk), "")


def queued(minor: int = 50_000, *, wallet: int = 100_000, pot: int = 0, **values: Any) -> PurchaseTicket:
    """A ticket for something of another shop that was bought automatically."""
    customer = buyer(wallet)
    gift = outside_gift(make_list(customer, **values), minor)
    if pot:
        contribute(shopper(pot), gift, pot)
    schedule(gift)
    run()
    return AutoPurchase.objects.get(gift=gift).ticket


def give_more(customer: Any, minor: int) -> None:
    fund_wallets(rows=[(customer.pk, mxn(minor), uuid4().hex)])
