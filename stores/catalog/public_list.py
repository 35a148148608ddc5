"""The public list of products by hand-written SQL, on PostgreSQL: the one read that everybody does all the time.

Why it exists. The same list through `selectors.public_products` and django-filter costs some 25 ms of Python, of which
PostgreSQL needs two: forms are copied, a query of a dozen conditions is put together and compiled, rows become models.
Here the conditions are constants, joined as the question has them. Every value is a parameter; the order comes from a
table. The page is chosen from the narrow listings first; what is shown of a product is read for its rows only.

The selectors stay the definition: they answer on SQLite, and for whatever a `Question` cannot say. Both answer the
same, byte for byte (`tests/test_public_list.py`); whoever changes one changes the other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection

from marketplace.core.money import Money

from .searching import postgres

NEWEST, OLDEST, BEST_MATCH = "newest", "oldest", "best match"
# `l` is the listing inside and the chosen page outside, so that one clause orders both.
ORDERS = {
    NEWEST: "l.product_id DESC",
    OLDEST: "l.product_id",
    BEST_MATCH: "likeness DESC, l.product_id DESC",
    "price": "l.price_from_minor NULLS LAST, l.product_id",
    "-price": "l.price_from_minor DESC NULLS LAST, l.product_id",
    "name": "p.name, p.id",
    "-name": "p.name DESC, p.id DESC",
}
_TREE = """
SELECT below.id FROM stores_category here JOIN stores_category below ON below.path LIKE here.path || '%%'
WHERE here.id = %s::uuid
"""
_PRODUCT = "JOIN stores_product p ON p.id = l.product_id"
# A scalar with LIMIT here and below: of EXISTS PostgreSQL would ask the whole catalogue at once, not the rows it walks
# by, and it would plan both.
_STOCKED = """
COALESCE((
    SELECT TRUE FROM stores_variant v JOIN stores_stockitem i ON i.variant_id = v.id
    WHERE v.product_id = l.product_id AND v.is_active AND v.archived_at IS NULL AND i.on_hand > i.allocated LIMIT 1
), FALSE)
"""
_PROMOTED = """
EXISTS (
    SELECT FROM stores_publicprice r JOIN stores_variant v ON v.id = r.variant_id
    WHERE v.product_id = l.product_id AND v.is_active AND v.archived_at IS NULL
    AND r.starts_at <= %s AND (r.ends_at IS NULL OR r.ends_at > %s)
)
"""
_BETWEEN = """
(l.price_from_minor >= %s OR l.price_to_minor <= %s OR (
    SELECT TRUE FROM stores_variant v WHERE v.product_id = l.product_id AND v.is_active AND v.archived_at IS NULL
    AND v.price_minor BETWEEN %s AND %s LIMIT 1
))
"""
# OFFSET fences the words' matches off: they are few, and an index of shelves beside would cost more than it saves.
# The query in a SELECT of its own is worked out once, not for each row, when the statement is prepared.
_MATCHES = "(SELECT * FROM stores_listing l WHERE l.vector @@ (SELECT {query}) OFFSET 0)"
# Plain types: a prepared statement must not change its columns when a migration makes one longer.
_PAGE = """
SELECT p.id::text, p.name::text, p.slug::text, p.description, p.category_id::text, p.brand_id::text, p.store_id::text,
    p.is_published, p.created_at, l.price_from_minor, l.currency::text, l.images, l.promotions, {stocked}
