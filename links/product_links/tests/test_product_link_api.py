"""`product-links/`: paste, list, change, archive, refresh, history; and what other people see of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from links.product_links import selectors, services
from links.product_links.addresses import read_address
from links.product_links.errors import PageNotFoundError, TooManyLinksError
from links.product_links.models import Page, PricePoint, ProductLink
from marketplace.core import erasure
from users.accounts.tests.factories import UnverifiedUserFactory, UserFactory

from .shops import product, read_all, serving

HOST = "tienda.example"
URL = f"http://{HOST}/p/olla"
PATH = "/api/v1/product-links/"


@pytest.fixture
def person(db):
    return UserFactory()


@pytest.fixture
def mine(api, person):
    api.force_authenticate(person)
    return api


def due_at() -> Any:
    return Page.objects.get().due_at


def paste(api, url=URL, **values):
    return api.post(PATH, {"url": url, **values}, format="json")


def test_a_pasted_link_waits_and_then_says_what_its_page_says(mine):
    with serving(HOST) as shops:
        shops.put(URL, product(price="1299.00"))
        answer = paste(mine, f"{URL}?utm_source=mail#top", priority="high")
        assert answer.status_code == 202
        waiting = answer.json()
        assert (waiting["state"], waiting["price"], waiting["title"]) == ("waiting", None, "")
        assert waiting["url"].endswith("?utm_source=mail#top")
        assert (waiting["canonical_url"], waiting["priority"], waiting["is_enabled"]) == (URL, "high", True)
        read_all()

    link = mine.get(f"{PATH}{waiting['id']}/").json()
    assert (link["state"], link["reason"], link["reason_text"]) == ("read", "", "")
    assert link["price"] == {"amount": "1299.00", "currency": "MXN"}
    assert (link["currency"], link["availability"], link["method"]) == ("MXN", "in_stock", "json_ld")
    assert (link["may_be_bought"], link["confidence"]) == (True, 95)
    [step] = mine.get(f"{PATH}{link['id']}/history/").json()["results"]
    assert (step["price"], step["availability"]) == (link["price"], "in_stock")


def test_a_page_without_a_price_says_why_in_the_callers_language(mine):
    with serving(HOST) as shops:
        shops.put(URL, product(price="12 cuotas de $ 10.833"))
        paste(mine)
        read_all()

    [link] = mine.get(PATH, headers={"Accept-Language": "es"}).json()["results"]
    assert (link["state"], link["reason"], link["price"]) == ("unpriced", "text_in_price", None)
    assert "palabras" in link["reason_text"]


def test_the_same_address_is_the_same_link(mine, person):
    first = paste(mine, priority="low").json()
    again = paste(mine, f"{URL}?fbclid=1", priority="high").json()

    assert (again["id"], again["priority"]) == (first["id"], "low")
    assert ProductLink.objects.count() == Page.objects.count() == 1


def test_an_archived_link_comes_back(mine):
    first = paste(mine).json()
    assert mine.delete(f"{PATH}{first['id']}/").status_code == 204
    assert mine.get(PATH).json()["results"] == []
    assert mine.get(f"{PATH}{first['id']}/").status_code == 404

    again = paste(mine, priority="high").json()

    assert (again["id"], again["priority"]) == (first["id"], "high")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://127.0.0.1/"}, "host_is_number"),
        ({"url": "http://localhost/"}, "host_not_public"),
        ({"url": "file:///etc/passwd"}, "scheme_not_allowed"),
        ({"url": "https://me:word@tienda.example/"}, "credentials_in_address"),
        ({"url": "https://tienda.example:22/"}, "port_not_allowed"),
        ({"url": "https://"}, "host_missing"),
        ({"url": ""}, "blank"),
        ({"url": "http://tienda.example/" + "a" * 3_000}, "max_length"),
        ({"url": 5}, "invalid"),
        ({}, "required"),
        ({"url": URL, "priority": 3}, "invalid_choice"),
        ({"url": URL, "priority": "urgent"}, "invalid_choice"),
        ({"url": URL, "is_enabled": "yes"}, "invalid"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_kept(mine, body, code):
    answer = mine.post(PATH, body, format="json")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == code
    assert Page.objects.count() == ProductLink.objects.count() == 0


def test_nobody_has_more_links_than_are_allowed(mine, settings):
    settings.LINKS_PER_CUSTOMER = 2
    ids = [paste(mine, f"{URL}/{number}").json()["id"] for number in range(2)]

    refused = paste(mine, f"{URL}/9")

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_links")
    assert Page.objects.count() == ProductLink.objects.count() == 2
    assert paste(mine, f"{URL}/1").status_code == 202  # one that is there already
    mine.delete(f"{PATH}{ids[0]}/")
    assert paste(mine, f"{URL}/9").status_code == 202


def test_the_switch_and_the_priority(mine):
    link = paste(mine).json()
    page: Any = Page.objects.get()
    assert page.due_at is not None

    off = mine.patch(f"{PATH}{link['id']}/", {"is_enabled": False, "priority": "low"}, format="json").json()

    page.refresh_from_db()
    assert (off["is_enabled"], off["priority"], page.due_at) == (False, "low", None)
    mine.patch(f"{PATH}{link['id']}/", {"is_enabled": True}, format="json")
    page.refresh_from_db()
    assert page.due_at is not None
    assert mine.patch(f"{PATH}{link['id']}/", {"url": "http://otra.example/"}, format="json").json()["url"] == URL


def test_a_page_that_was_just_read_is_not_read_again(mine):
    link = paste(mine).json()
    Page.objects.update(read_at=timezone.now(), due_at=timezone.now() + timedelta(hours=20))

    refused = mine.post(f"{PATH}{link['id']}/refresh/")

    assert (refused.status_code, refused.json()["code"]) == (429, "just_read")
    assert 0 < int(refused["Retry-After"]) <= 300
    assert due_at() > timezone.now() + timedelta(hours=19)
    Page.objects.update(read_at=timezone.now() - timedelta(minutes=6))
    assert mine.post(f"{PATH}{link['id']}/refresh/").status_code == 202
    assert due_at() <= timezone.now()


def test_pasting_and_refreshing_are_limited(mine, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "links": "2/hour"}
    link = paste(mine).json()

    assert mine.post(f"{PATH}{link['id']}/refresh/").status_code == 202
    assert mine.post(f"{PATH}{link['id']}/refresh/").status_code == 429
    assert paste(mine, f"{URL}/2").status_code == 429
    assert mine.get(PATH).status_code == 200


def test_somebody_elses_link_does_not_exist(mine, api):
    link = services.submit_link(customer_id=UserFactory().pk, url=URL, at=timezone.now())
    own = f"{PATH}{link.pk}/"

    answers = [
        mine.get(own), mine.patch(own, {"is_enabled": False}, format="json"), mine.delete(own),
        mine.post(f"{own}refresh/"), mine.get(f"{own}history/"),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [404] * 5
    link.refresh_from_db()
    assert (link.is_enabled, link.archived_at) == (True, None)
    assert mine.get(PATH).json()["results"] == []


def test_whoever_has_no_verified_address_makes_nobody_be_asked(api, db):
    api.force_authenticate(UnverifiedUserFactory())

    assert paste(api).json()["code"] == "email_not_verified"
    assert Page.objects.count() == 0


def test_a_list_takes_as_many_queries_for_many_as_for_one(mine):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            mine.get(PATH)
        return len(seen)

    paste(mine)
    for_one = queries()
    for number in range(10):
        paste(mine, f"{URL}/{number}")

    assert queries() == for_one <= 2


def test_a_page_that_is_read_already_is_not_read_for_the_next_person(mine, settings):
    Page.objects.create(
        canonical_url=URL, address_hash=read_address(URL).hash, host=HOST, state="read",
        read_at=timezone.now() - timedelta(hours=2),
    )  # fmt: skip

    paste(mine)

    page: Any = Page.objects.get()
    assert timedelta(hours=21) < page.due_at - timezone.now() < timedelta(hours=22, minutes=1)


def test_other_contexts_see_pages_by_card(mine):
    with serving(HOST) as shops:
        shops.put(URL, product())
        paste(mine)
        read_all()
    page: Any = Page.objects.get()

    card = selectors.page_card(page.pk)

    assert (card.title, card.host, card.price, card.may_be_bought) == ("Olla exprés", HOST, page.price, True)
    assert selectors.latest_snapshot_id(page.pk) is not None
    with pytest.raises(PageNotFoundError):
        selectors.page_card(PricePoint.objects.get().pk)


def test_erasing_a_person_leaves_no_wish_and_no_words(mine, person):
    other = services.submit_link(customer_id=UserFactory().pk, url=f"{URL}/shared", at=timezone.now())
    paste(mine, f"{URL}?name=Ana")
    paste(mine, f"{URL}/shared?email=ana@example.com")

    services.forget_links_of(person.pk)

    mine_now = ProductLink.objects.filter(customer=person)
    assert {(link.url, link.is_enabled, link.archived_at is None) for link in mine_now} == {("", False, False)}
    other.refresh_from_db()
    assert (other.is_enabled, other.archived_at) == (True, None)
    assert "links" in erasure.registered_contexts()


@pytest.mark.django_db(transaction=True)
def test_many_who_paste_one_address_at_once_share_one_page(together):
    people = UserFactory.create_batch(8)

    answers = together(
        lambda number: services.submit_link(customer_id=people[number].pk, url=URL, at=timezone.now()), 8
    )

    assert {answer.page_id for answer in answers} == {Page.objects.get().pk}
    assert ProductLink.objects.count() == 8


@pytest.mark.django_db(transaction=True)
def test_one_person_at_once_gets_one_link_and_no_more_than_allowed(together, settings):
    settings.LINKS_PER_CUSTOMER = 3
    person = UserFactory()

    def submit(number):
        return services.submit_link(customer_id=person.pk, url=f"{URL}/{number % 4}", at=timezone.now())

    answers = together(submit, 8)

    assert ProductLink.objects.count() == 3
    assert {type(answer) for answer in answers} <= {ProductLink, TooManyLinksError}
