"""Two customers before one unit: one takes it, the other sees it go and come back.

Once on the test's own server, which has no sockets: the pages ask now and then. Once on the embedded layout as
`make run` starts it: with sockets, where the product has them. What is awaited is the same.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from selenium.webdriver.common.by import By

from marketplace.core.outbox.relay import drain
from marketplace.embedded.tests.servers import environment, free_port, migrate, start, wait_for_health
from marketplace.settings.env import BASE_DIR
from promotions.flash.tests.factories import let_lapse
from promotions.models import PromoUnit, Reservation
from purchases.models import Order
from users.accounts.tests.factories import PASSWORD

from .conftest import somebody
from .person import Person
from .storefront_world import CUSTOMERS, PRODUCT, build

RESERVE, PAY, GIVE_BACK = "[data-free] button", ".button--pay", "form[action$='give-back/'] button"
TAKEN, YOURS = "Taken. Free again in", "Yours for"

# Sockets that the test speaks for.
SPOKEN_FOR = """
window.sockets = {};
window.WebSocket = class extends EventTarget {
  constructor(url) {
    super();
    Object.assign(this, { url: String(url), sent: [] });
    window.sockets[new URL(url).pathname] = this;
    setTimeout(() => this.dispatchEvent(new Event("open")));
  }
  send(text) { this.sent.push(JSON.parse(text)); }
  close() { this.dispatchEvent(new Event("close")); }
};
"""

Pair = tuple[Person, Person]


@pytest.fixture
def customers(live_server: Any, settings: Any) -> Iterator[Pair]:
    """Ana and Beto, logged in, before the same card."""
    settings.ALLOWED_HOSTS = ["*"]
    build()
    with ExitStack() as browsers:
        yield both_logged_in(browsers, live_server.url)


@pytest.fixture
def customers_of_the_product(tmp_path: Path) -> Iterator[Pair]:
    """The same on the whole product in a process of its own."""
    port = free_port()
    variables = {**environment(tmp_path, port), "LOG_FORMAT": "text"}
    migrate(variables)
    manage(variables, "shell", "-c", f"from {build.__module__} import build; build()")
    server = start(variables, subprocess.DEVNULL)
    try:
        wait_for_health(server, port)
        with ExitStack() as browsers:
            yield both_logged_in(browsers, f"http://localhost:{port}")
    finally:
        server.terminate()
        server.wait(timeout=30)


def manage(variables: dict[str, str], *arguments: str) -> None:
    """A management command of that product."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=BASE_DIR, env=variables, check=True)


def both_logged_in(browsers: ExitStack, site: str) -> Pair:
    ana, beto = (browsers.enter_context(somebody(site)) for _email in CUSTOMERS)
    for person, email in zip((ana, beto), CUSTOMERS, strict=True):
        logs_in(person, email)
    return ana, beto


def logs_in(person: Person, email: str) -> None:
    person.opens("/login/")
    person.types("username", email)
    person.types("password", PASSWORD)
    person.presses_enter("password")
    person.sees(PRODUCT)
    person.finds(RESERVE)


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_by_asking_now_and_then(customers: Pair):
    ana, beto = customers
    takes_it_and_gives_it_back(ana, beto)
    lets_it_lapse(ana, beto)

    number = takes_it_and_pays(ana, beto)
    drain()

    the_bell_rings(ana)
    assert Order.objects.get().number == number
    assert PromoUnit.objects.get().sold_at is not None


@pytest.mark.once
def test_on_the_whole_product(customers_of_the_product: Pair):
    ana, beto = customers_of_the_product
    takes_it_and_gives_it_back(ana, beto)

    assert takes_it_and_pays(ana, beto)

    the_bell_rings(ana)


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_what_sockets_say_is_shown_at_once(person: Person):
    promo = build()
    person.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SPOKEN_FOR})
    logs_in(person, CUSTOMERS[0])
    of_promo, own = f"/ws/promotions/{promo.pk}/", "/ws/notifications/"
    units = {"type": "promotion", "promo": str(promo.pk), "state": "running", "units_left": 1}

    hears(person, of_promo, {**units, "units_free": 0, "next_lapse_in": 42})
    person.sees(f"{TAKEN} 0:4")
    hears(person, of_promo, {**units, "units_free": 1, "next_lapse_in": None})
    person.finds(RESERVE)
    assert person.misses(TAKEN)

    note = {"id": "51", "kind": "flash_started", "title": "It has begun", "body": "Near you.", "created_at": ""}
    for _time in range(2):
        hears(person, own, {"type": "notification", "notification": note, "cursor": "c-51"})
    hears(person, own, {"type": "unread", "unread_count": 7})
    hears(person, own, {"type": "ping"})
    person.sees("It has begun")
    assert len(person.driver.find_elements(By.CSS_SELECTOR, ".toast")) == 1
    assert person.finds("[data-unread]").text == "7"
    socket = person.driver.execute_script("const {url, sent} = sockets[arguments[0]]; return {url, sent}", own)
    assert parse_qs(socket["url"].partition("?")[2]).keys() == {"ticket"}
    assert socket["sent"] == [{"type": "pong"}]


def hears(person: Person, path: str, message: dict[str, Any]) -> None:
    """Their page gets the message as soon as it has that socket."""
    person.waits(lambda: person.driver.execute_script("return arguments[0] in sockets || null", path))
    say = "sockets[arguments[0]].dispatchEvent(new MessageEvent('message', {data: arguments[1]}))"
    person.driver.execute_script(say, path, json.dumps(message))


def takes_it_and_gives_it_back(ana: Person, beto: Person) -> None:
    ana.clicks(RESERVE)
    ana.sees(YOURS)
    beto.sees(TAKEN)
    assert not any(button.is_displayed() for button in beto.driver.find_elements(By.CSS_SELECTOR, RESERVE))
    ana.clicks(GIVE_BACK)
    ana.finds(RESERVE)
    beto.finds(RESERVE)
    assert beto.misses(TAKEN)


def lets_it_lapse(ana: Person, beto: Person) -> None:
    ana.clicks(RESERVE)
    beto.sees(TAKEN)
    let_lapse(Reservation.objects.get(state="held").pk)
    beto.finds(RESERVE)
    ana.finds(RESERVE)
    assert ana.misses(YOURS)


def takes_it_and_pays(ana: Person, beto: Person) -> str:
    """The number of the order."""
    ana.clicks(RESERVE)
    ana.clicks(PAY)
    number = ana.finds("[data-order]").text
    ana.sees("$301.00")
    beto.sees("Sold out")
    ana.takes_a_picture("storefront-paid")
    return number


def the_bell_rings(ana: Person) -> None:
    """What was bought is told, counted, and read."""
    assert int(ana.finds("[data-unread]").text) >= 1
    ana.finds(".toast")
    ana.clicks(".bell__button")
    ana.clicks("#inbox .notices__all button")
    assert ana.waits(lambda: not ana.driver.find_element(By.CSS_SELECTOR, "[data-unread]").is_displayed())
