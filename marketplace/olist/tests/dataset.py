"""A tiny data set in the layout of the original, made here: none of the original is in this repository."""

import csv
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]


def key(letter: str, number: int = 0) -> str:
    """An id of the data set's kind; the letter is one of a to f."""
    return f"{letter}{number:031x}"


def tiny() -> dict[str, Rows]:
    """Two sellers, three orders of two people, one of them twice; every file of the original that is read."""
    return {
        "olist_geolocation_dataset.csv": [
            _point("01310", -23.56, -46.66),
            _point("01310", -23.58, -46.64),
            _point("20040", -22.90, -43.18),
        ],
        "product_category_name_translation.csv": [
            {"product_category_name": "beleza_saude", "product_category_name_english": "health_beauty"},
        ],
        "olist_sellers_dataset.csv": [seller(key("a", 1)), seller(key("a", 2), zip_prefix="20040")],
        "olist_customers_dataset.csv": [
            customer(key("c", 1), key("d", 1)),
            customer(key("c", 2), key("d", 2), zip_prefix="1310"),
            customer(key("c", 3), key("d", 1)),
        ],
        "olist_products_dataset.csv": [
            {"product_id": key("b", 1), "product_category_name": "beleza_saude", "product_name_lenght": 40},
            {"product_id": key("b", 2), "product_category_name": "", "product_name_lenght": ""},
        ],
        "olist_order_items_dataset.csv": [
            item(key("e", 1), 1),
            item(key("e", 1), 2),
            item(key("e", 2), 1, price="99.90", shipping_limit_date="2018-01-02 00:00:00"),
            item(key("e", 2), 2, product_id=key("b", 2), seller_id=key("a", 2), price="5.00"),
            item(key("e", 3), 1, price="100.00"),
        ],
        "olist_orders_dataset.csv": [
            order(key("e", 1), key("c", 1)),
            order(key("e", 2), key("c", 2), order_status="shipped", order_delivered_customer_date=""),
            order(key("e", 3), key("c", 3), order_status="canceled", order_delivered_customer_date=""),
        ],
    }


def seller(seller_id: str, *, zip_prefix: str = "01310") -> dict[str, Any]:
    return {
        "seller_id": seller_id,
        "seller_zip_code_prefix": zip_prefix,
        "seller_city": "sao paulo",
        "seller_state": "SP",
    }


def customer(customer_id: str, person: str, *, zip_prefix: str = "01310") -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "customer_unique_id": person,
        "customer_zip_code_prefix": zip_prefix,
        "customer_city": "sao paulo",
        "customer_state": "SP",
    }


def item(order_id: str, number: int, **changes: Any) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "order_item_id": number,
        "product_id": key("b", 1),
        "seller_id": key("a", 1),
        "shipping_limit_date": "2017-10-06 11:07:15",
        "price": "89.90",
        "freight_value": "8.72",
    } | changes


def order(order_id: str, customer_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "customer_id": customer_id,
        "order_status": "delivered",
        "order_purchase_timestamp": "2017-10-02 10:56:33",
        "order_approved_at": "2017-10-02 11:07:15",
        "order_delivered_carrier_date": "",
        "order_delivered_customer_date": "2017-10-10 21:25:13",
        "order_estimated_delivery_date": "2017-10-18 00:00:00",
    } | changes


def write(folder: Path, tables: dict[str, Rows]) -> Path:
    """The tables as files."""
    for name, rows in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), quoting=csv.QUOTE_MINIMAL)
            writer.writeheader()
            writer.writerows(rows)
    return folder


def _point(prefix: str, latitude: float, longitude: float) -> dict[str, Any]:
    return {
        "geolocation_zip_code_prefix": prefix,
        "geolocation_lat": latitude,
        "geolocation_lng": longitude,
        "geolocation_city": "sao paulo",
        "geolocation_state": "SP",
    }