FROM (
    {chosen} ORDER BY {order} LIMIT %s OFFSET %s
) l {always_product}
ORDER BY {order}
"""
_CHOSEN = """
SELECT l.product_id, l.price_from_minor, l.currency, l.images, l.promotions, {likeness} AS likeness
FROM {listings} l JOIN stores_store s ON s.id = l.store_id {product}
WHERE {conditions}
"""
_IN_TREE = "l.category_id = ANY(%s::uuid[])"
# By price: a walk along an index through each stretch of prices, in each category of a tree, not further than the
# page reaches; of what they bring the first. In one walk PostgreSQL would pass all that is cheaper, or elsewhere.
_WALK = "({chosen} ORDER BY {along} LIMIT %s)"
_WALKS = """
(SELECT walk.* FROM unnest(%s::uuid[]) shelf(id) CROSS JOIN LATERAL (
    {chosen} AND l.category_id = shelf.id ORDER BY {along} LIMIT %s
) walk)
"""
_BROUGHT = "SELECT l.* FROM ({walks}) l"
MOST_WALKS = 64  # in a tree of more categories one walk through all finds a page soon enough
# A stretch has prices or has none, so it needs no order of nulls: an index read backwards has another.
_ALONG = {"price": "l.price_from_minor, l.product_id", "-price": "l.price_from_minor DESC, l.product_id"}
# Begins below the range and reaches into it. The first comparison is the index's own.
_REACHES = "l.price_from_minor < l.price_to_minor AND l.price_from_minor < %s AND l.price_to_minor >= %s"


MOST_PREPARED = 100
# Of each connection to the database: the statements it has had, and their names once it has them prepared.
_prepared: WeakKeyDictionary[Any, dict[str, str]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the list; all of it valid. Prices are of one currency, `words` folded (`searching`)."""

    category_id: UUID | None = None
    brand_id: UUID | None = None
    store_id: UUID | None = None
    least: Money | None = None
    most: Money | None = None
    in_stock: bool | None = None
    on_promotion: bool | None = None
    words: tuple[str, ...] = ()
    order: str = NEWEST


class ShownProduct(NamedTuple):
    """What a list shows of a product."""

    pk: Any
    name: str
    slug: str
    description: str
    category_id: Any
    brand_id: Any
    store_id: Any
    is_published: bool
    created_at: datetime
    price_from_minor: int | None
    currency: str
    images: list[dict[str, Any]]
    promotions: list[dict[str, Any]]
    in_stock: bool


def is_spoken() -> bool:
    """Whether the database speaks this SQL."""
    return connection.vendor == "postgresql"


def page(
    question: Question, *, at: datetime, limit: int, offset: int = 0, beyond: UUID | None = None
) -> list[ShownProduct]:
    """Rows of the list at a moment, `limit` of them; `beyond`: only after that product (newest or oldest first).

    One statement. A list in an order that an index has asks for the tree below a category before: with its ids
    PostgreSQL knows whether to walk that index or the shelves; without, it would guess.
    """
    conditions, params = _conditions(question, at, beyond)
    with connection.cursor() as cursor:
        tree = _tree(cursor, question)
        if tree is not None and (len(tree) > MOST_WALKS or not _walks(question)):
            conditions.append(_IN_TREE)
            params.append(tree)
            tree = None
        if _walks(question):
            chosen, values = _along_prices(question, conditions, params, tree, limit + offset)
        else:
            chosen, values = _matching(question, conditions, params)
        order = ORDERS[question.order]
        statement = _PAGE.format(stocked=_STOCKED, chosen=chosen, order=order, always_product=_PRODUCT)
        values += limit, offset
        # Their plans are the same for all values.
        if (question.order == BEST_MATCH or tree is not None) and settings.DB_PREPARED_STATEMENTS:
            _execute_prepared(cursor, statement, values)
        else:
            cursor.execute(statement, values)
        return [_shown(row) for row in cursor.fetchall()]


def _walks(question: Question) -> bool:
    # What words find is few: quickly sorted.
    return question.order in _ALONG and not question.words


def _tree(cursor: Any, question: Question) -> list[str] | None:
    """The categories to look in; None for all, and where the statement asks for itself."""
    if question.category_id is None or question.order == BEST_MATCH:
        return None
    cursor.execute(_TREE, [question.category_id])
    return [pk for (pk,) in cursor.fetchall()]


def _matching(question: Question, conditions: list[str], params: list[Any]) -> tuple[str, list[Any]]:
    """What meets the conditions, however PostgreSQL finds it; and the values."""
    listings, likeness, searched = _matches(question)
    product = _PRODUCT if "p." in ORDERS[question.order] else ""
    return _choice(conditions, listings=listings, likeness=likeness, product=product), [*searched, *params]


def _along_prices(
    question: Question, conditions: list[str], params: list[Any], tree: list[str] | None, most: int
) -> tuple[str, list[Any]]:
    """The first `most` of each stretch, in each category of the tree; and the values."""
    walks, values = [], list[Any]()
    for stretch, bounds in _stretches(question.least, question.most):
        walk = _WALK if tree is None else _WALKS
        walks.append(walk.format(chosen=_choice([*conditions, stretch]), along=_ALONG[question.order]))
        values += [*([] if tree is None else [tree]), *params, *bounds, most]
    return _BROUGHT.format(walks=" UNION ALL ".join(walks)), values


