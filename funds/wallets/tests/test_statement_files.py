"""The statement as a file: what is in it, and what a spreadsheet may not run."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pypdf import PdfReader

from funds.facade import pay_order
from funds.ledger.models import Journal, Posting
from funds.ledger.tests.factories import customer_with
from funds.payments.services import fund_wallets
from funds.wallets import statement_files
from funds.wallets.errors import StatementTooLongError
from funds.wallets.models import StatementNote
from funds.wallets.statement_files import pdf_of
from funds.wallets.statements import CHUNK, statement_for
from marketplace.core import append_only
from marketplace.core.clock import platform_day
from marketplace.core.money import Money
from users.customers.models import CustomerProfile
from users.models import User

from .http import signed_in, url

pytestmark = pytest.mark.django_db


def export(customer, language: str = "en", **query):
    headers = {"Accept-Language": language} if language else {}
    return signed_in(customer).get(url("transactions/export/"), query, headers=headers)


def rows_of(answer) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def text_of(answer) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)


def spend(customer, minor: int, note: str = "", currency: str = "MXN") -> Posting:
    receipt = pay_order(order_id=uuid4(), customer_id=customer, total=Money(minor, currency))
    assert receipt.journal_id is not None
    posting = Posting.objects.get(journal_id=receipt.journal_id)
    if note:
        StatementNote.objects.create(posting=posting, customer_id=customer, text=note)
    return posting


def book_on(moment: datetime, *postings: Posting) -> None:
    with append_only.lifted():
        Journal.objects.filter(postings__in=[posting.pk for posting in postings]).update(created_at=moment)


def today() -> date:
    return platform_day(timezone.now())


def test_every_line_between_opening_and_closing_balance():
    customer = customer_with(500_00)
    first, second = spend(customer, 89_90, "bread"), spend(customer, 10)

    answer = export(customer)
    header, opening, deposit, bread, other, closing = rows_of(answer)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    name = f"statement-MXN-{today() - timedelta(days=29)}-{today()}.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert header == ["Date", "Number", "What", "Amount (MXN)", "Balance (MXN)", "Reference", "Note"]
    assert opening == [str(today() - timedelta(days=29)), "", "Opening balance", "", "0.00", "", ""]
    assert deposit[2:5] == ["deposit", "500.00", "500.00"]
    assert bread[1:5] == [str(first.pk), "order payment", "-89.90", "410.10"]
    assert bread[5:] == [first.journal.source, "bread"]
    assert other[1:5] == [str(second.pk), "order payment", "-0.10", "410.00"]
    assert closing == [str(today()), "", "Closing balance", "", "410.00", "", ""]
    assert datetime.fromisoformat(bread[0]).utcoffset() == timedelta(hours=-6)


FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "|x", "%x", '=HYPERLINK("x")']


@pytest.mark.parametrize("note", FORMULAS)
def test_no_spreadsheet_runs_a_note(note):
    customer = customer_with(100)
    spend(customer, 1, note)

    line = rows_of(export(customer))[-2]

    assert line[6].startswith("'")
    assert line[3] == "-0.01"


@pytest.mark.parametrize("note", ["a,b", 'say "hi"', "Peña ¥ 5", "zwei\nZeilen", "🍞"])
def test_other_notes_are_kept(note):
    customer = customer_with(100)
    spend(customer, 1, note)

    assert rows_of(export(customer))[-2][6] == " ".join(note.split())


def test_days_are_the_platforms_and_both_are_included():
    customer = customer_with(100)
    opened = Posting.objects.get()
    inside, after = spend(customer, 10), spend(customer, 1)
    # Midnight in Mexico City is six in the morning, UTC.
    book_on(datetime(2026, 1, 31, 5, 59, 59, tzinfo=UTC), opened)
    book_on(datetime(2026, 1, 31, 6, tzinfo=UTC), inside)
    book_on(datetime(2026, 2, 1, 6, tzinfo=UTC), after)

    day = rows_of(export(customer, since="2026-01-31", until="2026-01-31"))
    quiet = rows_of(export(customer, since="2026-03-01", until="2026-03-02"))
    before = rows_of(export(customer, since="2025-01-01", until="2025-01-31"))

    assert [row[3:5] for row in day[1:]] == [["", "1.00"], ["-0.10", "0.90"], ["", "0.90"]]
    assert [row[3:5] for row in quiet[1:]] == [["", "0.89"], ["", "0.89"]]
    assert [row[3:5] for row in before[1:]] == [["", "0.00"], ["", "0.00"]]


def test_one_wallet_at_a_time():
    customer = customer_with(100)
    fund_wallets(rows=[(customer, Money(700, "JPY"), uuid4().hex)])
    spend(customer, 5, currency="JPY")

    rows = rows_of(export(customer, currency="JPY"))

    assert [row[3:5] for row in rows] == [
        ["Amount (JPY)", "Balance (JPY)"],
        ["", "0"],
        ["700", "700"],
        ["-5", "695"],
        ["", "695"],
    ]


def test_it_is_ones_own(api):
    spend(customer_with(100), 1, "secret")

    assert api.get(url("transactions/export/")).status_code == 401
    assert len(rows_of(export(customer_with()))) == 3


def test_it_is_read_piece_by_piece(django_assert_num_queries):
    customer = customer_with(10)
    fund_wallets(rows=[(customer, Money(1, "MXN"), f"{uuid4().hex}") for _ in range(CHUNK + 1)])
    statement = statement_for(
        customer_id=customer, holder="Ana", currency="MXN", since=today(), until=today() + timedelta(days=1)
    )

    with django_assert_num_queries(3):
        lines = list(statement.lines())

    assert len(lines) == CHUNK + 2
    assert lines[-1].balance == statement.closing == Money(10 + CHUNK + 1, "MXN")


def test_the_pdf_has_names_and_signs_of_many_alphabets():
    customer = customer_with(500_00)
    User.objects.filter(pk=customer).update(name="Íñigo Peña Żółć Ψυχή")
    spend(customer, 89_90, "Peña ¥")

    answer = export(customer, file="pdf")
    text = text_of(answer)

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].endswith('.pdf"')
    for found in ("Íñigo Peña Żółć Ψυχή", "order payment: Peña ¥", "-89.90", "410.10", "Opening balance", "Page 1 / 1"):
        assert found in text


def test_a_long_pdf_has_pages_and_too_long_a_one_is_refused(monkeypatch):
    customer = customer_with(10)
    fund_wallets(rows=[(customer, Money(1, "MXN"), uuid4().hex) for _ in range(60)])
    statement = statement_for(customer_id=customer, holder="Ana", currency="MXN", since=today(), until=today())

    assert len(PdfReader(io.BytesIO(pdf_of(statement, "en"))).pages) == 2
    monkeypatch.setattr(statement_files, "MAX_PDF_LINES", 60)
    with pytest.raises(StatementTooLongError):
        pdf_of(statement, "en")
    refused = export(customer, file="pdf")
    assert (refused.status_code, refused.json()["code"]) == (400, "statement_too_long")
    assert refused["Content-Type"] == "application/problem+json"


def test_a_text_too_wide_for_its_column_is_cut():
    customer = customer_with(10)
    spend(customer, 1, "W" * 200)

    text = text_of(export(customer, file="pdf"))

    assert "WWW…" in text
    assert "W" * 60 not in text


@pytest.mark.parametrize("file", ["csv", "pdf"])
def test_the_words_are_the_customers(file):
    customer = customer_with(10)
    profile, _is_new = CustomerProfile.objects.get_or_create(user_id=customer)
    profile.language = "es"
    profile.save()

    def words(language: str) -> str:
        answer = export(customer, language, file=file)
        return text_of(answer) if file == "pdf" else str(rows_of(answer))

    assert "Saldo inicial" in words("")
    assert "Opening balance" in words("en")
    assert "depósito" in words("es")


@pytest.mark.parametrize(
    "query",
    [
        {"file": "xls"},
        {"file": ""},
        {"currency": "XXX"},
        {"currency": "mxn"},
        {"since": "yesterday"},
        {"since": "2026-02-30"},
        {"since": "２０２６-01-01"},
        {"since": "2026-01-31", "until": "2026-01-30"},
        {"since": "2025-01-01", "until": "2026-01-02"},
        {"since": "0001-01-01", "until": "0001-01-02"},
        {"since": "9999-12-30", "until": "9999-12-31"},
        {"since": "2026-01-01\x00"},
    ],
    ids=str,
)
def test_bad_questions_are_refused(query):
    answer = export(customer_with(), **query)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_a_leap_year_fits():
    assert len(rows_of(export(customer_with(), since="2024-01-01", until="2024-12-31"))) == 3
