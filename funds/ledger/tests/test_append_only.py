"""What is written down stays: by trigger, whoever asks."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from funds.facade import pay_order
from funds.ledger.models import Account, Journal, Posting
from marketplace.core import append_only
from marketplace.core.money import Money

from .factories import customer_with

TABLES = [Journal._meta.db_table, Posting._meta.db_table]


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
@pytest.mark.parametrize("table", TABLES)
def test_the_books_cannot_be_rewritten(table, statement):
    customer_with(1_00)

    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))

    assert Posting.objects.count() == Journal.objects.count() == 1


def test_the_triggers_are_watched():
    assert set(TABLES) <= set(append_only.protected_tables())
    assert append_only.missing_triggers() == []


@pytest.mark.parametrize(
    "change",
    [{"posted": -1}, {"held": 101_00}, {"held": -1}],
    ids=["below zero", "more held than there is", "negative hold"],
)
def test_the_database_itself_keeps_the_floor(change):
    customer = customer_with(100_00)

    with pytest.raises(DatabaseError), transaction.atomic():
        Account.objects.filter(owner_id=customer).update(**change)

    pay_order(order_id=uuid4(), customer_id=customer, total=Money(100_00, "MXN"))


@pytest.mark.parametrize("amount", [0, -5])
def test_the_database_refuses_postings_of_nothing(amount):
    customer_with(1_00)
    row = Posting.objects.get()

    with pytest.raises(DatabaseError), transaction.atomic():
        Posting.objects.create(
            journal=row.journal, debit_id=row.debit_id, credit_id=row.credit_id, currency="MXN", amount=amount
        )


def test_the_database_refuses_postings_with_one_side():
    customer_with(1_00)
    row = Posting.objects.get()

    with pytest.raises(DatabaseError), transaction.atomic():
        Posting.objects.create(
            journal=row.journal, debit_id=row.debit_id, credit_id=row.debit_id, currency="MXN", amount=1
        )
