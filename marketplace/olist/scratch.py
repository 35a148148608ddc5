"""A throw-away SQLite file in which the data set's tables are joined: memory stays flat whatever their size."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

_TABLES = """
CREATE TABLE category (name TEXT PRIMARY KEY, english TEXT NOT NULL);
CREATE TABLE seller (id TEXT PRIMARY KEY);
CREATE TABLE product (id TEXT PRIMARY KEY, category TEXT NOT NULL);
CREATE TABLE person (id TEXT PRIMARY KEY, account TEXT NOT NULL);
CREATE TABLE customer (id TEXT PRIMARY KEY, person TEXT NOT NULL);
CREATE TABLE item (
  order_id TEXT NOT NULL, number TEXT NOT NULL, product TEXT NOT NULL, seller TEXT NOT NULL,
  price INTEGER NOT NULL, shipped TEXT NOT NULL, PRIMARY KEY (order_id, number)
) WITHOUT ROWID;
CREATE TABLE finished (order_id TEXT PRIMARY KEY);
CREATE TABLE variant (product TEXT, seller TEXT, id TEXT NOT NULL, PRIMARY KEY (product, seller));
CREATE TABLE incomplete (order_id TEXT PRIMARY KEY);
CREATE TABLE refusal (file TEXT NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL);
"""
_OFFERS = """
SELECT item.product, item.seller, product.category, item.price, count(*), max(item.shipped)
FROM item JOIN product ON product.id = item.product
GROUP BY item.product, item.seller ORDER BY item.seller, item.product
"""


class Scratch:
    """What has been read so far, and which ids it got here."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {_TABLES} BEGIN;")

    def close(self) -> None:
        """The file may be deleted now."""
        self._db.close()

    def put(self, table: str, *values: Any) -> bool:
        """Keep a row; False when its key is there already."""
        places = ", ".join("?" * len(values))
        # Table names are this package's own.
        return bool(self._db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", values).rowcount)  # noqa: S608

    def put_all(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Keep many."""
        for row in rows:
            self.put(table, *row)

    def has(self, table: str, key: str, column: str = "id") -> bool:
        """Whether a row with that key was kept."""
        query = f"SELECT 1 FROM {table} WHERE {column} = ?"  # noqa: S608
        return self._db.execute(query, [key]).fetchone() is not None

    def english(self, category: str) -> str:
        """The category's English name, or its own."""
        found = self._db.execute("SELECT english FROM category WHERE name = ?", [category]).fetchone()
        return str(found[0]) if found else category

    def categories(self) -> list[str]:
        """The categories that products have."""
        return [row[0] for row in self._db.execute("SELECT DISTINCT category FROM product ORDER BY 1")]

    def offers(self) -> Iterator[tuple[str, str, str, int, int]]:
        """(product, seller, category, latest price, units sold), by seller."""
        # Of the columns that are not grouped, SQLite takes those of the row with the maximum.
        # https://www.sqlite.org/lang_select.html#bareagg
        for product, seller, category, price, sold, _shipped in self._db.execute(_OFFERS):
            yield product, seller, category, price, sold

    def account_of(self, customer: str) -> UUID | None:
        """The account of a customer of one order."""
        query = "SELECT account FROM customer JOIN person ON person.id = customer.person WHERE customer.id = ?"
        found = self._db.execute(query, [customer]).fetchone()
        return UUID(found[0]) if found else None

    def lines(self, order: str) -> list[tuple[UUID, int, int]]:
        """(variant, price, units) of an order."""
        query = (
            "SELECT variant.id, item.price, count(*) FROM item "
            "JOIN variant ON variant.product = item.product AND variant.seller = item.seller "
            "WHERE order_id = ? GROUP BY variant.id, item.price ORDER BY variant.id, item.price"
        )
        return [(UUID(pk), price, units) for pk, price, units in self._db.execute(query, [order])]

    def refuse(self, file: str, line: int, reason: str) -> None:
        """Note a row that is left out."""
        self._db.execute("INSERT INTO refusal VALUES (?, ?, ?)", [file, line, reason])

    def refusals(self) -> Iterator[tuple[str, int, str]]:
        """All of them, by file and line."""
        yield from self._db.execute("SELECT file, line, reason FROM refusal ORDER BY file, line")

    def refusals_count(self) -> int:
        """How many."""
        return int(self._db.execute("SELECT count(*) FROM refusal").fetchone()[0])
