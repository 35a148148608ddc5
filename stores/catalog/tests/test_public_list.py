"""The two ways of the public list answer the same, byte for byte; only PostgreSQL has both."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from stores.catalog import listings, public_list
from stores.catalog.api.asking import question_of
from stores.catalog.models import Category, Product, PublicPrice
from stores.inventory.tests.factories import stocked
from stores.merchants.models import Store
from stores.merchants.tests.factories import StoreFactory

from .factories import BrandFactory, CategoryFactory, ProductFactory, ProductImageFactory, VariantFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/market/products/"

NARROWED = [
    "",
    "category={root}",
    "category={leaf}",
    "category=00000000-0000-0000-0000-000000000000",
    "category={upper_root}",
    "brand={brand}",
    "store={store}",
    "category={root}&brand={brand}&store={store}",
    "min_price=100",
    "max_price=349.00",
    "min_price=150.5&max_price=349",
    "min_price=400&max_price=500",
    "min_price=600",
    "min_price=600&max_price=650",
    "category={root}&min_price=400&max_price=710",
    "category={root}&max_price=400",
    "category={root}&min_price=0.05&max_price=0.05",
    "min_price=900&max_price=100",
    "min_price=1&currency=USD",
    "currency=USD",
    "in_stock=true",
    "in_stock=false",
    "on_promotion=true",
    "on_promotion=false",
    "published=true",
    "published=&category=&brand=&min_price=&search=&ordering=&in_stock=",
    "category={root}&min_price=100&max_price=900&in_stock=true&on_promotion=false",
    "brand=&brand={brand}",
    "fields=id,name&unknown=1",
    "category={{{leaf}}}",
    "max_price=400%0A",
]
SEARCHED = [
    "search=plato",
    "search=PLATÓ%20azul",
    "search=platos",
    "search=pla&category={root}&min_price=100&max_price=900",
    "search=azul&in_stock=true",
    "search=azul&on_promotion=true&brand={brand}",
    "search=palto",
    "search=palto&store={store}",
    "search=zzzzzz",
    "search=%25",
    "search=%20plato%20",
    "search=%20",
    "search=name:plato%20OR%20'",
    "search=de&category=00000000-0000-0000-0000-000000000000",
]
ORDERED = ["", "ordering=-created_at", "ordering=price", "ordering=-price", "ordering=name", "ordering=-name"]
REFUSED = [
    "category=x&min_price=1e3",
    "brand=1&store=2&currency=XXX",
    "min_price=1.234",
    "min_price=12345678901234567",
    "max_price=１２",
    "in_stock=True",
    "on_promotion=1",
    "published=yes",
    "ordering=cost",
    "ordering=null",
    "currency=mxn&search=%00",
    "search=plato&page=0",
    "search=plato&page_size=101",
    "cursor=x",
    "cursor=",
    "page_size=",
    "ordering=price&page=101&min_price=x",
    "category={leaf}&min_price=1.234&page_size=0",
]


@pytest.fixture
def shelf() -> dict[str, Any]:
    """Products that differ in all that lists look at."""
    root, brand = CategoryFactory(), BrandFactory(name="Azulejos Mendoza")
    leaf, elsewhere, store = CategoryFactory(parent=root), CategoryFactory(), StoreFactory()
    now = timezone.now()
    for number in range(14):
        product = ProductFactory(
            name=f"{('Plato', 'Jarrón', 'Plato hondo')[number % 3]} {('azul', 'rojo')[number % 2]}",
            description="Un plato de barro." if number % 4 else "",
            category=(root, leaf, elsewhere)[number % 3],
            brand=brand if number % 4 == 0 else None,
            store=store if number % 3 else StoreFactory(currency="MXN" if number % 6 else "USD"),
        )
        if number == 13:
            break  # without a variant
        variant = VariantFactory(product=product, price_minor=10_000 + number // 2 * 12_000)
        if number % 4 == 1:
            VariantFactory(product=product, price_minor=70_000)
            VariantFactory(product=product, price_minor=5, is_active=False)
        if number % 2:
            stocked(variant, number % 5)
        if number % 5 == 0:
            ProductImageFactory(product=product, alternative_text="Azul, «ñ»")
            ProductImageFactory(product=product)
        if number % 3 == 0:
            starts = now + timedelta(hours=number - 6)
            PublicPrice.objects.create(
                variant=variant, source=f"flash:{number}", price_minor=number * 100, currency=variant.currency,
                is_conditional=True, starts_at=starts, ends_at=starts + timedelta(hours=5) if number else None,
            )  # fmt: skip
    ProductFactory(category=leaf, is_published=False)
    ProductFactory(category=leaf, archived_at=now)
    ProductFactory(category=leaf, store__state=Store.State.CLOSED)
    listings.refresh(list(Product.objects.values_list("pk", flat=True)))
    upper = str(Category.objects.get(pk=root.pk).pk).upper()
    return {"root": root.pk, "leaf": leaf.pk, "brand": brand.pk, "store": store.pk, "upper_root": upper}


def stop_clock(monkeypatch: Any) -> None:
    """Prices begin and end with the clock: both ways are asked at one moment."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)


