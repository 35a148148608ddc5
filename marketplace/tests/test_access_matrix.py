"""Who may use which route: every route and method of the URL resolver has a row here, and is tried by everybody.

A new route without a row fails. Nobody who is refused changes anything, and nobody but the owner and the people of
the house reads what is the owner's.
"""

import hashlib
from typing import Any

import pytest
from django.apps import apps
from django.core.serializers import serialize
from django.db import transaction

from marketplace.celery import PACKAGES
from users.models import User

from .routes import routes
from .world import World, build_world

PASSES = 0
"""The door is open; what the view makes of an empty body is its own affair."""

# What each kind of caller gets. `clerk` holds every key in another department, `merchant` owns another store.
EVERYBODY = ("anonymous", "owner", "stranger", "unverified", "clerk", "merchant", "administrator")
WHO: dict[str, tuple[int, ...]] = {
    "anyone": (PASSES, PASSES, PASSES, PASSES, PASSES, PASSES, PASSES),
    "signed in": (401, PASSES, PASSES, PASSES, PASSES, PASSES, PASSES),
    "verified": (401, PASSES, PASSES, 403, PASSES, PASSES, PASSES),
    "its owner": (401, PASSES, 404, 404, 404, 404, 404),
    "its verified owner": (401, PASSES, 404, 403, 404, 404, 404),
    "its owner or staff": (401, PASSES, 404, 404, PASSES, 404, PASSES),
    "staff": (401, 403, 403, 403, PASSES, 403, PASSES),
    "administrator": (401, 403, 403, 403, 403, 403, PASSES),
    # Of whoever holds the key somewhere; the object or the body decides where.
    "key": (401, 403, 403, 403, PASSES, PASSES, PASSES),
    # A key of this very department or store.
    "key here": (401, 403, 403, 403, 404, 404, PASSES),
    "its customer or administrator": (401, PASSES, 404, 404, 404, 404, PASSES),
    "its owner or administrator": (401, 404, 404, 404, 404, 404, PASSES),
    # Found by the account or by a token: whoever has neither finds nothing.
    "its holder": (404, PASSES, 404, 404, 404, 404, 404),
    # Of whoever sends a store's parcels, departments' keys notwithstanding.
    "sends": (401, 403, 403, 403, 403, PASSES, PASSES),
    "sends here": (401, 403, 403, 403, 403, 404, PASSES),
    "key of a department": (401, 403, 403, 403, PASSES, 403, PASSES),
}

