"""A catalogue of very many products for the measurements of lists and search; through the product's own bulk door.

Names are made of syllables, so that there are as many different words as a real catalogue has: a kind of thing, a
material, a colour, a model. Import only after Django is set up (`bench.served.database`).
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection
from django.utils.text import slugify

from marketplace.core.money import Money
from stores import facade as stores
from stores.contracts import BrandRow, CategoryRow, ProductRow, StoreRow, VariantRow
from stores.models import Product
from users.staff.models import Department

SEED = 20260131
SYLLABLES = [
    a + b for a in ("b", "c", "ch", "d", "f", "g", "l", "ll", "m", "n", "p", "r", "s", "t", "v") for b in "aeiou"
]
ENDINGS = ("", "", "n", "s", "l", "r")


@dataclass
class Words:
    """What names are made of."""

    kinds: list[str] = field(default_factory=list)
    materials: list[str] = field(default_factory=list)
    colours: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)


def words(dice: random.Random) -> Words:
    """300 kinds, 80 materials, 40 colours, 20,000 models, no word twice."""
    seen: dict[str, None] = {}
    while len(seen) < 20_420:
        length = dice.choice((2, 3, 3, 4))
        seen["".join(dice.choice(SYLLABLES) for _ in range(length)) + dice.choice(ENDINGS)] = None
    every = list(seen)
    return Words(every[:300], every[300:380], every[380:420], every[420:])


def fill(count: int) -> Words:
    """So many products of 20 stores in 8 trees of 6 categories, with stock; says how long it took.

    In a database kept from before (`BENCH_KEEP`) they are there already.
    """
    dice = random.Random(SEED)
    said = words(dice)
    if Product.objects.count() >= count:
        return said
    stores.add_stores(StoreRow(f"tienda-{n}", f"Tienda {n}", 19.43, -99.13) for n in range(20))
    department = Department.objects.create(name="Bench", slug="bench")
    roots = [CategoryRow(f"raiz-{n}", f"Raíz {n}", department.pk) for n in range(8)]
    leaves = [CategoryRow(f"hoja-{n}", f"Hoja {n}", department.pk, f"raiz-{n % 8}") for n in range(40)]
    stores.add_categories([*roots, *leaves])
    stores.add_brands(BrandRow(f"marca-{n}", f"Marca {said.models[n].title()}") for n in range(500))
    started = time.perf_counter()
    stores.add_catalog(_rows(dice, said, count))
    seconds = time.perf_counter() - started
    print(f"{count} products added in {seconds:.0f} s ({count / seconds:.0f}/s)", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return said


def _rows(dice: random.Random, said: Words, count: int) -> Iterator[ProductRow]:
    for number in range(count):
        pick = dice.choice
        name = f"{pick(said.kinds)} de {pick(said.materials)} {pick(said.colours)} {pick(said.models)}".capitalize()
        yield ProductRow(
            store_slug=f"tienda-{number % 20}",
            slug=f"{slugify(name)}-{number}",
            name=name,
            category_slug=f"hoja-{dice.randrange(40)}",
            brand_slug=f"marca-{dice.randrange(500)}",
            description=f"{name}, de {pick(said.models)}. {' '.join(dice.choices(said.models, k=12))}.",
            variants=(
                VariantRow(
                    f"SKU-{number}",
                    Money(dice.randrange(1_000, 500_000), "MXN"),
                    opening_stock=dice.choice((0, 5, 40)),
                ),
            ),
        )


def milliseconds(times: list[float]) -> str:
    """Percentiles of seconds."""
    ordered = sorted(times)
    p50, p95 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return f"p50 {p50 * 1000:5.1f} ms, p95 {p95 * 1000:5.1f} ms"
