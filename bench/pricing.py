"""Prices with very many rules: a cart of 100 lines, and what lists show of 1,000 variants, against 100 rules.

    python -m bench pricing [--lines 100] [--rules 100] [--variants 1000] [--rounds 20]

Two sets of rules: mixed ones (of stores, categories and single products, stack groups, exclusive ones, priorities,
levels, weekdays, minimum tickets), and the worst there is: all of them meant for every line and everybody. The baseline
of a cart is the bare arithmetic in the same minute: each rule's saving on each line, by two loops, and the best of
them. That of the lists is one bare INSERT per table of the rows that computing them writes (promoted prices, listings,
next moments), prepared beforehand, over the same connection. No pgbench.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.core.money import Money
from promotions import facade as promotions
from promotions.campaigns.services.lifecycle import activate_campaign
from promotions.campaigns.services.planning import create_campaign
from promotions.campaigns.terms import CampaignTerms
from promotions.contracts import Buyer
from promotions.discounts.services import DiscountTerms, create_discount
from promotions.models import Campaign, Discount
from promotions.rules.versions import bump
from purchases.listed_prices import services
from purchases.models import DuePrice
from purchases.pricing.pipeline import price, ticket_of
from purchases.pricing.savings import saving_of
from purchases.pricing.values import Item
from stores.facade import variant_cards
from stores.models import Category, Listing, Product, PublicPrice, Store, Variant

from .catalogue import SEED, fill

MXN = "MXN"
NOW = timezone.now()
SINCE = {"starts_at": NOW - timedelta(days=1), "ends_at": NOW + timedelta(days=7)}


def main() -> None:
    """Seed, compute, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--rules", type=int, default=100)
    parser.add_argument("--variants", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    fill(options.variants)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, write in (("mixed", write_mixed_rules), ("all meant for all", write_rules_for_all)):
        forget_rules()
        write(options.rules)
        print(f"{name}: {len(promotions.rule_book().rules)} rules")
        measure_cart(options)
        measure_lists(options)


def forget_rules() -> None:
    """None at all."""
    for model in (Campaign.stores, Campaign.products, Campaign.categories, Discount.products):
        model.through._default_manager.all().delete()
    Campaign.objects.all().delete()
    Discount.objects.all().delete()
    with transaction.atomic():
        bump([])


def write_mixed_rules(count: int) -> None:
    """Of each kind, by the services; three in five discounts, the others campaigns."""
    dice = random.Random(SEED)
    categories = list(Category.objects.order_by("pk").values_list("pk", flat=True))
    stores = list(Store.objects.order_by("pk").values_list("pk", flat=True))
    products = dict(Product.objects.order_by("pk").values_list("pk", "category"))
    for number in range(count):
        terms: dict[str, Any] = {
            "name": f"Regla {number}",
            "priority": dice.randrange(3),
            "is_exclusive": number % 10 == 0,
            "stack_group": "verano" if number % 10 in {3, 4} else "",
            **SINCE,
        }
        if number % 5 < 3:
            chosen = dice.sample(list(products), 1)
            create_discount(
                terms=DiscountTerms(
                    category_id=products[chosen[0]] if number % 4 == 0 else dice.choice(categories),
                    product_ids=frozenset(chosen if number % 4 == 0 else ()),
                    tier=("", "", "silver", "gold")[number % 4],
                    percent_bp=dice.randrange(100, 5_000),
                    weekdays=frozenset(dice.sample(range(1, 8), 5) if number % 6 == 0 else ()),
                    **terms,
                ),
                actor_id=None,
            )
            continue
        minor = dice.randrange(1_000, 50_000)
        benefit = (
            {"kind": "percentage", "basis_points": dice.randrange(100, 5_000)},
            {"kind": "amount", "amount": str(Money(minor, MXN).decimal)},
            {"kind": "buy_x_get_y", "buy": 2, "get": 1, "basis_points": 10_000},
        )[number % 3]
        scope: dict[str, Any] = {"scope": "store", "store_ids": frozenset(dice.sample(stores, 5))}
        if number % 2:
            scope = {"scope": "category", "category_ids": frozenset(dice.sample(categories, 3))}
        ticket = Money(minor * 2, MXN) if number % 7 == 0 else None
        write_campaign(benefits_json=[benefit], currency=MXN, min_ticket=ticket, **scope, **terms)


def write_rules_for_all(count: int) -> None:
    """Of one rank, so that all compete for each line."""
    stores = frozenset(Store.objects.values_list("pk", flat=True))
    for number in range(count):
        benefit = {"kind": "percentage", "basis_points": 100 + number * 37 % 4_000}
        write_campaign(name=f"Regla {number}", scope="store", store_ids=stores, benefits_json=[benefit], **SINCE)


def write_campaign(**terms: Any) -> None:
    """Made and switched on."""
    campaign = create_campaign(terms=CampaignTerms(**terms), actor_id=None)
    activate_campaign(campaign_id=campaign.pk, actor_id=None, at=timezone.now())


def measure_cart(options: argparse.Namespace) -> None:
    """The whole pipeline, with the question which rules apply; no database."""
    dice = random.Random(SEED)
    cards = variant_cards(Variant.objects.order_by("pk").values_list("pk", flat=True)[: options.lines])
    items = [
        Item(
            key=str(card.variant_id),
            variant_id=card.variant_id,
            product_id=card.product_id,
            store_id=card.store_id,
            category_ids=card.category_ids,
            quantity=dice.randrange(1, 5),
            list_price=card.price,
        )
        for card in cards.values()
    ]
    rules = promotions.rule_book().rules
    buyer, day, ticket = Buyer(None, "gold"), promotions.local_day(NOW), ticket_of(items)

    def pipeline() -> None:
        judged = [
            (rule, promotions.refusals(rule, buyer=buyer, at=NOW, ticket_minor=ticket, currency=MXN, day=day))
            for rule in rules
        ]
        price(items, currency=MXN, rules=judged)

    def bare() -> None:
        savings = [saving_of(rule) for rule in rules]
        for item in items:
            left, quantity = item.list_total.minor, item.quantity
            max(saving(left, quantity) for saving in savings)

    took, beside = [], []
    for _ in range(options.rounds):
        took.append(worked(pipeline))
        beside.append(worked(bare))
    ratio = median(a / b for a, b in zip(beside, took, strict=True))
    print(
        f"  cart of {len(items)} lines: {median(took) * 1000:.1f} ms of CPU (goal 5 ms); bare loops "
        f"{median(beside) * 1000:.1f} ms; bare / pipeline {ratio:.2f}"
    )


def measure_lists(options: argparse.Namespace) -> None:
    """From marks to listings, everything written anew each time."""
    took, cpu, beside = [], [], []
    for _ in range(max(3, options.rounds // 4)):
        PublicPrice.objects.all().delete()
        services.mark_everything(at=NOW)
        started, busy = time.perf_counter(), time.process_time()
        computed = sum(iter(lambda: services.compute_next(at=timezone.now()), 0))
        took.append(time.perf_counter() - started)
        cpu.append(time.process_time() - busy)
        beside.append(inserted())
    rows = PublicPrice.objects.count()
    PublicPrice.objects.all().delete()
    services.mark_everything(at=NOW)
    with CaptureQueriesContext(connection) as captured:
        services.compute_next(at=timezone.now())
    ratio = median(a / b for a, b in zip(beside, took, strict=True))
    print(
        f"  lists, {computed} variants: {median(took) * 1000:.0f} ms (goal 1,000 ms), {median(cpu) * 1000:.0f} ms of "
        f"CPU here, {len(captured)} statements a chunk, {rows} prices; bare INSERT {median(beside) * 1000:.0f} ms; "
        f"bare / computed {ratio:.2f}"
    )


def inserted() -> float:
    """The same rows by one bare INSERT per table, into empty copies; seconds."""
    with transaction.atomic(), connection.cursor() as cursor:
        statements: list[str] = []
        for model in (PublicPrice, Listing, DuePrice):
            table = model._meta.db_table
            cursor.execute(f"CREATE TEMP TABLE bare_{table} (LIKE {table} INCLUDING ALL) ON COMMIT DROP")
            statements += _insert(cursor, table)
        started = time.perf_counter()
        for statement in statements:
            cursor.execute(statement)
        return time.perf_counter() - started


def _insert(cursor: Any, table: str) -> Iterator[str]:
    cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")
    rows: Sequence[str] = [row for (row,) in cursor.fetchall()]
    if rows:
        document = cursor.mogrify("%s", ["[" + ",".join(rows) + "]"]).decode()
        # As text that PostgreSQL reads at once: nothing is bound or planned row by row.
        yield (f"INSERT INTO bare_{table} SELECT * FROM json_populate_recordset(NULL::{table}, {document})").replace(
            "%", "%%"
        )


def worked(work: Callable[[], None]) -> float:
    """Seconds of this process's CPU."""
    started = time.process_time()
    work()
    return time.process_time() - started
