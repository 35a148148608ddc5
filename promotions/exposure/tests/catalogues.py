"""Made-up candidates for tests of the mix."""

from collections.abc import Mapping
from random import Random
from typing import Any
from uuid import UUID

from promotions.exposure.board import Candidate, Settings
from promotions.exposure.mixing import Pinned, caps_for

UNKNOWN_ID = UUID(int=10**9)


def settings_for(size: int = 24, *, is_one_category: bool = False, **others: Any) -> Settings:
    """As the service makes them."""
    category_cap, store_cap = caps_for(size, is_one_category=is_one_category)
    return Settings(size=size, category_cap=category_cap, store_cap=store_cap, **others)


def candidate(number: int, **values: Any) -> Candidate:
    """A product of its own category and store, unless said otherwise."""
    return Candidate(
        product_id=UUID(int=number),
        category_id=values.pop("category_id", UUID(int=10_000 + number)),
        store_id=values.pop("store_id", UUID(int=20_000 + number)),
        **values,
    )


def random_catalogue(random: Random, count: int) -> list[Candidate]:
    """Anything from one store to a bazaar; a third of the products new, some seen often by the viewer."""
    categories, stores, brands = random.randint(1, 12), random.randint(1, 20), random.randint(1, 6)
    return [
        candidate(
            number + 1,
            category_id=UUID(int=10_000 + random.randrange(categories)),
            store_id=UUID(int=20_000 + random.randrange(stores)),
            brand_id=random.choice([None, UUID(int=30_000 + random.randrange(brands))]),
            popularity=random.random(),
            cold=random.choice([0.0, 0.0, random.random()]),
            profit=random.random(),
            freshness=random.random(),
            impressions=random.choice([0.0, random.uniform(0, 400)]),
            clicks=random.uniform(0, 5),
            shown_count=random.choice([0, 0, 0, 1, 2, 7]),
        )
        for number in range(count)
    ]


def random_pins(random: Random, count: int, most: int = 24) -> list[Pinned]:
    """Some products in some places, and one of a product that is not there."""
    chosen = random.sample(range(1, count + 1), min(count, random.randint(0, 4)))
    pins = [
        Pinned(UUID(int=40_000 + number), UUID(int=number), position)
        for number, position in zip(chosen, random.sample(range(1, most + 1), len(chosen)), strict=True)
    ]
    return [*pins, Pinned(UUID(int=50_000), UNKNOWN_ID, random.randint(1, most))]


def rates_of(candidates: list[Candidate]) -> Mapping[UUID, float]:
    """A click-through rate for each category."""
    return {each.category_id: 0.01 + each.category_id.int % 5 / 100 for each in candidates}
