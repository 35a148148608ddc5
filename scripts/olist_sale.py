"""Import a data set in Olist's layout, then sell a flash promotion to one of its customers through HTTP.

    python -m scripts.olist_sale --path DIR [--jitter-km 1]

Everything happens in a temporary folder on a real server: staff find the imported store that is nearest to an imported
customer, promote one of its products, and the customer logs in, deposits, reserves and buys.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from marketplace.core.geo import great_circle_km
from scripts.shop import Shop

STAFF, PASSWORD = "root@olist.example", "obrigado-2017"
API = "/api/v1/"


class Person:
    """Somebody who is logged in."""

    def __init__(self, shop: Shop, email: str) -> None:
        self._shop = shop
        self._bearer = shop.bearer(email, PASSWORD)

    def get(self, path: str) -> Any:
        """Read; leaves with the refusal if there is one."""
        return self._answered(*self._shop.ask(API + path, Authorization=self._bearer))

    def post(self, path: str, body: Any) -> Any:
        """Write, with a fresh idempotency key; leaves with the refusal if there is one."""
        key = uuid4().hex
        return self._answered(*self._shop.ask(API + path, body, Authorization=self._bearer, Idempotency_Key=key))

    def rows(self, path: str) -> list[dict[str, Any]]:
        """A list, page after page."""
        page = self.get(f"{path}{'&' if '?' in path else '?'}page_size=100")
        rows: list[dict[str, Any]] = page["results"]
        while page["next"]:
            page = self.get(page["next"].partition(API)[2])
            rows += page["results"]
        return rows

    def _answered(self, status: int, answer: Any) -> Any:
        if not 200 <= status < 300:
            raise SystemExit(f"refused: {status} {answer}")
        return answer


def nearest(staff: Person) -> tuple[float, dict[str, Any], dict[str, Any]]:
    """The store and the customer that are closest to each other, and how close (km)."""
    stores = staff.rows("market/stores/")
    customers = [row for row in staff.rows("users/client-profiles/") if row["latitude"] is not None]
    return min(
        (
            (great_circle_km(store["latitude"], store["longitude"], row["latitude"], row["longitude"]), store, row)
            for store in stores
            for row in customers
        ),
        key=lambda found: found[0],
    )


def promote(staff: Person, store: dict[str, Any], radius_km: float) -> dict[str, Any]:
    """A flash promotion of the store's first product at nine tenths of its price, since a moment ago."""
    product = staff.get(f"market/products/?store={store['id']}&in_stock=true")["results"][0]
    variant = staff.get(f"market/products/{product['id']}/variants/")["results"][0]
    amount = f"{float(variant['price']['amount']) * 0.9:.2f}"
    now = datetime.now(UTC)
    promo: dict[str, Any] = staff.post(
        "promotions/flash-promos/",
        {
            "variant": variant["id"],
            "store": store["id"],
            "promo_price": {"amount": amount, "currency": variant["price"]["currency"]},
            "starts_at": (now - timedelta(seconds=5)).isoformat(),
            "ends_at": (now + timedelta(hours=1)).isoformat(),
            "radius_km": radius_km,
            "units": 1,
            "is_active": True,
        },
    )
    return promo


def buy(customer: Person, promo: dict[str, Any]) -> dict[str, Any]:
    """Deposit, find the promotion among the eligible, reserve, complete."""
    price = promo["promo_price"]
    customer.post("funds/", {"amount": price, "provider": "sandbox"})
    while not any(wallet["available"] == price for wallet in customer.get("funds/")["wallets"]):
        time.sleep(0.2)
    eligible = [row["id"] for row in customer.get("promotions/flash-promos/eligible/")["results"]]
    print(f"eligible for {len(eligible)} promotion(s), this one among them: {promo['id'] in eligible}")
    reservation = customer.post("promotions/promo-reservations/", {"promo": promo["id"]})
    sold: dict[str, Any] = customer.post(f"promotions/promo-reservations/{reservation['id']}/complete/", {})
    return sold


def main() -> int:
    """Import, serve, sell, verify the books."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", required=True)
    parser.add_argument("--jitter-km", default="1")
    options = parser.parse_args()
    os.environ.update(DJANGO_SUPERUSER_EMAIL=STAFF, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder)
        shop.manage("prepare", "--no-demo")
        shop.manage("import_olist", "--path", options.path, "--password", PASSWORD, "--jitter-km", options.jitter_km)
        shop.start()
        staff = Person(shop, STAFF)
        distance, store, profile = nearest(staff)
        print(f"{store['name']} is {distance:.2f} km from an imported customer")
        promo = promote(staff, store, radius_km=max(0.1, distance * 1.5))
        email = staff.get(f"users/{profile['user']}/")["email"]
        sold = buy(Person(shop, email), promo)
        print(f"order {sold['order']['number']}: {sold['order']['state']}, {sold['order']['total']}")
        shop.end(signal.SIGTERM)
        return shop.manage("verify_ledger", "--full")


if __name__ == "__main__":
    sys.exit(main())