def _stretches(least: Money | None, most: Money | None) -> list[tuple[str, list[int]]]:
    """Conditions that no two share a listing of, and that leave out none which the question's own have."""
    if least is None and most is None:
        return [("l.price_from_minor IS NOT NULL", []), ("l.price_from_minor IS NULL", [])]
    if least is None:
        return [("l.price_from_minor IS NOT NULL", [])]
    return [("l.price_from_minor >= %s", [least.minor]), (_REACHES, [least.minor, least.minor])]


def _choice(conditions: list[str], *, listings: str = "stores_listing", likeness: str = "0", product: str = "") -> str:
    return _CHOSEN.format(conditions=" AND ".join(conditions), listings=listings, likeness=likeness, product=product)


def _execute_prepared(cursor: Any, statement: str, values: Sequence[Any]) -> None:
    """Plan it once for each connection, from the second time on. For searches and walks."""
    names = _prepared.setdefault(connection.connection, {})
    if statement not in names:
        if len(names) == MOST_PREPARED:
            cursor.execute("DEALLOCATE ALL")
            names.clear()
        names[statement] = ""
        cursor.execute(statement, values)
        return
    if not names[statement]:
        first, *others = statement.replace("%%", "%").split("%s")
        numbered = first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))
        name = f"public_list_{list(names).index(statement)}"
        cursor.execute(f"PREPARE {name} AS {numbered}")
        names[statement] = name
    cursor.execute(f"EXECUTE {names[statement]} ({', '.join(['%s'] * len(values))})", values)


def _conditions(question: Question, at: datetime, beyond: UUID | None) -> tuple[list[str], list[Any]]:
    """As `selectors.public_products` and `ProductFilter`; an offered listing's product is not archived."""
    conditions, params = ["l.is_offered", "s.state <> 'closed'"], list[Any]()

    def add(condition: str, *values: Any) -> None:
        conditions.append(condition)
        params.extend(values)

    if beyond is not None:
        add("l.product_id > %s::uuid" if question.order == OLDEST else "l.product_id < %s::uuid", beyond)
    if question.brand_id is not None:
        add("l.brand_id = %s::uuid", question.brand_id)
    if question.store_id is not None:
        add("l.store_id = %s::uuid", question.store_id)
    _add_prices(add, question.least, question.most)
    if question.in_stock is not None:
        add(f"{_STOCKED} = %s", question.in_stock)
    if question.on_promotion is not None:
        add(_PROMOTED if question.on_promotion else f"NOT {_PROMOTED}", at, at)
    if question.category_id is not None and question.order == BEST_MATCH:
        add(f"l.category_id = ANY(ARRAY({_TREE}))", question.category_id)
    if question.words and question.order != BEST_MATCH:
        query, words = postgres.tsquery(question.words)
        add(f"l.vector @@ {query}", *words)
    return conditions, params


def _add_prices(add: Any, least: Money | None, most: Money | None) -> None:
    if least is not None:
        add("l.currency = %s AND l.price_to_minor >= %s", least.currency, least.minor)
    if most is not None:
        add("l.currency = %s AND l.price_from_minor <= %s", most.currency, most.minor)
    if least is not None and most is not None:
        add(_BETWEEN, least.minor, most.minor, least.minor, most.minor)


def _matches(question: Question) -> tuple[str, str, list[str]]:
    """Which listings to look through, how like they are to the words, and the parameters of both."""
    if question.order != BEST_MATCH:
        return "stores_listing", "0", []
    query, words = postgres.tsquery(question.words)
    return _MATCHES.format(query=query), f"ts_rank(l.vector, (SELECT {query}))", [*words, *words]


def _shown(row: Sequence[Any]) -> ShownProduct:
    product = ShownProduct(*row)
    return product._replace(images=_read(row[-3]), promotions=_read(row[-2]))


def _read(text: str) -> Any:
    # Most products are in no promotion: the quickest reader is none.
    return [] if text == "[]" else json.loads(text)
