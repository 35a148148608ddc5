"""PostgreSQL: the role that the application connects as posts transfers and cannot bend what is written down."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from funds.ledger.models import AccountKind, Journal, JournalKind, Posting
from funds.ledger.services import (
    capture_hold,
    place_hold,
    post_transfer,
    post_transfers,
    release_hold,
    reverse_transfer,
    roll_up_deltas,
)
from funds.ledger.terms import AccountKey, Leg, Transfer
from funds.wallets.services import pay_order
from marketplace.core.money import Money

from .factories import customer_with, posted_and_held, wallet

pytestmark = pytest.mark.postgres

REFUSED = r"permission denied|must be owner"
ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def role() -> str:
    name = f"app_{uuid4().hex[:8]}"
    sql(f"CREATE ROLE {name} LOGIN")
    return name


@pytest.fixture
def _as_application(role) -> Iterator[None]:
    call_command("grant_application_role", role, verbosity=0)
    sql(f"SET ROLE {role}")
    yield
    sql("RESET ROLE")


@pytest.mark.usefixtures("_as_application")
def test_the_application_moves_money():
    customer = customer_with(1000)
    leg = Leg(wallet(customer), ESCROW, Money(100, "MXN"))

    posted = post_transfer(scope="test", key="one", kind=JournalKind.TRANSFER, legs=[leg])
    post_transfers(transfers=[Transfer("test", f"many-{n}", JournalKind.TRANSFER, (leg, leg)) for n in range(2)])
    holds = [
        place_hold(
            scope="test",
            key=f"hold-{n}",
            payer=leg.debit,
            payee=ESCROW,
            amount=Money(50, "MXN"),
            lasts=timedelta(minutes=1),
        )
        for n in range(2)
    ]
    capture_hold(hold_id=holds[0].hold_id, key="")
    release_hold(hold_id=holds[1].hold_id)
    reverse_transfer(journal_id=posted.journal_id)
    pay_order(order_id=uuid4(), customer_id=customer, total=Money(10, "MXN"))
    roll_up_deltas()

    assert posted_and_held(customer) == (1000 - 400 - 50 - 10, 0)


@pytest.mark.usefixtures("_as_application")
@pytest.mark.parametrize("table", ["funds_posting", "funds_journal"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET id = id",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "ALTER TABLE {} DISABLE TRIGGER {}_append_only",
        "DROP TRIGGER {}_append_only ON {}",
        "ALTER TABLE {} RENAME TO something",
        "DROP TABLE {}",
        "CREATE TRIGGER other BEFORE UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION core_refuse_change()",
        "SELECT * FROM {} FOR UPDATE",
    ],
)
def test_the_application_cannot_bend_the_books(table, statement):
    customer_with(1000)
    before = [list(model.objects.order_by("pk").values()) for model in (Posting, Journal)]

    with pytest.raises(ProgrammingError, match=REFUSED), transaction.atomic():
        sql(statement.replace("{}", table))

    assert [list(model.objects.order_by("pk").values()) for model in (Posting, Journal)] == before


@pytest.mark.usefixtures("_as_application")
@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "DROP FUNCTION core_refuse_change() CASCADE",
        "CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE sql AS $$ SELECT NULL $$",
        "CREATE FUNCTION funds_post_leg() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$",
        "CREATE TABLE public.mine (id int)",
        "DELETE FROM django_migrations",
    ],
)
def test_the_application_cannot_go_round_the_triggers(statement):
    with pytest.raises(ProgrammingError, match=REFUSED), transaction.atomic():
        sql(statement)

    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('funds_posting', 'UPDATE, DELETE, TRUNCATE, TRIGGER')")
        may_change = cursor.fetchone()[0]
        cursor.execute("SHOW session_replication_role")
        replication = cursor.fetchone()[0]
    assert (may_change, replication) == (False, "origin")


def test_granting_again_is_harmless_and_takes_back_too_much(role):
    sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")

    for _ in range(2):
        call_command("grant_application_role", role, verbosity=0)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, 'funds_posting', 'UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES')", [role]
        )
        assert cursor.fetchone()[0] is False


def test_a_role_that_nothing_binds_is_refused(role):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'funds_posting'")
        owner = cursor.fetchone()[0]

    with pytest.raises(CommandError, match="do not bind"):
        call_command("grant_application_role", owner)
    sql(f'GRANT "{owner}" TO {role}')
    with pytest.raises(CommandError, match="do not bind"):
        call_command("grant_application_role", role)
    with pytest.raises(CommandError, match="no role"):
        call_command("grant_application_role", "nobody_of_that_name")