MARKET = {
    "GET market/stores/": "anyone",
    "POST market/stores/": "key of a department",
    "GET market/stores/{pk}/": "anyone",
    "PATCH market/stores/{pk}/": "key here",
    "DELETE market/stores/{pk}/": "key here",
    "GET market/stores/{store_id}/members/": "key here",
    "POST market/stores/{store_id}/members/": "key here",
    "GET market/stores/{store_id}/members/{pk}/": "key here",
    "PATCH market/stores/{store_id}/members/{pk}/": "key here",
    "DELETE market/stores/{store_id}/members/{pk}/": "key here",
    "GET market/brands/": "anyone",
    "POST market/brands/": "key",
    "GET market/brands/{pk}/": "anyone",
    "PATCH market/brands/{pk}/": "key of a department",
    "DELETE market/brands/{pk}/": "key of a department",
    "GET market/categories/": "anyone",
    "POST market/categories/": "key",
    "GET market/categories/{pk}/": "anyone",
    "PATCH market/categories/{pk}/": "key here",
    "DELETE market/categories/{pk}/": "key here",
    "GET market/products/": "anyone",
    "POST market/products/": "key",
    "GET market/products/{pk}/": "anyone",
    "PATCH market/products/{pk}/": "key here",
    "DELETE market/products/{pk}/": "key here",
    "GET market/products/{product_id}/variants/": "anyone",
    "POST market/products/{product_id}/variants/": "key here",
    "GET market/products/{product_id}/variants/{pk}/": "anyone",
    "PATCH market/products/{product_id}/variants/{pk}/": "key here",
    "DELETE market/products/{product_id}/variants/{pk}/": "key here",
    "GET market/products/{product_id}/variants/{pk}/prices/": "key here",
    "GET market/products/{product_id}/images/": "anyone",
    "POST market/products/{product_id}/images/": "key here",
    "GET market/products/{product_id}/images/{pk}/": "anyone",
    "PATCH market/products/{product_id}/images/{pk}/": "key here",
    "DELETE market/products/{product_id}/images/{pk}/": "key here",
    "GET market/products/export/": "key",
    "GET market/feeds/products.csv": "anyone",
    "GET market/feeds/products.xml": "anyone",
    "GET market/imports/": "key",
    "POST market/imports/": "key",
    "GET market/imports/{pk}/": "key here",
    "GET market/imports/{pk}/rows/": "key here",
    "POST market/imports/{pk}/confirm/": "key here",
    "POST market/imports/{pk}/discard/": "key here",
}
QUESTIONS = {
    "GET market/products/{product_id}/questions/": "anyone",
    "POST market/products/{product_id}/questions/": "verified",
}
MARKET |= QUESTIONS | {
    "GET market/questions/": "key",
    "GET market/questions/{pk}/": "key here",
    "POST market/questions/{pk}/answer/": "key here",
    "POST market/questions/{pk}/moderate/": "key here",
}
OLD_QUESTIONS = {route.replace("market/", ""): who for route, who in QUESTIONS.items()}
PROFILES = {
    "GET users/client-profiles/": "staff",
    "POST users/client-profiles/": "staff",
    "GET users/client-profiles/{pk}/": "staff",
    "PATCH users/client-profiles/{pk}/": "staff",
    "DELETE users/client-profiles/{pk}/": "staff",
}
VERSIONED = {
    # users
    "POST auth/token/": "anyone",
    "POST auth/token/refresh/": "anyone",
    "POST auth/logout/": "anyone",
    "POST auth/logout-all/": "signed in",
    "GET users/": "staff",
    "POST users/": "anyone",
    "GET users/me/": "signed in",
    "PATCH users/me/": "signed in",
    "DELETE users/me/": "signed in",
    "GET users/me/profile/": "signed in",
    "PATCH users/me/profile/": "signed in",
    "GET users/me/addresses/": "signed in",
    "POST users/me/addresses/": "signed in",
    "GET users/me/addresses/{pk}/": "its owner",
    "PATCH users/me/addresses/{pk}/": "its owner",
    "DELETE users/me/addresses/{pk}/": "its owner",
    "GET users/{pk}/": "its owner or staff",
    "PATCH users/{pk}/": "its owner or staff",
    "DELETE users/{pk}/": "its owner or staff",
    "GET users/verify-email/": "anyone",
    "POST users/verify-email/": "anyone",
    "POST users/resend-verification/": "anyone",
    "POST users/password-reset/": "anyone",
    "GET users/password-reset/confirm/": "anyone",
    "POST users/password-reset/confirm/": "anyone",
    "GET users/user-segments/": "staff",
    "POST users/user-segments/": "staff",
    "GET users/user-segments/{pk}/": "staff",
    "PATCH users/user-segments/{pk}/": "staff",
    "DELETE users/user-segments/{pk}/": "staff",
    "GET users/departments/": "administrator",
    "POST users/departments/": "administrator",
    "GET users/departments/{pk}/": "administrator",
    "PATCH users/departments/{pk}/": "administrator",
    "DELETE users/departments/{pk}/": "administrator",
    "GET users/departments/{department_pk}/members/": "administrator",
    "POST users/departments/{department_pk}/members/": "administrator",
    "GET users/departments/{department_pk}/members/{pk}/": "administrator",
    "PATCH users/departments/{department_pk}/members/{pk}/": "administrator",
    "DELETE users/departments/{department_pk}/members/{pk}/": "administrator",
    **PROFILES,
    **{route.replace("client-profiles", "clients-profiles"): who for route, who in PROFILES.items()},
    # stores
    **MARKET,
    **OLD_QUESTIONS,
    "GET inventory/stock/": "key",
    "GET inventory/stock/{pk}/": "key here",
    "PATCH inventory/stock/{pk}/": "key here",
    "GET inventory/movements/": "key",
    "POST inventory/movements/": "key",
    "GET inventory/movements/{pk}/": "key here",
    "GET inventory/replenishment/": "key",
    "POST inventory/replenishment/order/": "key",
    "GET procurement/suppliers/": "key",
    "POST procurement/suppliers/": "key",
    "GET procurement/suppliers/{pk}/": "key here",
    "PATCH procurement/suppliers/{pk}/": "key here",
    "DELETE procurement/suppliers/{pk}/": "key here",
    "GET procurement/suppliers/{supplier_id}/prices/": "key here",
    "POST procurement/suppliers/{supplier_id}/prices/": "key here",
    "GET procurement/suppliers/{supplier_id}/prices/{pk}/": "key here",
    "PATCH procurement/suppliers/{supplier_id}/prices/{pk}/": "key here",
    "DELETE procurement/suppliers/{supplier_id}/prices/{pk}/": "key here",
    "GET procurement/purchase-orders/": "key",
    "POST procurement/purchase-orders/": "key",
    "GET procurement/purchase-orders/{pk}/": "key here",
    "PATCH procurement/purchase-orders/{pk}/": "key here",
    "POST procurement/purchase-orders/{pk}/place/": "key here",
    "POST procurement/purchase-orders/{pk}/receive/": "key here",
    "POST procurement/purchase-orders/{pk}/cancel/": "key here",
    "GET procurement/purchase-orders/{pk}/document/": "key here",
    # funds
    "GET funds/": "signed in",
    "POST funds/": "signed in",
    "GET funds/{pk}/": "its owner",
    "PATCH funds/{pk}/": "its owner",
    "GET funds/deposits/": "signed in",
    "POST funds/deposits/": "signed in",
    "GET funds/transactions/": "signed in",
    "GET funds/spends/": "signed in",
    "GET funds/holds/": "signed in",
    "GET funds/summary/": "signed in",
    "GET funds/transactions/export/": "signed in",
    "GET funds/settings/": "signed in",
    "PATCH funds/settings/": "signed in",
    "GET funds/withdrawals/": "verified",
    "POST funds/withdrawals/": "verified",
    "GET funds/withdrawals/{pk}/": "its verified owner",
    "PATCH funds/withdrawals/{pk}/": "its verified owner",
    # A store's owner, who is none of these people (they are in `funds/order_money/tests/test_store_api.py`).
    "GET funds/stores/{store_id}/": "its owner or administrator",
    "GET funds/stores/{store_id}/transactions/": "its owner or administrator",
    "GET funds/stores/{store_id}/payouts/": "its owner or administrator",
    "POST funds/stores/{store_id}/payouts/": "its owner or administrator",
    "GET payments/": "signed in",
    "GET payments/{pk}/": "its owner",
    "POST payments/": "signed in",  # an empty body is refused before anybody's order is looked for
    # The signature opens it; without Mercado Pago it is not there.
    "POST funds/webhooks/mercadopago/": "anyone",
    # promotions
    "GET promotions/flash-promos/": "anyone",
    "POST promotions/flash-promos/": "key",
    "GET promotions/flash-promos/eligible/": "signed in",
    "GET promotions/flash-promos/running/": "anyone",
    "GET promotions/flash-promos/{pk}/": "anyone",
    "PATCH promotions/flash-promos/{pk}/": "key here",
    "DELETE promotions/flash-promos/{pk}/": "key here",
    "POST promotions/flash-promos/{pk}/end/": "key here",
    "GET promotions/flash-promos/{pk}/waitlist/": "its verified owner",
    "POST promotions/flash-promos/{pk}/waitlist/": "verified",
    "DELETE promotions/flash-promos/{pk}/waitlist/": "verified",
    "GET promotions/discounts/": "key",
    "POST promotions/discounts/": "key",
    "GET promotions/discounts/{pk}/": "key here",
    "PATCH promotions/discounts/{pk}/": "key here",
    "DELETE promotions/discounts/{pk}/": "key here",
    "GET promotions/active/": "anyone",
    "GET promotions/{pk}/eligibility/": "signed in",
    "GET admin/promotions/": "administrator",
    "POST admin/promotions/": "administrator",
    "GET admin/promotions/benefits-schema/": "anyone",
    "GET admin/promotions/{pk}/": "administrator",
    "PATCH admin/promotions/{pk}/": "administrator",
    "DELETE admin/promotions/{pk}/": "administrator",
    "POST admin/promotions/{pk}/activate/": "administrator",
    "POST admin/promotions/{pk}/deactivate/": "administrator",
    "GET promotions/promo-reservations/": "verified",
    "POST promotions/promo-reservations/": "verified",
    "GET promotions/promo-reservations/{pk}/": "its verified owner",
    "POST promotions/promo-reservations/{pk}/cancel/": "its verified owner",
    "POST promotions/promo-reservations/{reservation_id}/complete/": "its verified owner",
    # purchases
    "GET admin/promotions/{pk}/preview/": "administrator",
    "GET cart/": "anyone",
    "DELETE cart/": "anyone",
    "POST cart/items/": "anyone",
    "PATCH cart/items/{pk}/": "anyone",  # an empty body is refused before anybody's line is looked for
    "DELETE cart/items/{pk}/": "its holder",
    "POST cart/coupons/": "anyone",
    "DELETE cart/coupons/{code}/": "its holder",
    "POST cart/merge/": "signed in",
    "GET shipments/": "signed in",
    "POST shipments/": "sends",
    "GET shipments/{pk}/": "its customer or administrator",
    "PATCH shipments/{pk}/": "sends here",
    "GET shipments/to-pack/": "sends",
    "GET shipping-rates/": "anyone",
    "POST shipping-rates/": "key",
    "GET shipping-rates/{pk}/": "anyone",
    "PATCH shipping-rates/{pk}/": "key here",
    "DELETE shipping-rates/{pk}/": "key here",
    "POST checkout/": "verified",
    "GET orders/": "signed in",
    "GET orders/{pk}/": "its owner",
    "POST orders/{pk}/cancel/": "its verified owner",
    "GET orders/{pk}/returns/": "its owner",
    "POST orders/{pk}/returns/": "signed in",  # an empty body is refused before anybody's order is looked for
    "GET admin/returns/": "administrator",
    "GET admin/returns/{pk}/": "administrator",
    "POST admin/returns/{pk}/approve/": "administrator",
    "POST admin/returns/{pk}/refuse/": "administrator",
    "POST admin/returns/{pk}/receive/": "administrator",
    "POST orders/{order_id}/call-off/": "sends",
    "GET orders/{order_id}/invoices/": "its customer or administrator",
    "GET orders/{order_id}/invoices/{pk}/file/": "its customer or administrator",
    # notifications
    "GET notifications/": "signed in",
    "POST notifications/": "staff",
    "GET notifications/{pk}/": "its owner",
    "PATCH notifications/{pk}/": "its owner",
    "POST notifications/read-all/": "signed in",
    "POST notifications/ws-ticket/": "signed in",
    "GET notifications/unread-count/": "signed in",
    "GET notifications/preferences/": "signed in",
    "PATCH notifications/preferences/": "signed in",
    "GET notifications/devices/": "signed in",
    "POST notifications/devices/": "signed in",
    "DELETE notifications/devices/{pk}/": "its owner",
    "POST notifications/devices/{pk}/confirm/": "signed in",  # an empty body is refused before the device is looked for
    "GET notifications/unsubscribe/": "anyone",  # the mail's token opens it
    "POST notifications/unsubscribe/": "anyone",
    "POST notifications/mail-reports/": "anyone",  # the provider's secret opens it; without one it is not there
    "GET admin/broadcasts/": "administrator",
    "POST admin/broadcasts/": "administrator",
    "GET admin/broadcasts/{pk}/": "administrator",
    "PATCH admin/broadcasts/{pk}/": "administrator",
    "DELETE admin/broadcasts/{pk}/": "administrator",
    "GET admin/broadcasts/{pk}/audience/": "administrator",
    "POST admin/broadcasts/{pk}/test/": "administrator",
    "POST admin/broadcasts/{pk}/schedule/": "administrator",
    "POST admin/broadcasts/{pk}/send/": "administrator",
    "POST admin/broadcasts/{pk}/stop/": "administrator",
}
TABLE: dict[str, str] = {
    **{
        f"{method} api/v1/{path}": who
        for method, path, who in ((*route.split(" "), w) for route, w in VERSIONED.items())
    },
    **MARKET,
    **OLD_QUESTIONS,
    "GET healthz": "anyone",
    "GET readyz": "anyone",
    "GET metrics": "anyone",  # on this machine; the others are refused in core/tests/test_metrics.py
    "GET api/schema/": "anyone",
    "GET docs/": "anyone",
    "GET redoc/": "anyone",
    "GET media/{name}": "anyone",
    "GET i18n/setlang/": "anyone",
}
# Of lists, objects and answers: whoever passes as one of these may read about the owner.
HOUSE = {"owner", "clerk", "administrator"}


