"""Two customers before one unit: one takes it, the other sees it go and come back.

Once on the test's own server, which has no sockets: the pages ask now and then. Once on the embedded layout as
`make run` starts it: with sockets, where the product has them. What is awaited is the same.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from marketplace.core.outbox.relay import drain
from marketplace.embedded.tests.servers import environment, free_port, start, wait_for_health
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
    manage(variables, "migrate", "--verbosity=0")
    manage(variables, "shell", "-c", f"from {build.__module__} import build; build()")
    server = start(variables)
    try:
        wait_for_health(server, port)
        with ExitStack() as browsers:
            yield both_logged_in(browsers, f"http://localhost:{port}")
    finally:
        server.terminate()
        server.communicate(timeout=30)


def manage(variables: dict[str, str], *arguments: str) -> None:
    """A management command of that product."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=BASE_DIR, env=variables, check=True)


def both_logged_in(browsers: ExitStack, site: str) -> Pair:
    ana, beto = (browsers.enter_context(somebody(site)) for _email in CUSTOMERS)
    for person, email in zip((ana, beto), CUSTOMERS, strict=True):
        person.opens("/login/")
        person.types("username", email)
        person.types("password", PASSWORD)
        person.presses_enter("password")
        person.sees(PRODUCT)
        person.finds(RESERVE)
    return ana, beto


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


def test_on_the_whole_product(customers_of_the_product: Pair):
    ana, beto = customers_of_the_product
    takes_it_and_gives_it_back(ana, beto)

    assert takes_it_and_pays(ana, beto)

    the_bell_rings(ana)


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
