"""Reading pages: one visit for everybody, turns, rules, retries, moves."""

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from links.events import PageRead
from links.product_links import documents, reading, services
from links.product_links.models import HostPace, Page, PageSnapshot, PricePoint, ProductLink
from links.product_links.reading import Outcome
from marketplace.core.money import Money
from marketplace.core.outbox.models import OutboxEvent
from users.accounts.tests.factories import UserFactory

from .shops import Page as Answer
from .shops import product, read_all, serving

HOST = "tienda.example"
URL = f"http://{HOST}/p/olla"


@pytest.fixture
def shops():
    with serving(HOST, "www.tienda.example", "otra.example") as shops:
        yield shops


def paste(url=URL, person=None):
    person = person or UserFactory()
    return services.submit_link(customer_id=person.pk, url=url, at=timezone.now())


def read_again(page, at=None):
    Page.objects.filter(pk=page.pk).update(due_at=at or timezone.now() - timedelta(seconds=1))
    outcomes = read_all()
    page.refresh_from_db()
    return outcomes


def facts():
    rows = OutboxEvent.objects.filter(wire_name="links.page_read").order_by("pk")
    return [PageRead.from_payload(row.payload) for row in rows]


@pytest.mark.django_db
def test_a_page_is_read_once_for_everybody_who_pastes_it(shops):
    shops.put(URL, product())
    links = [paste(f"{URL}?utm_source={number}") for number in range(5)]

    outcomes = read_all()

    page: Any = Page.objects.get()
    assert {link.page_id for link in links} == {page.pk}
    assert outcomes == [Outcome.ROBOTS_READ, Outcome.READ]
    assert shops.paths(HOST) == ["/p/olla"]
    assert (page.state, page.title, page.price) == ("read", "Olla exprés", Money(129900, "MXN"))
    assert (page.may_be_bought, page.reason, page.availability) == (True, "", "in_stock")
    assert page.images == []  # the shop's own are not https
    assert page.due_at - page.read_at == timedelta(hours=24)
    assert (page.leased_until, page.attempts) == (None, 0)


@pytest.mark.django_db
def test_nothing_of_ours_is_sent_along(shops):
    shops.put(URL, product())
    paste()

    read_all()

    for asked in shops.asked:
        assert asked.headers["User-Agent"].startswith("MarketplaceLinkReader/")
        assert not {"Cookie", "Authorization", "Referer"} & set(asked.headers)


@pytest.mark.django_db
def test_what_changed_is_a_step_a_snapshot_and_a_fact_and_what_did_not_is_none(shops):
    shops.put(URL, product())
    page = paste().page
    read_all()

    read_again(page)
    shops.put(URL, product(price="999.00"))
    read_again(page)

    assert [point.price_minor for point in PricePoint.objects.order_by("at")] == [129900, 99900]
    assert PageSnapshot.objects.count() == 2
    first, second = Money(129900, "MXN"), Money(99900, "MXN")
    assert [(fact.before, fact.price) for fact in facts()] == [(None, first), (first, second)]
    snapshot = PageSnapshot.objects.latest("fetched_at")
    assert (snapshot.found["price"], snapshot.page_id) == ("999.00", page.pk)
    assert "999.00" in snapshot.body


@pytest.mark.django_db
def test_a_snapshot_is_renewed_before_it_goes(shops, settings):
    shops.put(URL, product())
    page = paste().page
    read_all()
    PageSnapshot.objects.update(fetched_at=timezone.now() - timedelta(days=settings.LINK_SNAPSHOT_DAYS / 2 + 1))

    read_again(page)

    assert PageSnapshot.objects.count() == 2
    assert PricePoint.objects.count() == 1


