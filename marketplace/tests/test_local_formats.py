"""Amounts, numbers and days on everything a person reads, in both languages and both manners of Spanish.

`comma` makes Spanish write as in Spain and South America: what writes a number by itself keeps its point and is found.
"""

import io
from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import translation
from django.utils.formats import reset_format_cache
from pypdf import PdfReader

from funds.ledger.errors import InsufficientFundsError
from funds.ledger.tests.factories import customer_with
from funds.wallets.statement_files import csv_of, pdf_of
from funds.wallets.statements import statement_for
from marketplace.core.admin_forms import refusal_text as said_in_the_back_office
from marketplace.core.clock import platform_day
from marketplace.core.http.fields import money_json
from marketplace.core.http.problems import refusal_text
from marketplace.core.money import Money
from marketplace.formats.es import formats as spanish
from notifications.delivery.by_push import note_for
from notifications.delivery.mail import mail_for
from notifications.delivery.values import Recipient
from notifications.inbox.tests.factories import MessageFactory
from promotions.rules.conditions import rule_refusal_text
from purchases.autobuy import outcomes
from stores.catalog.tests.factories import VariantFactory
from stores.procurement.documents import document_of
from stores.procurement.tests.factories import placed, supplier_of
from users import facade as users
from users.customers.tests.factories import make_customer
from users.models import User

pytestmark = pytest.mark.once

SUM = Money(123_450, "MXN")
AMOUNTS = {"en": "1,234.50", "es": "1,234.50", "es with a comma": "1.234,50"}
DAYS = {"en": "2026-02-03", "es": "03/02/2026"}


@pytest.fixture(params=AMOUNTS)
def manner(request, monkeypatch):
    """The language and how it writes 1234.5: `("es", "1.234,50")`."""
    language = request.param[:2]
    if request.param.endswith("comma"):
        monkeypatch.setattr(spanish, "DECIMAL_SEPARATOR", ",")
        monkeypatch.setattr(spanish, "THOUSAND_SEPARATOR", ".")
    reset_format_cache()
    with translation.override(language):
        yield language, AMOUNTS[request.param]
    reset_format_cache()


def stored(money: Money) -> dict[str, object]:
    """As a message keeps it."""
    return {"minor": money.minor, "currency": money.currency}


def words_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.django_db
def test_mails_and_push_texts(manner):
    language, amount = manner
    user = make_customer(profile={"language": language})
    contact = users.contacts([user.pk])[user.pk]
    message = MessageFactory(kind="withdrawal_settled", params={"amount": stored(SUM)})

    mail = mail_for(message, contact)
    note = note_for(message, Recipient(contact, 1))

    for text in (mail.subject, mail.body, str(mail.alternatives[0][0]), note.title, note.body):
        assert f"{amount} MXN" in text


@pytest.mark.django_db
def test_the_weekly_mail(manner):
    language, amount = manner
    user = make_customer(profile={"language": language})
    week = {"starts_on": "2026-02-03", "incoming": stored(SUM), "outgoing": stored(SUM)}
    params = {
        **{"from": "2026-02-03", "to": "2026-02-03", "bought_count": 1, "wish_count": 1, "cheaper_count": 0},
        **{"incoming": stored(SUM), "outgoing": stored(SUM), "weeks": [week]},
        "bought": [{"title": "Lamp", "cost": stored(SUM)}],
        "wishes": [{"title": "Chair", "price": stored(SUM), "before": stored(Money(246_900, "MXN"))}],
        "pots": [{"list": "Home", "amount": stored(SUM)}],
    }

    mail = mail_for(MessageFactory(kind="weekly_summary", params=params), users.contacts([user.pk])[user.pk])

    html = str(mail.alternatives[0][0])
    assert mail.subject.count(DAYS[language]) == 2
    assert html.count(amount) >= 6
    assert DAYS[language] in html
    for text in (mail.subject, mail.body, html):
        assert "1234.50" not in text


@pytest.mark.django_db
def test_moments_in_messages_are_by_the_customers_clock_and_in_their_manner(manner):
    language, _amount = manner
    user = make_customer(profile={"language": language})
    params = {"points": 12, "until": "2026-02-03 18:00 CST"}

    mail = mail_for(MessageFactory(kind="points_expiring", params=params), users.contacts([user.pk])[user.pk])

    assert f"{DAYS[language]} 18:00 CST" in mail.body


def test_the_storefront(manner):
    _language, amount = manner
    page = Template("{% load storefront %}{{ price|amount }} {{ far|distance }}")

    text = page.render(Context({"price": SUM, "far": 1.24}))

    point = amount[-3]
    assert text == f"${amount} 1{point}2 km"


def test_pages_of_the_back_office_write_amounts_with_the_filter(manner):
    _language, amount = manner

    assert Template("{% load formatting %}{{ sum|money }}").render(Context({"sum": SUM})) == f"{amount} MXN"
    assert Template("{% load formatting %}{{ sum|money }}").render(Context({"sum": None})) == "–"


@pytest.mark.django_db
def test_a_list_of_the_back_office(manner):
    language, amount = manner
    VariantFactory(price_minor=SUM.minor, currency="MXN")
    office = Client(headers={"Accept-Language": language})
    office.force_login(User.objects.create_superuser("boss@example.com", "a long enough secret"))

    page = office.get("/admin/stores/variant/").content.decode()

    assert f"{amount} MXN" in page
    assert "1234.50" not in page


@pytest.mark.django_db
def test_a_statement_on_paper_is_for_people_and_its_csv_for_programs(manner):
    language, amount = manner
    today = platform_day(datetime.now(UTC))
    customer = customer_with(SUM.minor)
    statement = statement_for(customer_id=customer, holder="Ana", currency="MXN", since=today, until=today)

    paper, table = words_of(pdf_of(statement, language)), "".join(csv_of(statement, language))

    assert paper.count(amount) == 3  # the deposit, the balance after it, the closing balance
    assert (f"{today:%d/%m/%Y}" if language == "es" else f"{today}") in paper
    assert "…" not in paper
    assert (table.count("1234.50"), table.count(str(today))) == (3, 3)


@pytest.mark.django_db
def test_an_order_to_a_supplier(manner):
    language, amount = manner
    variant = VariantFactory()
    order = placed(variant, 1, supplier=supplier_of(variant, language=language))
    order.lines.update(unit_cost_minor=SUM.minor)

    paper = words_of(document_of(order, "pdf").content)

    assert paper.count(amount) == 3  # a unit, the line, the order
    assert "1234.50" not in paper
    assert {"en": "Unit cost", "es": "Costo unitario"}[language] in paper


def test_refusals(manner):
    _language, amount = manner
    error = InsufficientFundsError(missing="1234.50", currency="MXN")

    assert f"{amount} MXN" in refusal_text(error)
    assert f"{amount} MXN" in said_in_the_back_office(error)
    assert f"{amount} MXN" in rule_refusal_text("min_ticket", {"missing": str(SUM)})


def test_why_something_was_not_bought(manner):
    language, amount = manner
    params = outcomes.kept({"price": SUM, "until": datetime(2026, 2, 3, 18, tzinfo=UTC)})

    said = outcomes.sentence(outcomes.DECLINED, params)

    assert f"{amount} MXN" in said
    assert f"{DAYS[language]} 18:00" in said


def test_what_programs_read_is_the_same_in_every_language(manner):
    assert money_json(SUM) == {"amount": "1234.50", "currency": "MXN"}
    assert str(SUM) == "1234.50 MXN"
    assert str(date(2026, 2, 3)) == "2026-02-03"
