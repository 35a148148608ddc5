"""Scores as both engines compute them, beside the formulas in Python."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from promotions.engagement import decay
from promotions.engagement.decay import NOTHING, Decayed, log_key
from promotions.engagement.models import ProductEngagementDaily, ProductSignal
from promotions.scoring import formulas, services
from promotions.scoring.models import CategoryLevel, ProductScore, ScoresVersion, ScoringPolicy
from stores.catalog.tests.factories import CategoryFactory, VariantFactory
from stores.inventory.tests.factories import stocked
from stores.merchants.tests.factories import StoreFactory
from stores.models import StockItem, Variant

from .factories import make_offer, scores_at

pytestmark = pytest.mark.django_db
AT = timezone.now().replace(microsecond=123_456)
HALF, TARGET, HALF_LIFE = 200.0, 10, 168.0
CONVERTED = ("purchases", "impressions")


def shop(dice, categories):
    """Some products of each category, with everything drawn."""
    pesos, dollars = StoreFactory.create(), StoreFactory.create(currency="USD")
    made = []
    for category, count in categories:
        made += [
            make_offer(
                at=AT,
                category=category,
                store=dice.choice([pesos, pesos, dollars]),
                on_hand=dice.choice([0, 3, 40]),
                price=dice.randrange(1_000, 9_000),
                cost=dice.choice([None, 500, 2_000, 8_999]),
                weight=dice.choice([0, 0.005, dice.uniform(0, 500)]),
                impressions=dice.uniform(0, 900),
                clicks=dice.uniform(0, 90),
                hours_ago=dice.uniform(-0.9, 3_000),
                shown=dice.randrange(0, 800),
                bought=dice.randrange(0, 5),
                age_days=dice.uniform(0, 200),
            )
            for _ in range(count)
        ]
    return made


class Oracle:
    """What the formulas say of each product, one after the other."""

    def __init__(self, made):
        self.made = made
        self.signals = ProductSignal.objects.in_bulk([each.pk for each in made])
        self.days = {row.product_id: row for row in ProductEngagementDaily.objects.all()}
        self.stock = dict(StockItem.objects.values_list("variant__product_id", "on_hand"))
        self.variants = {variant.product_id: variant for variant in Variant.objects.all()}
        self.totals = {each.pk: self.now(each, "weight") for each in made}
        self.prior = formulas.prior_of_all(*(self.all_of(made, name) for name in CONVERTED), half_known=HALF)
        self.gains = {each.pk: self.gain(each) for each in made if (self.margin(each) or -1) >= 0}

    def now(self, product, name):
        signal = self.signals.get(product.pk)
        return decay.at(Decayed(getattr(signal, name), signal.moment), AT, decay.rate(HALF_LIFE)) if signal else 0.0

    def all_of(self, products, name):
        return sum(getattr(self.days[each.pk], name) for each in products if each.pk in self.days)

    def peers(self, product):
        return [each for each in self.made if each.category_id == product.category_id]

    def margin(self, product):
        variant = self.variants[product.pk]
        if variant.cost_minor is None:
            return None
        return formulas.margin_minor(variant.price_minor, variant.cost_minor, product.category.tax_bp)

    def gain(self, product):
        together, alone = (
            [self.all_of(products, name) for name in CONVERTED] for products in (self.peers(product), [product])
        )
        prior = formulas.smoothed(*together, prior=self.prior, half_known=HALF)
        return self.margin(product) * formulas.smoothed(*alone, prior=prior, half_known=HALF)

    def profit(self, product):
        if product.pk not in self.gains:
            return 0.5 if self.margin(product) is None else 0.0
        mine = self.gains[product.pk]
        alike = [e for e in self.made if e.pk in self.gains and e.store.currency == product.store.currency]
        own = [self.gains[each.pk] for each in alike if each.category_id == product.category_id]
        everywhere = formulas.mid_rank(mine, [self.gains[each.pk] for each in alike])
        return formulas.blended(formulas.mid_rank(mine, own), everywhere, len(own))

    def scores(self, product):
        peers = [self.totals[each.pk] for each in self.peers(product)]
        popularity = formulas.popularity(
            self.totals[product.pk],
            p99=formulas.level(peers),
            known=sum(each >= formulas.HEARD for each in peers),
            p99_of_all=formulas.level(list(self.totals.values())),
        )
        cold = formulas.cold(
            self.now(product, "impressions"),
            available=self.stock.get(product.pk, 0),
            target=TARGET,
            half_known=HALF,
        )
        fresh = formulas.freshness((AT - product.created_at).total_seconds() / 86_400, 14.0)
        five = (popularity, cold, self.profit(product), fresh)
        whole = formulas.exposure(*five, w_popularity=0.7, weights=(0.5, 0.3, 0.2))
        signal = self.signals.get(product.pk)
        key = log_key(Decayed(signal.weight, signal.moment), AT, HALF_LIFE) if signal else NOTHING
        return (*five, whole, key)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_statements_say_what_the_formulas_say(seed):
    dice = random.Random(seed)
    taxed = CategoryFactory.create(tax_bp=1_600)
    made = shop(dice, [(CategoryFactory.create(), 26), (taxed, 7), (CategoryFactory.create(), 1)])

    found = scores_at(AT)

    oracle = Oracle(made)
    assert found.keys() == {product.pk for product in made}
    for product in made:
        row = found[product.pk]
        said = (row.popularity, row.cold, row.profit, row.freshness, row.exposure, row.log_key)
        assert said == pytest.approx(oracle.scores(product), rel=1e-9, abs=1e-12)


def test_an_empty_catalogue_is_a_complete_version_of_nothing():
    version = services.compute_scores(at=AT)

    assert (version.products_count, version.completed_at) == (0, AT)
    level = CategoryLevel.objects.get(version=version)
    assert (level.category_id, level.products_count, level.known_count, level.p99) == (None, 0, 0, 0)


def test_one_product_that_somebody_looked_at_is_the_most_popular_one():
    product = make_offer(at=AT, weight=1.0)

    row = scores_at(AT)[product.pk]

    assert (row.popularity, row.profit, row.cold) == pytest.approx((1.0, 0.5, 1.0))


def test_without_any_event_nothing_is_popular_and_margins_still_order():
    category = CategoryFactory.create()
    poor, rich = (make_offer(at=AT, category=category, cost=cost) for cost in (9_000, 1_000))

    found = scores_at(AT)

    assert found[poor.pk].popularity == found[rich.pk].popularity == 0
    assert (found[poor.pk].profit, found[rich.pk].profit) == (0.25, 0.75)
    assert found[poor.pk].log_key == NOTHING


def test_a_product_idle_for_years_breaks_nothing():
    product = make_offer(at=AT, weight=1e6, impressions=1e6, hours_ago=24 * 365 * 30)

    row = scores_at(AT)[product.pk]

    assert row.popularity == pytest.approx(0, abs=1e-6)
    assert row.log_key == pytest.approx(19.93 - 24 * 365 * 30 / 168, abs=0.01)


def test_unknown_costs_are_a_half_and_flagged_and_losses_are_nothing():
    unknown, loss = make_offer(at=AT, cost=None), make_offer(at=AT, price=100, cost=101)

    found = scores_at(AT)

    assert (found[unknown.pk].profit, found[unknown.pk].is_cost_known) == (0.5, False)
    assert (found[loss.pk].profit, found[loss.pk].is_cost_known) == (0.0, True)


def test_tax_in_the_price_is_no_margin():
    product = make_offer(at=AT, price=11_500, cost=10_000, category=CategoryFactory.create(tax_bp=1_600))

    assert scores_at(AT)[product.pk].profit == 0.0


def test_margins_of_two_currencies_are_not_compared():
    category, dollars = CategoryFactory.create(), StoreFactory.create(currency="USD")
    pesos = make_offer(at=AT, category=category, price=900_000, cost=100)
    other = make_offer(at=AT, category=category, price=9_000, cost=100, store=dollars)

    found = scores_at(AT)

    assert found[pesos.pk].profit == found[other.pk].profit == 0.5


def test_what_is_hidden_has_no_scores_and_what_a_paused_store_has_cannot_be_bought():
    paused = make_offer(at=AT, store=StoreFactory.create(state="paused"))
    make_offer(at=AT, store=StoreFactory.create(state="closed"))
    make_offer(at=AT, is_published=False)
    make_offer(at=AT, archived_at=AT)
    bare = make_offer(at=AT, archived_at=None)
    Variant.objects.filter(product=bare).update(is_active=False)

    found = scores_at(AT)

    assert found.keys() == {paused.pk}
    assert (found[paused.pk].available, found[paused.pk].cold) == (0, 0.0)


def test_stock_is_that_of_all_its_variants_without_what_is_set_aside():
    product = make_offer(at=AT, on_hand=4)
    stocked(VariantFactory.create(product=product, cost_minor=None), 3)
    StockItem.objects.filter(on_hand=4).update(allocated=1)

    row = scores_at(AT)[product.pk]

    assert (row.available, row.is_cost_known) == (6, True)
    assert row.cold == pytest.approx(0.6)


def test_the_policy_in_force_decides():
    ScoringPolicy.objects.create(w_popularity=0.2)
    services.set_policy(values={"w_popularity": 0.0, "w_cold": 1.0, "w_profit": 0.0, "w_freshness": 1.0}, actor_id=None)
    product = make_offer(at=AT, weight=5.0, age_days=14)

    row = scores_at(AT)[product.pk]

    assert row.exposure == pytest.approx((1.0 + 0.5) / 2)
    assert ScoresVersion.objects.get().policy["w_popularity"] == 0.0
    assert ScoresVersion.objects.get().policy["half_life_hours"] == 168.0


def test_weights_of_nothing_are_no_division_by_zero():
    ScoringPolicy.objects.create(w_popularity=1.0, w_cold=0, w_profit=0, w_freshness=0, stock_target=0)
    product = make_offer(at=AT, weight=5.0, on_hand=1)

    row = scores_at(AT)[product.pk]

    assert (row.exposure, row.cold) == pytest.approx((1.0, 1.0))


def test_only_thirty_days_of_conversions_count():
    product = make_offer(at=AT, shown=100, bought=5)
    ProductEngagementDaily.objects.update(day=(AT - timedelta(days=40)).date())

    services.compute_scores(at=AT)

    level = CategoryLevel.objects.get(category_id=product.category_id)
    assert level.conversion == pytest.approx(1 / 200)
    assert ProductScore.objects.get().product_id == product.pk
