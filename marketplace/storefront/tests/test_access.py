"""Who may open which page: every route has a row and is tried by everybody; who is refused changes nothing."""

import pytest
from django.test import Client

from marketplace.storefront.urls import urlpatterns
from marketplace.tests.fingerprint import fingerprint
from marketplace.tests.routes import template_of
from marketplace.tests.world import build_world
from promotions.models import Slate

from .people import HTMX, signed_in, text_of

ANYONE, SIGNED_IN, ITS_OWNER = "anyone", "signed in", "its owner"
TABLE = {
    "": ("GET", ANYONE),
    "place/": ("POST", SIGNED_IN),
    "selections/": ("GET", ANYONE),
    "selections/seen/": ("POST", ANYONE),
    "promotions/": ("GET", ANYONE),
    "promotions/{promo_id}/card/": ("GET", ANYONE),
    "promotions/{promo_id}/reserve/": ("POST", SIGNED_IN),
    "reservations/{reservation_id}/give-back/": ("POST", ITS_OWNER),
    "reservations/{reservation_id}/pay/": ("POST", ITS_OWNER),
    "notifications/": ("GET", SIGNED_IN),
    "notifications/latest/": ("GET", SIGNED_IN),
    "notifications/bell/": ("GET", SIGNED_IN),
    "notifications/ticket/": ("POST", SIGNED_IN),
    "notifications/read-all/": ("POST", SIGNED_IN),
    "notifications/{notice_id}/read/": ("POST", ITS_OWNER),
    "login/": ("GET", ANYONE),
    "logout/": ("POST", ANYONE),
    "register/": ("GET", ANYONE),
    "verification/": ("POST", SIGNED_IN),
}
pytestmark = [pytest.mark.once, pytest.mark.django_db]


def test_every_page_has_a_row():
    assert [template_of(str(route.pattern)) for route in urlpatterns] == list(TABLE)


def test_each_page_opens_to_whom_it_should():
    world = build_world()
    ids = {
        "promo_id": world.ids["flash-promos"]["pk"],
        "reservation_id": world.ids["promo-reservations"]["pk"],
        "notice_id": world.ids["notifications"]["pk"],
    }
    strangers = {name: signed_in(world.person(name)) for name in ("stranger", "clerk", "merchant", "administrator")}
    owner = signed_in(world.owner)
    before, found = fingerprint(), []

    for path, (method, who) in TABLE.items():
        url = f"/{path.format(**ids)}"
        anonymous = Client().generic(method, url)
        expected = 302 if who != ANYONE or path == "logout/" else 200
        expected = 400 if path == "selections/seen/" else expected  # an empty body is no batch
        found += [f"{path}: nobody gets {anonymous.status_code}"] if anonymous.status_code != expected else []
        if who == SIGNED_IN:
            found += [f"{path}: to {anonymous['Location']}"] if "/login/" not in anonymous["Location"] else []
        if who == ITS_OWNER:
            answers = {name: browser.generic(method, url) for name, browser in strangers.items()}
            found += [f"{path}: {name} gets {a.status_code}" for name, a in answers.items() if a.status_code != 404]
    Slate.objects.all().delete()  # who looks at a selection is free to, and what was shown is written down
    assert (found, fingerprint() == before) == ([], True)

    for path, (method, _who) in TABLE.items():
        if path != "logout/":
            answer = owner.generic(method, f"/{path.format(**ids)}")
            assert answer.status_code in {200, 204, 302, 400}, path


def test_nobody_reads_about_somebody_else():
    world = build_world()
    pages = ["/", "/promotions/", "/notifications/", "/notifications/bell/", "/notifications/latest/"]

    for name in ("stranger", "clerk", "merchant"):
        browser = signed_in(world.person(name))
        shown = "".join(text_of(browser.get(page)) for page in pages)
        assert [secret for secret in world.secrets if secret in shown] == [], name


def test_a_fragment_takes_the_whole_page_to_the_log_in(client):
    answer = client.get("/notifications/bell/", **HTMX)

    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/login/?next=%2F")


@pytest.mark.parametrize("path", [path for path, (method, _who) in TABLE.items() if method == "POST"])
def test_whatever_changes_something_wants_the_forms_token(path):
    world = build_world()
    ids = {
        "promo_id": world.ids["flash-promos"]["pk"],
        "reservation_id": world.ids["promo-reservations"]["pk"],
        "notice_id": world.ids["notifications"]["pk"],
    }
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.owner, backend="django.contrib.auth.backends.ModelBackend")
    before = fingerprint()

    assert browser.post(f"/{path.format(**ids)}", {"latitude": "1", "longitude": "1"}).status_code == 403
    assert browser.get(f"/{path.format(**ids)}").status_code == 405
    assert fingerprint() == before
