"""A link from another shop, from the paste to the parcel: a friend's money, a falling price, an alert, a purchase that
makes itself, staff who buy, the difference back, and what everybody was told."""

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from funds.facade import verify_books
from links.facade import pots_in_balance
from links.product_links.models import Page
from links.product_links.tests.shops import serving
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain
from purchases.autobuy import services as autobuy
from purchases.autobuy.models import PurchaseTicket
from users.accounts.tests.factories import AdministratorFactory
from users.addresses.tests.factories import LEAST

from . import journeys as j

SHOP = "tienda.example"
COFFEE = f"http://{SHOP}/cafetera"
PAGE = """<!doctype html>
<html lang="es"><head>
  <title>Cafetera de goteo | Tienda</title>
  <link rel="canonical" href="{url}">
  <script type="application/ld+json">
  {{
    "@context": "https://schema.org", "@type": "Product", "name": "Cafetera de goteo 12 tazas",
    "description": "Jarra de vidrio.", "brand": {{"@type": "Brand", "name": "Moka"}},
    "image": "https://{shop}/cafetera.jpg",
    "offers": {{
      "@type": "Offer", "price": "{price}", "priceCurrency": "MXN", "availability": "https://schema.org/InStock"
    }}
  }}
  </script>
</head><body><h1>Cafetera de goteo</h1><p>12 cuotas de $ 83.25</p></body></html>
"""


def page(price: str) -> str:
    return PAGE.format(url=COFFEE, shop=SHOP, price=price)


def work(*tasks: str) -> None:
    """Beat's ticks, and all that follows from them."""
    for name in tasks:
        drain()
        current_app.tasks[name].apply(throw=True)
    drain()


def read_again(price: str, shops: Any) -> None:
    """A day later, at another price."""
    shops.put(COFFEE, page(price))
    Page.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    work("links.read_due_pages")


def told(client: APIClient) -> list[str]:
    """The kinds of somebody's notifications, oldest first."""
    rows = j.ok(client.get("/api/v1/notifications/"))["results"]
    return [row["kind"] for row in reversed(rows)]


def last_run(client: APIClient) -> dict[str, Any]:
    """What the engine considered last."""
    run: dict[str, Any] = j.ok(client.get("/api/v1/purchases/runs/"))["results"][0]
    return run


def wish(ana: APIClient) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Paste, read, and put on a list that friends may see: the link, the list, the gift."""
    pasted = j.ok(ana.post("/api/v1/product-links/", {"url": f"{COFFEE}?utm_source=mail"}, format="json"), 202)
    work("links.read_due_pages")
    link = j.ok(ana.get(f"/api/v1/product-links/{pasted['id']}/"))
    shown = [link[name] for name in ("canonical_url", "state", "price", "availability", "method")]
    assert shown == [COFFEE, "read", j.money("1299.00"), "in_stock", "json_ld"]
    wishes = j.ok(ana.post("/api/v1/gift-lists/", {"name": "Boda", "visibility": "shared"}, format="json"), 201)
    body = {"gift_list": wishes["id"], "product_link": link["id"], "priority": "high"}
    return link, wishes, j.ok(ana.post("/api/v1/gifts/", body, format="json"), 201)


def signed_in(user: Any) -> APIClient:
    """Somebody's client."""
    client = APIClient()
    client.force_authenticate(user)
    return client


def ask_for_it(ana: APIClient, luis: APIClient) -> str:
    """An alert, a schedule and a friend's money for the wish; the gift's address. It is too dear as yet."""
    link, wishes, gift = wish(ana)
    target = j.money("999.00")
    j.ok(ana.post("/api/v1/price-alerts/", {"product_link": link["id"], "target": target}, format="json"), 201)
    rule = {"kind": "target_price", "target": target}
    j.ok(ana.post("/api/v1/scheduler/", {"gift": gift["id"], "rule": rule}, format="json"), 201)
    give = {"gift": gift["id"], "amount": j.money("500.00"), "share_token": wishes["share_token"]}
    j.ok(luis.post("/api/v1/funds/contributions/", give, format="json", **j.key()), 201)
    work("purchases.run_plans")
    [considered] = last_run(ana)["considered"]
    assert (considered["outcome"], j.available(ana), j.available(luis)) == ("above_target", "2000.00", "0.00")
    assert told(ana)[-1] == "contribution_made"
    return f"/api/v1/gifts/{gift['id']}/"


def let_the_price_fall(ana: APIClient, shops: Any) -> None:
    """The alert tells once, and it is bought once, with the pot's money first."""
    read_again("949.00", shops)
    work("purchases.run_plans")
    read_again("950.00", shops)
    work("purchases.run_plans")
    [purchase] = j.ok(ana.get("/api/v1/purchases/"))["results"]
    assert (purchase["state"], purchase["held"]) == ("queued", j.money("1091.35"))
    assert purchase["from_pots"] == j.money("500.00")
    assert j.available(ana) == "1408.65"
    assert told(ana).count("price_alert") == told(ana).count("auto_purchase_queued") == 1


def buy_there(ana: APIClient, buyer: Any) -> None:
    """Staff buy it for less than was set aside."""
    ticket = PurchaseTicket.objects.get()
    assert (ticket.url.startswith(COFFEE), ticket.ship_to["recipient"]) == (True, "Ana")
    autobuy.claim(ticket_id=ticket.pk, actor_id=buyer.pk)
    autobuy.record_bought(
        ticket_id=ticket.pk,
        actor_id=buyer.pk,
        at=timezone.now(),
        cost=Money(98_000, "MXN"),
        shop_reference="T-1001",
        tracking="MX123",
    )
    drain()
    [purchase] = j.ok(ana.get("/api/v1/purchases/"))["results"]
    assert (purchase["state"], purchase["cost"], purchase["tracking"]) == ("bought", j.money("980.00"), "MX123")


@pytest.mark.django_db(transaction=True)
def test_from_a_pasted_link_to_the_difference_that_comes_back():
    ana, luis, buyer = j.registered_customer(), j.registered_customer(), AdministratorFactory.create()
    j.ok(ana.post("/api/v1/users/me/addresses/", LEAST, format="json"), 201)
    j.deposit(ana, "2000.00")
    j.deposit(luis, "500.00")
    with serving(SHOP) as shops:
        shops.put(COFFEE, page("1299.00"))

        gift = ask_for_it(ana, luis)
        let_the_price_fall(ana, shops)
        buy_there(ana, buyer)

    # What it did not cost is in the pot that gave; when the gift is here, it goes back to who gave.
    assert (j.available(ana), j.ok(ana.get(gift))["in_pot"]) == ("1408.65", j.money("111.35"))
    j.ok(ana.patch(gift, {"state": "received"}, format="json"))
    drain()
    assert (j.available(ana), j.available(luis)) == ("1408.65", "111.35")

    assert told(ana)[-4:] == ["contribution_made", "price_alert", "auto_purchase_queued", "auto_purchase_bought"]
    assert told(luis)[-1] == "contribution_returned"
    assert "purchase_ticket_opened" in told(signed_in(buyer))
    assert "Cafetera de goteo 12 tazas" in "".join(str(letter.body) for letter in mail.outbox)
    # The shop was asked as little as it had to be, and every book agrees.
    assert shops.paths(SHOP) == ["/cafetera"] * 3
    assert (list(verify_books(at=timezone.now(), is_full=True)), list(pots_in_balance())) == ([], [])