@pytest.mark.django_db
def test_rules_are_kept_a_day_and_obeyed(shops):
    shops.put(f"http://{HOST}/private/a", product())
    page = paste(f"http://{HOST}/private/a").page

    outcomes = read_all()

    page.refresh_from_db()
    assert outcomes == [Outcome.ROBOTS_READ, Outcome.NOT_READ]
    assert shops.paths(HOST) == []
    assert (page.state, page.reason, page.due_at) == ("refused", "robots", None)
    HostPace.objects.update(robots_read_at=timezone.now() - timedelta(hours=25), robots="")
    assert read_again(page) == [Outcome.ROBOTS_READ, Outcome.NOT_READ]


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "outcome"), [(404, Outcome.READ), (403, Outcome.READ), (500, Outcome.NOT_READ)])
def test_a_host_without_rules_is_read_and_one_with_a_fault_is_not(shops, status, outcome):
    shops.put(URL, product())
    shops.put(f"http://{HOST}/robots.txt", Answer("x", status))
    page = paste().page

    outcomes = read_all()

    page.refresh_from_db()
    assert outcomes[-1] == outcome
    if outcome == Outcome.NOT_READ:
        assert shops.paths(HOST) == []
        assert (page.state, page.reason, page.attempts) == ("waiting", "robots_unavailable", 1)
        assert page.due_at > timezone.now()


@pytest.mark.django_db
def test_after_five_attempts_a_page_says_nothing_any_more(shops):
    shops.put(URL, product())
    page = paste().page
    read_all()
    shops.put(URL, Answer("oops", 500))
    waits = []
    for _attempt in range(reading.MOST_ATTEMPTS):
        at = timezone.now()
        read_again(page)
        waits.append((page.due_at - at).total_seconds())
        if page.attempts < reading.MOST_ATTEMPTS:
            assert page.price == Money(129900, "MXN")

    assert (page.state, page.reason, page.price, page.may_be_bought) == ("failed", "shop_error", None, False)
    assert waits == sorted(waits)
    assert waits[0] < 70
    assert 80_000 < waits[-1] <= 86_401
    assert facts()[-1].price is None
    assert PricePoint.objects.latest("at").price_minor is None


@pytest.mark.django_db
def test_a_shop_that_is_busy_is_left_alone(shops):
    shops.put(URL, Answer("", 429))
    page = paste().page

    read_all()

    assert HostPace.objects.get().next_at > timezone.now() + timedelta(seconds=50)
    page.refresh_from_db()
    assert (page.attempts, page.reason) == (1, "shop_busy")


@pytest.mark.django_db
def test_links_follow_to_the_address_the_page_calls_its_own(shops):
    other = f"http://www.{HOST}/olla-expres"
    shops.put(URL, product().replace("</head>", f'<link rel="canonical" href="{other}"></head>'))
    shops.put(other, product(price="1200.00"))
    both, one = UserFactory(), UserFactory()
    kept = paste(other, both)
    doubled, moved = paste(URL, both), paste(URL, one)

    read_all()

    new = Page.objects.get(canonical_url=other)
    old = Page.objects.get(canonical_url=URL)
    assert (old.successor_id, old.due_at, old.price) == (new.pk, None, None)
    assert new.price == Money(120000, "MXN")
    moved.refresh_from_db()
    doubled.refresh_from_db()
    kept.refresh_from_db()
    assert (moved.page_id, moved.archived_at) == (new.pk, None)
    assert doubled.page_id == new.pk
    assert doubled.archived_at is not None
    assert kept.archived_at is None
    assert paste(URL, UserFactory()).page_id == new.pk


@pytest.mark.django_db
@pytest.mark.parametrize(
    "named", ["http://otra.example/olla", f"http://{HOST}/", "http://127.0.0.1/", "http://[::1", "/p/olla#x"]
)
def test_a_page_speaks_for_its_own_site_only(shops, named):
    shops.put(URL, product().replace("</head>", f'<link rel="canonical" href="{named}"></head>'))
    page = paste().page

    read_all()

    page.refresh_from_db()
    assert (page.state, page.successor_id) == ("read", None)
    assert Page.objects.count() == 1


@pytest.mark.django_db
def test_two_pages_that_name_each_other_do_not_turn_in_circles(shops):
    other = f"http://{HOST}/b"
    shops.put(URL, product().replace("</head>", f'<link rel="canonical" href="{other}"></head>'))
    shops.put(other, product().replace("</head>", f'<link rel="canonical" href="{URL}"></head>'))
    paste()

    read_all()

    assert Page.objects.get(canonical_url=other).state == "read"
    assert ProductLink.objects.get().page.canonical_url == other


@pytest.mark.django_db
def test_a_page_nobody_wants_is_not_read_again(shops):
    shops.put(URL, product())
    link = paste()
    read_all()

    services.archive_link(customer_id=link.customer_id, link_id=link.pk, at=timezone.now())

    link.page.refresh_from_db()
    assert link.page.due_at is None
    assert read_all() == []