def ids_for(world: World, path: str) -> dict[str, Any]:
    """Parameters that name one of the world's objects."""
    if "{" not in path:
        return {}
    words = {word.replace("clients-", "client-") for word in path.split("/")}
    fitting = [name for name in world.ids if words.issuperset(name.split("/"))]
    return world.ids[max(fitting, key=lambda name: (name.count("/"), name != "users"))]


def fingerprint() -> str:
    """Every row of every table of ours."""
    digest = hashlib.sha256()
    for model in apps.get_models():
        if model.__module__.split(".")[0] in PACKAGES:
            digest.update(serialize("json", model._default_manager.order_by("pk")).encode())
    return digest.hexdigest()


def test_every_route_has_a_row_and_every_row_a_route():
    assert {f"{method} {path}" for method, path in routes()} == set(TABLE)


@pytest.mark.parametrize("area", sorted({route.split(" ")[1].removeprefix("api/v1/").split("/")[0] for route in TABLE}))
@pytest.mark.django_db
def test_each_route_opens_to_whom_it_should_and_to_nobody_else(area):
    world = build_world()
    before = fingerprint()
    own = [route for route in TABLE if route.split(" ")[1].removeprefix("api/v1/").split("/")[0] == area]

    found = [f"{route}: {trouble}" for route in own for trouble in troubles_of(world, route, before)]

    assert found == []


