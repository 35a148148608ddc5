"""Why a product stands where it stands, in words, from stored data."""

import pytest
from django.utils import timezone, translation

from promotions.exposure.explaining import explain
from promotions.exposure.models import Slate, Slot
from promotions.exposure.services.serving import serve_mix
from promotions.exposure.tests.factories import HOME, NOBODY, make_pin, make_products, make_scores
from promotions.exposure.values import Asked

pytestmark = pytest.mark.django_db


def told(slot: Slot) -> str:
    return " ".join(explain(slot, "Plato"))


def test_every_place_of_a_selection_is_explained():
    products = make_products(20)
    make_scores(products, cold=0.5, impressions=10.0)
    make_pin(products[5], 1)
    serve_mix(asked=Asked("home", None, 12), viewer=NOBODY, at=timezone.now())

    told_of = {slot.position: told(slot) for slot in Slot.objects.select_related("slate")}

    assert len(told_of) == 12
    assert "Staff pinned it there." in told_of[1]
    assert all("“Plato” was put in place" in each for each in told_of.values())
    # English writes "p.m.": a sentence that ends with the moment would end twice.
    assert not any(".." in each for each in told_of.values())
    tried = [each for each in told_of.values() if "was drawn against" in each]
    assert len(tried) == 4
    assert all("The chance that this product stood in this place was" in each for each in tried)
    assert any("Its exposure score was" in each and "popularity" in each for each in told_of.values())


def test_without_scores_it_says_so_and_in_the_readers_language():
    make_products(1)
    serve_mix(asked=HOME, viewer=NOBODY, at=timezone.now())
    slot = Slot.objects.select_related("slate").get()

    assert "There were no scores" in told(slot)
    with translation.override("es"):
        assert "No había puntajes" in told(slot)


def test_experiments_and_rules_that_gave_way_are_named():
    make_products(1)
    serve_mix(asked=HOME, viewer=NOBODY, at=timezone.now())
    way = {"id": "x", "experiment": "y", "key": "less-popularity", "value": 0.5}
    Slate.objects.update(variants={"w_popularity": way}, scores_version=3)
    Slot.objects.update(reason="popular", evidence={"gave_way": ["store"], "exposure": 0.5, "shown": 2})
    slot = Slot.objects.select_related("slate").get()

    assert "“less-popularity”, with w_popularity at 0.50" in told(slot)
    assert "what gave way: the most of one store" in told(slot)
    assert "seen it 2 times in 24 hours" in told(slot)
