"""Every route and method of the URL resolver is tried by everybody, and opens to whom `access_table` says.

Nobody who is refused changes anything, and nobody but the owner and the people of the house reads what is the owner's.
"""

from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from users.models import User

from .access_table import EVERYBODY, PASSES, TABLE, WHO
from .fingerprint import fingerprint
from .routes import routes
from .world import World, build_world, ids_for

pytestmark = [pytest.mark.once, pytest.mark.django_db]

# Of lists, objects and answers: whoever passes as one of these may read about the owner.
HOUSE = {"owner", "clerk", "administrator"}


@pytest.fixture(scope="module")
def world(module_rows: None) -> World:
    """Once for all areas: what a request changes is undone."""
    return build_world()


def test_the_fingerprint_is_of_every_row(world):
    before = fingerprint()
    assert fingerprint() == before

    User.objects.filter(pk=User.objects.latest("pk").pk).update(token_version=F("token_version") + 1)

    assert fingerprint() != before


def test_every_route_has_a_row_and_every_row_a_route():
    assert {f"{method} {path}" for method, path in routes()} == set(TABLE)


@pytest.mark.parametrize("area", sorted({route.split(" ")[1].removeprefix("api/v1/").split("/")[0] for route in TABLE}))
def test_each_route_opens_to_whom_it_should_and_to_nobody_else(world, area):
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
def test_people_of_the_house_neither_raise_themselves_nor_touch_administrators(world, change):
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


def test_a_verified_customer_is_asked_for_where_it_says_so(world):
    body = {"promo": str(world.ids["flash-promos"]["pk"])}

    refused = world.client("unverified").post("/api/v1/promotions/promo-reservations/", body, format="json")

    assert (refused.status_code, refused.json()["code"]) == (403, "email_not_verified")