@pytest.mark.django_db
def test_a_page_is_handed_out_once_and_one_of_each_host(shops):
    paste(), paste(f"http://{HOST}/p/2"), paste("http://otra.example/")

    first, second = reading.take_due_pages(), reading.take_due_pages()

    assert len(first) == 2
    assert second == []
    assert {page.host for page in Page.objects.filter(pk__in=first)} == {HOST, "otra.example"}


@pytest.mark.django_db
def test_a_lost_message_comes_again(shops):
    paste()
    [page_id] = reading.take_due_pages()
    Page.objects.update(leased_until=timezone.now() - timedelta(seconds=1))

    assert reading.take_due_pages() == [page_id]


@pytest.mark.django_db
def test_a_page_that_trips_the_reader_is_set_aside(shops, monkeypatch, caplog):
    def stumble(text, url):
        raise ZeroDivisionError

    shops.put(URL, product())
    page = paste().page
    monkeypatch.setattr(reading, "extract", stumble)

    read_all()

    page.refresh_from_db()
    assert (page.state, page.attempts, page.reason) == ("waiting", 1, "unreadable")
    assert page.due_at > timezone.now()


@pytest.mark.django_db
def test_a_redirect_to_another_host_takes_that_hosts_turn_and_rules(shops):
    shops.put(URL, Answer("", 302, {"Location": "http://otra.example/x"}))
    shops.put("http://otra.example/x", product())
    page = paste().page
    read_all()
    page.refresh_from_db()
    assert page.state == "read"
    assert [each.path for each in shops.asked if each.host == "otra.example"] == ["/robots.txt", "/x"]

    HostPace.objects.filter(host="otra.example").update(next_at=timezone.now() + timedelta(minutes=1))
    outcomes = read_again(page)

    assert outcomes == [Outcome.BUSY]
    assert page.attempts == 0
    assert page.state == "read"


@pytest.mark.django_db
def test_a_redirect_to_what_a_host_forbids_is_refused(shops):
    shops.put(URL, Answer("", 302, {"Location": "/private/x"}))
    page = paste().page

    read_all()

    page.refresh_from_db()
    assert (page.state, page.reason) == ("refused", "robots")
    assert shops.paths(HOST) == ["/p/olla"]


@pytest.mark.django_db
def test_old_documents_go(shops, settings):
    shops.put(URL, product())
    page = paste().page
    read_all()
    at = timezone.now()

    assert documents.forget_old_documents(at) == (0, 0)
    assert documents.forget_old_documents(at + timedelta(days=settings.LINK_SNAPSHOT_DAYS, minutes=1)) == (1, 0)
    assert documents.forget_old_documents(at + timedelta(days=settings.LINK_HISTORY_DAYS, minutes=1)) == (0, 1)
    page.refresh_from_db()
    assert page.price is not None


@pytest.mark.django_db(transaction=True)
def test_a_host_is_asked_by_one_reader_at_a_time(together):
    """Many readers at once, two pages of one host: never two requests at the same time, nothing read twice."""
    held, inside, worst = Event(), [], []

    def slowly(handler):
        inside.append(1)
        worst.append(len(inside))
        held.wait(0.05)
        inside.pop()
        handler.wfile.write(product().encode())

    with serving(HOST) as shops:
        for path in ("/a", "/b"):
            shops.put(f"http://{HOST}{path}", Answer(write=slowly))
            paste(f"http://{HOST}{path}")
        HostPace.objects.create(host=HOST, next_at=timezone.now(), robots_read_at=timezone.now())
        pages = list(Page.objects.values_list("pk", flat=True))

        answers = together(lambda number: reading.read_page(pages[number % 2]), 8)
        while set(read_all()) - {Outcome.NOT_DUE}:
            pass

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert max(worst) == 1
    assert sorted(shops.paths(HOST)) == ["/a", "/b"]


@pytest.mark.django_db(transaction=True)
def test_reading_holds_no_transaction_while_the_shop_thinks():
    seen, ours = [], connections["default"]

    def look(handler):
        seen.append(ours.in_atomic_block)
        handler.wfile.write(product().encode())

    with serving(HOST) as shops:
        shops.put(URL, Answer(write=look))
        paste()
        read_all()

    assert seen == [False]