def slowly(monkeypatch: Any, api: Any, url: str) -> tuple[int, bytes]:
    with monkeypatch.context() as patch:
        patch.setattr(public_list, "is_spoken", lambda: False)
        return said(api, url)


def said(api: Any, url: str) -> tuple[int, bytes]:
    answer = api.get(url, HTTP_X_REQUEST_ID="0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e")
    return answer.status_code, answer.content


def walked(api: Any, ask: Any, url: str) -> list[tuple[int, bytes]]:
    """The answers of a list to its end, and back again from there."""
    answers = []
    for direction in ("next", "previous"):
        while True:
            answers.append(ask(api, url))
            following = api.get(url).json()[direction]
            if following is None or len(answers) > 40:
                break
            url = following
    return answers


@pytest.mark.postgres
@pytest.mark.parametrize("ordering", ORDERED)
def test_both_ways_answer_the_same(api, shelf, monkeypatch, ordering):
    stop_clock(monkeypatch)
    queries = [query.format(**shelf) for query in (*NARROWED, *SEARCHED)]

    for query in queries:
        url = f"{URL}?{query}&{ordering}"
        assert said(api, url) == slowly(monkeypatch, api, url), url


@pytest.mark.postgres
@pytest.mark.parametrize(
    "query",
    [
        "",
        "search=plato",
        "ordering=-price",
        "ordering=price&category={root}",
        "ordering=-price&category={root}&min_price=200",
        "search=azul&ordering=-created_at",
    ],
)
def test_both_ways_walk_the_same_pages(api, shelf, monkeypatch, query):
    stop_clock(monkeypatch)
    url = f"{URL}?page_size=2&{query.format(**shelf)}"

    quick = walked(api, said, url)

    assert quick == walked(api, lambda client, link: slowly(monkeypatch, client, link), url)
    assert len(quick) > 5


@pytest.mark.parametrize("query", REFUSED)
def test_both_ways_refuse_alike(api, shelf, monkeypatch, query):
    url = f"{URL}?{query.format(**shelf)}"

    answer = said(api, url)

    assert answer == slowly(monkeypatch, api, url)
    assert answer[0] == 400


@pytest.mark.postgres
@pytest.mark.parametrize("ordering", ["price", "-price"])
@pytest.mark.parametrize("query", ["", "min_price=400", "min_price=400&max_price=710"])
def test_a_tree_of_many_categories_answers_the_same(api, shelf, monkeypatch, query, ordering):
    stop_clock(monkeypatch)
    monkeypatch.setattr(public_list, "MOST_WALKS", 1)
    url = f"{URL}?category={shelf['root']}&{query}&ordering={ordering}"

    assert said(api, url) == slowly(monkeypatch, api, url)


@pytest.mark.postgres
def test_prepared_searches_and_walks_answer_the_same(api, shelf, monkeypatch, settings):
    stop_clock(monkeypatch)
    monkeypatch.setattr(public_list, "MOST_PREPARED", 2)
    urls = [
        f"{URL}?search={words}{more}"
        for words in ("plato", "azul", "pla roj", "palto")
        for more in ("", "&page_size=2")
    ]
    urls += [f"{URL}?category={shelf['root']}&min_price={least}&ordering=-price" for least in (100, 400)]
    urls.append(
        f"{URL}?search=azul&category={shelf['root']}&min_price=100&max_price=900&on_promotion=false&in_stock=true"
    )
    settings.DB_PREPARED_STATEMENTS = False
    plainly = [said(api, url) for url in urls]
    settings.DB_PREPARED_STATEMENTS = True

    for _ in range(3):
        assert [said(api, url) for url in urls] == plainly
        assert [said(api, urls[-1])] * 3 == [said(api, urls[-1]) for _ in range(3)]


@pytest.mark.postgres
def test_signed_in_people_are_shown_the_same(api, shelf, administrator):
    anonymous = said(api, f"{URL}?search=plato")
    api.force_authenticate(administrator)

    assert said(api, f"{URL}?search=plato") == anonymous
    assert len(api.get(f"{URL}?published=false").json()["results"]) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"published": "false"},
        {"category": "{0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e}"},
        {"category": "0190b2f0c3d57c1c8a4e0d2f1b3c4d5e"},
        {"min_price": " 5"},
        {"currency": "mxn"},
        {"search": "plato "},
        {"search": "''"},
        {"search": "x" * 101},
        {"ordering": "created_at"},
    ],
)
def test_what_is_not_plainly_right_is_no_question(given):
    assert question_of(given) is None


@pytest.mark.postgres
@pytest.mark.parametrize(("query", "most"), [("", 1), ("&search=plato", 1), ("&category={root}", 2)])
def test_quick_way_costs_one_statement_and_one_for_a_tree(api, shelf, query, most):
    with CaptureQueriesContext(connection) as captured:
        answer = api.get(f"{URL}?{query.format(**shelf)}")

    assert answer.json()["results"]
    assert len(captured) == most
