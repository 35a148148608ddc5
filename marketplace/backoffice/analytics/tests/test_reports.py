"""The doors of the reports: who comes in, what may be asked, files, links to rows, the page."""

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from marketplace.backoffice.analytics.presenting import as_csv
from marketplace.backoffice.analytics.reports import REPORTS
from marketplace.backoffice.analytics.values import COUNT, TEXT, Column, Figure, Period, Report, Row, Table
from purchases.sales_days.services import add_up_all, touch_everything
from purchases.sales_days.tests.factories import BEGINS, sold
from stores.catalog.tests.factories import VariantFactory
from stores.merchants.tests.factories import StoreFactory
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UserFactory

from .factories import random_house

pytestmark = pytest.mark.django_db
MARCH = {"from": "2026-03-01", "to": "2026-03-07"}


def path(report: str) -> str:
    return f"/api/v1/admin/analytics/{report}/"


def api(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def page_for(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def staff_who_may(*codenames: str) -> Any:
    person = StaffFactory.create()
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return person


def addresses(report: dict[str, Any]) -> list[str]:
    """Every link of a report."""
    of_rows = [row["url"] for table in report["tables"].values() for row in table["rows"]]
    return [url for url in [*(each["url"] for each in report["figures"].values()), *of_rows] if url]


@pytest.mark.parametrize("report", REPORTS)
def test_an_empty_house_has_reports(report):
    answer = api(AdministratorFactory()).get(path(report))

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer.json()["report"] == report
    assert answer.json()["figures"]


def test_days_are_the_last_thirty_and_those_before():
    with time_machine.travel("2026-03-31T03:00:00Z", tick=False):  # still the 30th in Mexico City
        found = api(AdministratorFactory()).get(path("overview")).json()

    assert (found["from"], found["to"]) == ("2026-03-01", "2026-03-30")
    assert found["compared_with"] == {"from": "2026-01-30", "to": "2026-02-28"}


@pytest.mark.parametrize(
    ("compare", "with_days"),
    [
        ("previous", {"from": "2026-02-22", "to": "2026-02-28"}),
        ("year", {"from": "2025-03-02", "to": "2025-03-08"}),
        ("none", None),
    ],
)
def test_what_it_is_compared_with(compare, with_days):
    found = api(AdministratorFactory()).get(path("overview"), {**MARCH, "compare": compare}).json()

    assert found["compared_with"] == with_days
    assert (found["figures"]["orders"]["before"] is None) == (compare == "none")
    assert (found["series"]["orders"]["before"] == []) == (compare == "none")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-03-08", "to": "2026-03-07"}, "from"),
        ({"from": "2025-01-01", "to": "2026-03-07"}, "from"),
        ({"from": "1999-12-31"}, "from"),
        ({"from": "03/01/2026"}, "from"),
        ({"to": "9999-99-99"}, "to"),
        ({"compare": "everything"}, "compare"),
        ({"currency": "mxn"}, "currency"),
        ({"format": "xml"}, "format"),
    ],
)
@pytest.mark.parametrize("report", ["overview", "funds"])
def test_questions_that_make_no_sense(query, field, report):
    answer = api(AdministratorFactory()).get(path(report), query)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"to": "0001-01-01"}, 400),
        ({"from": "9999-12-31"}, 400),
        ({"to": "9999-12-31"}, 400),
        ({"to": "2000-01-01"}, 200),
        ({"from": "2100-12-31"}, 200),
    ],
)
@pytest.mark.parametrize("report", REPORTS)
def test_the_ends_of_time(query, status, report):
    assert api(AdministratorFactory()).get(path(report), query).status_code == status


def test_who_may_see_sales_sees_no_money_and_no_members():
    clerk = api(staff_who_may("view_dailysales"))

    found = clerk.get(path("overview"), MARCH).json()

    assert {"revenue", "orders", "average_ticket"} <= set(found["figures"])
    assert not {"wallets", "loyalty_members", "stock_items", "promotion_lift", "ctr"} & set(found["figures"])
    assert set(found["tables"]) == {"sales_by_source"}
    assert [clerk.get(path(report)).status_code for report in REPORTS] == [200, 403, 403, 403, 403]


@pytest.mark.parametrize(("who", "status"), [(None, 401), (UserFactory, 403), (StaffFactory, 403)])
@pytest.mark.parametrize("report", REPORTS)
def test_others_see_nothing(who, status, report):
    client = APIClient() if who is None else api(who())

    assert client.get(path(report)).status_code == status


def test_a_part_of_an_answer():
    found = api(AdministratorFactory()).get(path("overview"), {"fields": "figures,from"}).json()

    assert set(found) == {"figures", "from"}


# --- links


@pytest.mark.once
def test_every_link_of_every_report_leads_to_a_page_and_orders_to_exactly_theirs():
    random_house(12)
    boss = AdministratorFactory.create()
    browser = page_for(boss)
    query = {"from": "2026-03-11", "to": "2026-03-20"}

    for report in REPORTS:
        found = api(boss).get(path(report), query).json()
        links = addresses(found)
        assert links or report == "loyalty"  # whose pages are loyalty's own
        # The rules of the random month are nobody's rows.
        for link in sorted({link for link in links if "/change/" not in link}):
            answer = browser.get(link)
            assert answer.status_code == 200, link
            assert "e=1" not in answer.get("Location", ""), link
    overview = api(boss).get(path("overview"), query).json()
    figure = overview["figures"]["orders"]
    assert browser.get(figure["url"]).context["cl"].queryset.count() == figure["value"] > 10
    for row in overview["tables"]["sales_by_source"]["rows"]:
        assert browser.get(row["url"]).context["cl"].queryset.count() == row["values"]["orders"]
    levels = api(boss).get(path("loyalty"), query).json()["tables"]["loyalty_levels"]["rows"]
    assert levels
    low = overview["figures"]["units"]["url"]
    rows = browser.get(low).context["cl"].queryset
    assert sum(row.units for row in rows) == overview["figures"]["units"]["value"]


