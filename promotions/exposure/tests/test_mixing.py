"""The mix as a function: places, caps, pins, reasons, chances."""

import math
from collections import Counter
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.exposure.board import Candidate, Rule, Settings, similarity
from promotions.exposure.mixing import Mix, Pinned, caps_for, category_rates, draw, explore_positions, mix, plan
from promotions.exposure.models import Reason
from promotions.exposure.tests.catalogues import (
    UNKNOWN_ID,
    candidate,
    random_catalogue,
    random_pins,
    rates_of,
    settings_for,
)

CATALOGUES = 10_000


def mixed(candidates: list[Candidate], *, size: int = 24, pins: list[Pinned] | None = None, seed: str = "1") -> Mix:
    return mix(candidates, pins=pins or [], prior_rates=rates_of(candidates), settings=settings_for(size), seed=seed)


def check(candidates: list[Candidate], pins: list[Pinned], terms: Settings, answer: Mix) -> None:
    """What holds of every mix, whatever the catalogue."""
    known = {each.product_id: each for each in candidates}
    placed = {each.position: each for each in answer.placed}
    assert sorted(placed) == list(range(1, min(terms.size, len(candidates)) + 1))
    assert len({each.product_id for each in answer.placed}) == len(placed)
    assert all(0 < each.propensity <= 1 for each in answer.placed)
    for pin in pins:
        if pin.product_id in known and pin.position <= len(placed):
            assert placed[pin.position].product_id == pin.product_id
            assert placed[pin.position].reason == Reason.PINNED
    shown = [known[each.product_id] for each in answer.placed]
    stores, categories = Counter(each.store_id for each in shown), Counter(each.category_id for each in shown)
    if Rule.STORE not in answer.relaxed:
        assert max(stores.values(), default=0) <= terms.store_cap
    if terms.category_cap is not None and Rule.CATEGORY not in answer.relaxed:
        assert max(categories.values(), default=0) <= terms.category_cap
    if Rule.REPETITION not in answer.relaxed:
        assert all(
            known[each.product_id].shown_count < terms.most_repeats
            for each in answer.placed
            if each.reason != Reason.PINNED
        )


def check_nothing_gave_way_in_vain(candidates: list[Candidate], answer: Mix, terms: Settings) -> None:
    """Without pins and trials: what is left over would have broken a rule at least as important."""
    shown = {each.product_id for each in answer.placed}
    left = [each for each in candidates if each.product_id not in shown]
    stores = Counter(each.store_id for each in candidates if each.product_id in shown)
    categories = Counter(each.category_id for each in candidates if each.product_id in shown)
    fresh = [each for each in left if each.shown_count < terms.most_repeats]
    if Rule.REPETITION in answer.relaxed:
        assert not fresh
    if Rule.CATEGORY in answer.relaxed:
        assert all(categories[each.category_id] >= (terms.category_cap or 0) for each in fresh)
    if Rule.STORE in answer.relaxed:
        roomy = [each for each in fresh if categories[each.category_id] < (terms.category_cap or math.inf)]
        assert all(stores[each.store_id] >= terms.store_cap for each in roomy)


@given(seed=st.integers(0, 2**32), count=st.integers(0, 70), size=st.integers(1, 48), share=st.floats(0, 1))
@settings(max_examples=150, deadline=None)
def test_caps_and_pins_hold_for_any_catalogue(seed, count, size, share):
    random = Random(seed)
    candidates = random_catalogue(random, count)
    pins = random_pins(random, count, size if size >= 4 else 4)
    terms = settings_for(size, explore_share=share)

    answer = mix(candidates, pins=pins, prior_rates=rates_of(candidates), settings=terms, seed=str(seed))

    check(candidates, pins, terms, answer)


@pytest.mark.once
def test_caps_and_pins_hold_over_ten_thousand_random_catalogues():
    random = Random(7)
    for number in range(CATALOGUES):
        candidates = random_catalogue(random, random.choice([0, 1, 2, 4, 7, 11]))
        pins = random_pins(random, len(candidates), 6)
        terms = settings_for(random.randint(1, 6), explore_share=random.choice([0.0, 0.3, 0.5, 1.0]))

        answer = mix(candidates, pins=pins, prior_rates={}, settings=terms, seed=str(number))

        check(candidates, pins, terms, answer)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 60), size=st.integers(1, 24))
