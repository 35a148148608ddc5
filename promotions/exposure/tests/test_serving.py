"""Which selection is served, from which tier, and what is never shown."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError
from django.utils import timezone

from marketplace.core.errors import InvalidInputError
from marketplace.core.tests.cached import forget_cached
from promotions.engagement.models import CustomerInterest, ProductSignal
from promotions.exposure import caching, standing
from promotions.exposure.models import Context, Slate, Slot
from promotions.exposure.services import serving
from promotions.exposure.services.forgetting import forget_old_slates, forget_slates_of
from promotions.exposure.services.serving import serve_mix
from promotions.exposure.tests.factories import HOME, NOBODY, event_of, make_drain, make_pin, make_products, make_scores
from promotions.exposure.values import Asked, StoredSlate, Viewer
from promotions.flash.tests.factories import ZOCALO, make_customer, make_promo
from promotions.scoring.models import ScoringPolicy
from stores.catalog.tests.factories import CategoryFactory
from stores.inventory.models import StockItem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _always_look(monkeypatch):
    monkeypatch.setattr(standing, "GLANCE_SECONDS", 0.0)


def served(asked: Asked = HOME, viewer: Viewer = NOBODY, *, at: Any = None) -> Any:
    return serve_mix(asked=asked, viewer=viewer, at=at or timezone.now())


def products_of(mix: Any) -> list[Any]:
    return [each.product_id for each in mix.products]


def viewer_for(customer: Any, **place: Any) -> Viewer:
    return Viewer(unit=customer.pk, customer_id=customer.pk, **place)


def test_whoever_asks_for_fewer_gets_the_first_places_of_the_same_selection():
    make_scores(make_products(14))
    at = timezone.now()

    whole, nine, four = (served(Asked("home", None, size), at=at) for size in (12, 9, 4))

    assert [len(mix.products) for mix in (whole, nine, four)] == [12, 9, 4]
    assert whole.products[:9] == nine.products
    assert whole.products[:4] == four.products
    assert Slate.objects.get().parameters["size"] == 12


def test_an_empty_catalogue_answers_with_an_empty_mix():
    mix = served()

    assert mix.products == ()
    assert (mix.tier, mix.scores_version, mix.variant) == ("popularity", None, None)


def test_one_product_is_shown_whether_there_are_scores_or_not():
    (product,) = make_products(1)

    without = served()
    version = make_scores([product])
    scored = served()

    assert (without.tier, [each.reason for each in without.products]) == ("popularity", ["fallback"])
    assert (scored.tier, scored.scores_version) == ("computed", version.pk)
    assert [(each.product_id, each.position, each.reason) for each in scored.products] == [(product.pk, 1, "popular")]


def test_the_second_answer_comes_from_this_process_and_is_the_same():
    make_scores(make_products(5))

    first, second = served(), served()

    assert (first.tier, second.tier) == ("computed", "process")
    assert first.products == second.products
    assert Slate.objects.count() == 1


def test_what_another_process_made_comes_from_the_shared_cache_and_then_from_the_stored_slots():
    make_scores(make_products(5))
    first = served()

    caching.forget_near()
    shared = served()
    caching.forget_near()
    forget_cached()
    stored = served()

    assert [first.tier, shared.tier, stored.tier] == ["computed", "shared", "stored"]
    assert first.products == shared.products == stored.products


def test_what_is_no_selection_in_the_shared_cache_is_passed_over():
    make_scores(make_products(2))
    first = served()
    slate = Slate.objects.get()

    caching.forget_near()
    cache.set(caching._name(slate.key), '{"id": 1}', 60)

    assert served().tier == "stored"
    assert served().products == first.products


def test_a_half_written_version_never_serves():
    products = make_products(3)
    whole = make_scores(products)
    make_scores(list(reversed(products)), complete=False)

    assert served().scores_version == whole.pk


def test_a_version_without_anything_to_buy_gives_way_to_popularity():
    make_scores([])
    products = make_products(2)

    mix = served()

    assert mix.tier == "popularity"
    assert set(products_of(mix)) == {product.pk for product in products}


def test_without_scores_what_people_look_at_comes_first_then_what_is_newest():
    old, newer, newest = make_products(3)
    ProductSignal.objects.create(product_id=old.pk, weight=40.0, moment=timezone.now())

    assert products_of(served()) == [old.pk, newest.pk, newer.pk]


def test_a_new_version_is_served_at_once_under_its_own_key():
    products = make_products(3)
    make_scores(products)
    served()

    version = make_scores(list(reversed(products)))
    mix = served()

    assert (mix.tier, mix.scores_version) == ("computed", version.pk)
    assert mix.products[0].product_id == products[2].pk


def test_sold_out_hidden_and_of_a_closed_store_is_left_out_of_every_tier():
    products = make_products(8)
    make_scores(products)
    served()

    StockItem.objects.filter(variant__product=products[0]).update(on_hand=0)
    products[1].is_published = False
    products[1].save()
    products[1].listing.is_offered = False
    products[1].listing.save()
    products[2].store.state = "paused"
    products[2].store.save()
    mix = served()

    assert mix.tier == "process"
    assert products_of(mix) == [product.pk for product in products[3:]]
    assert [each.position for each in mix.products] == [4, 5, 6, 7, 8]


def test_where_most_is_sold_out_another_selection_is_made():
    products = make_products(6)
    make_scores(products[:4])
    served()
    StockItem.objects.filter(variant__product__in=products[:3]).update(on_hand=0)
    make_scores(products, at=timezone.now() + timedelta(seconds=1), complete=False)

    mix = served()

    assert mix.tier == "computed"
    assert products_of(mix) == [products[3].pk]
    assert [each.position for each in mix.products] == [1]


def test_a_read_is_checked_in_one_query(django_assert_max_num_queries):
    make_scores(make_products(5))
    served()

    # What is on sale, and the stamp of the rule book. (The fixture has the standing read each time: three more.)
    with django_assert_max_num_queries(5):
        served()


def test_pins_begin_and_end_by_the_clock_and_pass_by_popularity():
    products = make_products(4)
    make_scores(products)
    now = timezone.now()
    make_pin(products[3], 1, starts_at=now + timedelta(minutes=1), ends_at=now + timedelta(minutes=2))

    before, during, after = (served(at=now + timedelta(seconds=seconds)) for seconds in (0, 90, 150))

    assert products_of(before)[0] == products_of(after)[0] == products[0].pk
    assert (products_of(during)[0], during.products[0].reason) == (products[3].pk, "pinned")


def test_a_pin_of_what_cannot_be_bought_is_not_shown():
    products = make_products(3)
    make_scores(products)
    make_pin(products[2], 1)
    StockItem.objects.filter(variant__product=products[2]).update(on_hand=0)

    assert products_of(served()) == [products[0].pk, products[1].pk]


def test_a_pinned_product_without_scores_is_shown():
    products = make_products(2)
    make_scores(products[:1])
    make_pin(products[1], 2)

    mix = served()

    assert [(each.product_id, each.reason) for each in mix.products] == [
        (products[0].pk, "popular"),
        (products[1].pk, "pinned"),
    ]


def test_a_category_shows_its_tree_and_one_that_is_not_there_is_refused():
    parent = CategoryFactory.create()
    inside = make_products(2, category=CategoryFactory.create(parent=parent))
    make_scores([*make_products(2), *inside])

    mix = served(Asked(Context.CATEGORY.value, parent.pk, 12))

    assert set(products_of(mix)) == {product.pk for product in inside}
    with pytest.raises(InvalidInputError):
        served(Asked(Context.CATEGORY.value, parent.department_id, 12))


def test_a_customers_own_selection_is_theirs_and_what_they_saw_comes_later():
    products = make_products(3)
    make_scores(products, popularity=0.5)
    customer, other = make_customer(), make_customer()
    CustomerInterest.objects.create(
        customer_id=customer.pk, category_id=products[2].category_id, weight=5.0, moment=timezone.now()
    )
    personal = Asked(Context.PERSONALIZED.value, None, 12)

    first = served(personal, viewer_for(customer))
    theirs = served(personal, viewer_for(other))
    make_drain(*(event_of(first.products[0], customer_id=customer.pk) for _ in range(3)))
    later = served(personal, viewer_for(customer), at=timezone.now() + timedelta(minutes=2))

    assert (first.products[0].product_id, first.products[0].reason) == (products[2].pk, "personal")
    assert theirs.products[0].reason == "popular"
    assert products_of(later)[-1] == products[2].pk
    assert Slate.objects.filter(customer_id=customer.pk).count() == 2


def test_personalized_without_an_account_is_the_same_for_all():
    make_scores(make_products(3))
    personal = Asked(Context.PERSONALIZED.value, None, 12)

    assert served(personal).tier == "computed"
    assert served(personal).tier == "process"
    assert Slate.objects.get().customer_id is None


def test_the_same_hour_and_versions_give_the_same_products_again():
    at = timezone.now().replace(minute=1)
    products = make_products(12)
    make_scores(products, cold=0.5, impressions=10.0)
    first = served(at=at)
    Slate.objects.all().delete()
    caching.forget_near()
    forget_cached()

    assert products_of(served(at=at + timedelta(minutes=30))) == products_of(first)


def test_slots_keep_reason_propensity_and_evidence():
    make_scores(make_products(20), cold=0.5, impressions=10.0)

    mix = served(Asked("home", None, 12))

    slots = {slot.pk: slot for slot in Slot.objects.all()}
    assert {each.exposure_id for each in mix.products} == set(slots)
    assert {slot.propensity for slot in slots.values() if slot.reason == "popular"} == {1.0}
    tried = [slot for slot in slots.values() if "drawn_rate" in slot.evidence]
    assert [(slot.reason, slot.position) for slot in tried] == [
        ("cold_boost", 2),
        ("cold_boost", 5),
        ("cold_boost", 8),
        ("cold_boost", 11),
    ]
    assert all(0 < slot.propensity < 1 for slot in tried)


def test_a_policy_without_trials_tries_nothing():
    make_scores(make_products(6), cold=0.5, impressions=10.0)
    ScoringPolicy.objects.create(explore_share=0.0)

    assert {each.reason for each in served().products} == {"popular"}


def test_new_in_demand_and_nearly_gone_are_said():
    (product,) = make_products(1, on_hand=3)
    make_scores([product], popularity=0.95, fresh_since=timezone.now() - timedelta(days=1))

    assert served().products[0].badges == ("new", "trending", "low_stock")


def test_a_flash_promotion_is_said_to_whoever_may_take_it():
    promo = make_promo(radius_km=2.0)
    make_scores([promo.variant.product], popularity=0.5)
    near = Viewer(unit=None, latitude=ZOCALO[0], longitude=ZOCALO[1])
    far = Viewer(unit=None, latitude=20.67, longitude=-103.35)

    assert served(viewer=near).products[0].badges == ("flash",)
    assert served(viewer=far).products[0].badges == ()
    assert served().products[0].badges == ()


def test_when_nothing_can_be_made_the_last_selection_is_shown(monkeypatch):
    products = make_products(3)
    make_scores(products)
    first = served()
    version = make_scores(products)

    def broken(**_terms: Any) -> StoredSlate:
        raise DatabaseError

    monkeypatch.setattr(serving, "make_slate", broken)
    mix = served()

    assert mix.tier == "stored"
    assert mix.products == first.products
    assert mix.scores_version != version.pk


def test_selections_are_forgotten_after_their_time_and_a_persons_with_the_person(settings):
    settings.EXPOSURE_SLATES_KEPT_DAYS = 14
    make_scores(make_products(2))
    customer, now = make_customer(), timezone.now()
    served()
    served(Asked(Context.PERSONALIZED.value, None, 12), viewer_for(customer))

    forget_slates_of(customer.pk)

    assert list(Slate.objects.values_list("context", flat=True)) == ["home"]
    assert forget_old_slates(now + timedelta(days=13)) == 0
    assert forget_old_slates(now + timedelta(days=15)) == 1
    assert not Slot.objects.exists()