# --- files


def cells(client: Any, address: str, query: dict[str, str]) -> list[list[str]]:
    answer = client.get(address, {**query, "format": "csv"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_a_file_says_what_the_answer_says():
    sold([VariantFactory(price_minor=12_345)], at=BEGINS + timedelta(days=2), quantities=[2])
    touch_everything()
    add_up_all()
    boss = AdministratorFactory.create()

    rows = cells(api(boss), path("overview"), MARCH)

    assert rows[:2] == [["Overview", "MXN"], ["From", "2026-03-01", "to", "2026-03-07"]]
    assert ["Revenue", "246.90", "0.00", ""] in rows
    assert ["2026-03-03", "246.90", "0.00"] in rows
    assert ["checkout", "1", "246.90", "246.90"] in rows
    assert cells(page_for(boss), reverse("backoffice:analytics", args=["overview"]), MARCH) == rows


def test_names_that_a_spreadsheet_would_run_are_neutralised():
    store = StoreFactory(name='=HYPERLINK("http://evil.example","x")')
    sold([VariantFactory(product__store=store)], at=BEGINS)
    touch_everything()
    add_up_all()

    rows = cells(api(AdministratorFactory()), path("funds"), MARCH)

    (row,) = [row for row in rows if row and "HYPERLINK" in row[0]]
    assert row[0] == '\'=HYPERLINK("http://evil.example","x")'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "|x", "'x"])
def test_texts_are_neutralised_and_negative_numbers_are_not(text):
    table = Table("t", text, (Column("a", text), Column("b", "b", COUNT)), (Row((text, -3)),))
    report = Report("r", text, Period(date(2026, 1, 1), date(2026, 1, 1)), "MXN", (Figure("f", text, TEXT, text),))
    lines = "".join(as_csv(Report(**{**{n: getattr(report, n) for n in report.__slots__}, "tables": (table,)})))

    found = list(csv.reader(io.StringIO(lines[1:])))

    assert ["'" + text, "-3"] in found
    assert not [row for row in found if row and row[0] == text]


# --- the page


def test_the_page_shows_figures_charts_tables_and_keeps_the_days():
    sold([VariantFactory(price_minor=12_345)], at=BEGINS + timedelta(days=2), quantities=[2])
    touch_everything()
    add_up_all()
    browser = page_for(AdministratorFactory())

    page = browser.get(reverse("backoffice:analytics", args=["overview"]), {**MARCH, "compare": "year"})

    text = page.content.decode()
    assert "246.90 MXN" in text
    assert [chart["kind"] for chart in page.context["charts"][:4]] == ["line", "line", "line", "bar"]
    bars = [
        json.loads(chart["data"])["datasets"][0]["data"] for chart in page.context["charts"] if chart["kind"] == "bar"
    ]
    assert not any(value is None for values in bars for value in values)
    assert 'value="2026-03-01"' in text
    assert all("from=2026-03-01" in address and "compare=year" in address for _t, address, _h in page.context["tabs"])
    assert text.count('aria-current="page"') >= 1
    assert f'href="{reverse("backoffice:analytics", args=["overview"])}"' in browser.get("/admin/").content.decode()


@pytest.mark.parametrize("report", REPORTS)
def test_each_report_has_a_page_in_spanish_too(report):
    browser = page_for(AdministratorFactory())

    page = browser.get(
        reverse("backoffice:analytics", args=[report]),
        {"from": "2026-03-11", "to": "2026-03-20"},
        headers={"Accept-Language": "es"},
    )

    assert page.status_code == 200
    assert "Descargar como CSV" in page.content.decode()


def test_a_page_for_days_that_make_no_sense_says_so_and_shows_the_usual_ones():
    page = page_for(AdministratorFactory()).get(
        reverse("backoffice:analytics", args=["overview"]), {"from": "2026-03-08", "to": "2026-03-01"}
    )

    assert page.status_code == 200
    assert "must not come after" in page.content.decode()
    assert (page.context["report"].period.last - page.context["report"].period.first).days == 29


def test_pages_are_for_those_who_may_see_the_rows():
    clerk = page_for(staff_who_may("view_account"))

    assert clerk.get(reverse("backoffice:analytics", args=["funds"])).status_code == 200
    assert clerk.get(reverse("backoffice:analytics", args=["overview"])).status_code == 403
    assert clerk.get(reverse("backoffice:analytics", args=["secrets"])).status_code == 404
    assert page_for(UserFactory()).get(reverse("backoffice:analytics", args=["funds"])).status_code == 302
    assert reverse("backoffice:analytics", args=["funds"]) in clerk.get("/admin/").content.decode()
    assert "/analytics/" not in page_for(StaffFactory()).get("/admin/").content.decode()


def test_a_report_costs_the_same_few_queries_however_much_was_sold(django_assert_max_num_queries):
    random_house(14)
    boss = api(AdministratorFactory())
    boss.get(path("overview"), MARCH)

    with django_assert_max_num_queries(45):
        boss.get(path("overview"), {"from": "2026-03-01", "to": "2026-03-30"})