def troubles_of(world: World, route: str, before: str) -> list[str]:
    """What is wrong with one route; whatever it changed is undone."""
    method, path = route.split(" ")
    url = "/" + path.format(**ids_for(world, path))
    expected = dict(zip(EVERYBODY, WHO[TABLE[route]], strict=True))
    refused = [name for name in EVERYBODY if expected[name] != PASSES]
    found = []
    # Not an atomic block: each request must look like a transaction of its own to the lock order.
    start = transaction.savepoint()
    answers = {name: send(world, name, method, url) for name in refused}
    if refused and fingerprint() != before:
        found.append("a refused request changed something")
    answers |= {name: send(world, name, method, url) for name in EVERYBODY if name not in refused}
    transaction.savepoint_rollback(start)
    for name, answer in answers.items():
        is_open = answer.status_code < 500 and answer.status_code not in {401, 403, 405}
        if not (is_open if expected[name] == PASSES else answer.status_code == expected[name]):
            found.append(f"{name} gets {answer.status_code}")
        if name not in HOUSE and any(secret in answer.getvalue().decode() for secret in world.secrets):
            found.append(f"{name} reads about the owner")
    return found


def send(world: World, name: str, method: str, url: str) -> Any:
    """An empty body, with a key of its own where one is asked for."""
    headers = {"Idempotency-Key": f"matrix-{name}"}
    if method == "GET":
        return world.client(name).get(url, headers=headers)
    return world.client(name).generic(method, url, "{}", content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"is_staff": True}, {"is_superuser": True}, {"name": "X"}, {"email": "x@example.com"}],
)
@pytest.mark.django_db
def test_people_of_the_house_neither_raise_themselves_nor_touch_administrators(change):
    world = build_world()
    clerk, administrator = world.person("clerk"), world.person("administrator")
    client = world.client("clerk")

    client.patch(f"/api/v1/users/{clerk.pk}/", {"is_superuser": True, "is_staff": True}, format="json")
    client.patch("/api/v1/users/me/", {"is_superuser": True, "is_staff": True}, format="json")
    refused = client.patch(f"/api/v1/users/{administrator.pk}/", change, format="json")
    client.delete(f"/api/v1/users/{administrator.pk}/")

    assert refused.status_code in {400, 403, 404}
    assert not world.person("clerk").is_superuser
    fields = [field.attname for field in User._meta.fields if field.attname != "updated_at"]
    now = world.person("administrator")
    assert [getattr(now, field) for field in fields] == [getattr(administrator, field) for field in fields]


@pytest.mark.django_db
def test_a_verified_customer_is_asked_for_where_it_says_so():
    world = build_world()
    body = {"promo": str(world.ids["flash-promos"]["pk"])}

    refused = world.client("unverified").post("/api/v1/promotions/promo-reservations/", body, format="json")

    assert (refused.status_code, refused.json()["code"]) == (403, "email_not_verified")
