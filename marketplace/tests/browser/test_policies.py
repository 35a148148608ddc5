"""Pages work under their Content-Security-Policy. (Each test of this folder ends with that question as well.)"""

from typing import Any

import pytest

from users.accounts.tests.factories import AdministratorFactory

from .person import Person
from .storefront_world import CUSTOMERS, build
from .test_a_broadcast import comes_in
from .test_storefront import logs_in

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

CHARTS_ARE_DRAWN = """
const drawn = [...document.querySelectorAll("canvas.chart")].filter((canvas) => Chart.getChart(canvas));
return drawn.length || null;
"""
ADD_A_SCRIPT = """
const script = document.createElement("script");
script.textContent = "window.itRan = true";
document.body.append(script);
return window.itRan === true;
"""


def test_swagger_is_drawn_without_a_refusal(person: Person):
    person.opens("/docs/")
    person.finds(".info .title")
    person.clicks(".opblock-tag")
    person.finds(".opblock-summary")

    assert person.refusals() == []


def test_redoc_is_drawn_without_a_refusal(person: Person):
    person.opens("/redoc/")
    # Not the page's text: it is some megabytes.
    person.finds("#redoc .api-content h1")

    assert person.refusals() == []


def test_the_dashboard_draws_its_charts_without_a_refusal(person: Person, settings: Any):
    settings.ADMIN_SECOND_FACTOR = "optional"
    comes_in(person, AdministratorFactory.create())

    person.opens("/admin/")
    person.waits(lambda: person.driver.execute_script(CHARTS_ARE_DRAWN))
    person.opens("/admin/analytics/")
    person.finds("h1, main")
    person.opens("/admin/users/user/")
    person.finds("#result_list")

    assert person.refusals() == []


def test_the_storefront_runs_without_a_refusal(person: Person):
    build()
    logs_in(person, CUSTOMERS[0])

    person.clicks(".bell__button")
    person.finds("#inbox")

    assert person.refusals() == []


@pytest.mark.parametrize("path", ["/login/", "/admin/login/", "/docs/"])
def test_a_script_that_somebody_wrote_into_a_page_does_not_run(person: Person, path: str):
    person.opens(path)

    assert person.driver.execute_script(ADD_A_SCRIPT) is False
    assert "script" in " ".join(person.refusals())