@settings(max_examples=100, deadline=None)
def test_rules_give_way_in_their_order_and_never_in_vain(seed, count, size):
    candidates = random_catalogue(Random(seed), count)
    terms = settings_for(size, explore_share=0.0)

    answer = mix(candidates, pins=[], prior_rates={}, settings=terms, seed="1")

    check_nothing_gave_way_in_vain(candidates, answer, terms)


@given(seed=st.integers(0, 2**32), count=st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_the_same_seed_gives_the_same_selection_in_whatever_order_candidates_come(seed, count):
    candidates = random_catalogue(Random(seed), count)
    shuffled = Random(seed + 1).sample(candidates, count)

    assert mixed(candidates, seed=str(seed)) == mixed(shuffled, seed=str(seed))


@pytest.mark.once
def test_propensities_are_the_frequencies_of_ten_thousand_draws():
    candidates = random_catalogue(Random(11), 250)
    planned = plan(candidates, pins=[], prior_rates=rates_of(candidates), settings=settings_for(12))
    draws = 10_000

    seen: Counter[tuple[int, UUID]] = Counter()
    stated: dict[tuple[int, UUID], float] = {}
    for number in range(draws):
        for each in draw(planned, Random(f"seed {number}")).placed:
            seen[each.position, each.product_id] += 1
            stated[each.position, each.product_id] = each.propensity

    assert len(planned.trials) == 4
    assert len(stated) > 20
    for place, chance in stated.items():
        # 4.5 standard deviations: one false alarm in a thousand runs over some hundred places.
        allowed = 4.5 * math.sqrt(draws * chance * (1 - chance)) + 1
        assert abs(seen[place] - draws * chance) <= allowed, (place, chance, seen[place])


def test_an_empty_catalogue_gives_an_empty_mix_and_one_product_one_place():
    alone = candidate(1, popularity=0.4)

    assert mixed([]) == Mix((), ())
    assert [(each.position, each.product_id) for each in mixed([alone]).placed] == [(1, alone.product_id)]


@pytest.mark.parametrize(
    ("places", "share", "expected"),
    [
        (24, 0.3, [2, 6, 9, 13, 16, 19, 23]),
        (12, 0.3, [2, 5, 8, 11]),
        (10, 0.1, [4]),
        (3, 0.5, [1, 3]),
        (1, 0.5, [1]),
        (1, 0.4, []),
        (24, 0.0, []),
        (4, 1.0, [1, 2, 3, 4]),
    ],
)
def test_trials_are_spread_out_and_one_is_in_the_upper_third(places, share, expected):
    found = explore_positions(places, share)

    assert found == expected
    assert not found or found[0] <= math.ceil(places / 3)


def test_trials_step_aside_for_pins():
    assert explore_positions(12, 0.3, taken=[2, 5, 12]) == [1, 4, 8, 11]


def test_pins_pass_by_diversity_and_count_against_caps():
    store = UUID(int=1)
    mine = [candidate(number, store_id=store, popularity=0.9) for number in range(1, 6)]
    others = [candidate(number, popularity=0.1) for number in range(10, 40)]
    pins = [Pinned(UUID(int=90 + each), UUID(int=each), each) for each in (1, 2, 3)]

    answer = mixed([*mine, *others], size=12, pins=pins)

    assert [each.product_id.int for each in answer.placed[:3]] == [1, 2, 3]
    assert all(each.product_id.int >= 10 for each in answer.placed[3:])
    assert answer.relaxed == ()


def test_more_pins_of_a_store_than_its_cap_are_shown_and_said():
    store = UUID(int=1)
    mine = [candidate(number, store_id=store) for number in range(1, 6)]
    pins = [Pinned(UUID(int=90 + each), UUID(int=each), each) for each in range(1, 5)]

    answer = mixed([*mine, *(candidate(number) for number in range(10, 40))], size=12, pins=pins)

    assert [each.reason for each in answer.placed[:4]] == [Reason.PINNED] * 4
    assert answer.relaxed == (Rule.STORE,)


def test_a_pin_behind_the_end_of_a_short_selection_takes_its_last_place_and_one_of_no_product_none():
    candidates = [candidate(number, popularity=number / 10) for number in (1, 2, 3)]
    pins = [Pinned(UUID(int=91), UUID(int=1), 9), Pinned(UUID(int=92), UNKNOWN_ID, 1)]

    answer = mixed(candidates, pins=pins)

    assert [each.product_id.int for each in answer.placed] == [3, 2, 1]
    assert answer.placed[2].evidence["pinned_at"] == 9


def test_what_was_shown_is_worth_less_each_time():
    seen, other = candidate(1, popularity=0.9, shown_count=1), candidate(2, popularity=0.6)

    assert [each.product_id.int for each in mixed([seen, other]).placed] == [2, 1]


def test_what_is_like_the_first_gives_way_to_what_is_unlike():
    shelf = UUID(int=5)
    first = candidate(1, popularity=0.9, category_id=shelf)
    alike = candidate(2, popularity=0.80, category_id=shelf)
    unlike = candidate(3, popularity=0.75)

    answer = mixed([first, alike, unlike])

    assert [each.product_id.int for each in answer.placed] == [1, 3, 2]
    assert answer.placed[2].evidence["similarity"] == 0.5


def test_reasons_name_what_weighs_most():
    popular = candidate(1, popularity=1.0)
    profitable = candidate(2, profit=1.0)
    fresh = candidate(3, freshness=1.0)
    new = candidate(4, cold=1.0, impressions=900.0)

    answer = mixed([popular, profitable, fresh, new])

    reasons = {each.product_id.int: each.reason for each in answer.placed}
    assert reasons == {1: Reason.POPULAR, 2: Reason.PROFIT, 3: Reason.FRESH, 4: Reason.COLD_BOOST}


def test_a_personal_selection_puts_what_the_viewer_likes_first_and_says_so():
    liked, popular = candidate(1, popularity=0.6, affinity=1.0), candidate(2, popularity=0.9)

    answer = mix([liked, popular], pins=[], prior_rates={}, settings=settings_for(is_personal=True), seed="1")

    assert [(each.product_id.int, each.reason) for each in answer.placed] == [
        (1, Reason.PERSONAL),
        (2, Reason.POPULAR),
    ]
    assert answer.placed[0].evidence["affinity"] == 1.0


def test_the_rate_of_a_category_is_its_clicks_drawn_towards_the_usual():
    shelf = UUID(int=5)
    rates = category_rates(
        [
            candidate(1, category_id=shelf, impressions=100.0, clicks=20.0),
            candidate(2, category_id=shelf, impressions=50.0, clicks=9.0),
            candidate(3),
        ]
    )

    assert rates[shelf] == pytest.approx((29 + 1) / 200)
    assert rates[candidate(3).category_id] == pytest.approx(0.02)


def test_a_product_with_its_budget_spent_is_tried_no_more():
    spent = candidate(1, cold=0.9, impressions=200.0)
    within = candidate(2, cold=0.1, impressions=199.0)
    known = [candidate(number, popularity=1.0) for number in range(10, 40)]

    answer = mixed([spent, within, *known], size=10)

    assert [each.product_id.int for each in answer.placed if each.reason == Reason.COLD_BOOST] == [2]
    assert answer.placed[1].evidence["rivals"] == 0


def test_what_is_clicked_more_is_tried_more():
    good = candidate(1, cold=0.5, impressions=100.0, clicks=20.0)
    poor = candidate(2, cold=0.5, impressions=100.0, clicks=0.0)
    known = [candidate(number, popularity=1.0) for number in range(10, 20)]
    planned = plan([good, poor, *known], pins=[], prior_rates={}, settings=settings_for(3))

    shown = Counter(each.product_id.int for number in range(500) for each in draw(planned, Random(number)).placed)

    assert shown[1] > 480
    assert shown[2] < 20


def test_caps_are_those_of_twenty_four_places_and_a_category_page_has_none_of_its_own():
    assert caps_for(24, is_one_category=False) == (4, 3)
    assert caps_for(6, is_one_category=False) == (4, 3)
    assert caps_for(48, is_one_category=False) == (8, 6)
    assert caps_for(24, is_one_category=True) == (None, 3)


def test_without_scores_everything_is_a_fallback():
    terms = settings_for(4, is_fallback=True, explore_share=0.0)
    answer = mix([candidate(1, popularity=0.5), candidate(2)], pins=[], prior_rates={}, settings=terms, seed="1")

    assert [each.reason for each in answer.placed] == [Reason.FALLBACK] * 2


def test_similarity_is_of_category_store_and_brand():
    one = candidate(1, brand_id=UUID(int=1))

    assert similarity(one, one) == 1.0
    assert similarity(one, candidate(2, brand_id=UUID(int=1))) == 0.2
    assert similarity(candidate(1), candidate(2)) == 0.0
