"""The books in the back office: everything opens, nothing can be changed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from funds.facade import pay_order
from funds.ledger.models import Account, AccountKind, Journal
from funds.ledger.services import place_hold
from funds.ledger.terms import AccountKey
from funds.payments.services import request_deposit
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain
from users.models import User

from .factories import customer_with, wallet

MODELS = ["account", "journal", "posting", "hold", "deposit", "paymenttask", "providerpayment"]


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", "x"))
    return client


@pytest.fixture
def books() -> None:
    customer = customer_with(100_00)
    request_deposit(customer_id=customer, amount=Money(5_00, "MXN"), provider="sandbox")
    drain()
    pay_order(order_id=uuid4(), customer_id=customer, total=Money(1234, "MXN"))
    place_hold(
        scope="test",
        key="1",
        payer=wallet(customer),
        payee=AccountKey.house(AccountKind.ESCROW, "MXN"),
        amount=Money(7_00, "MXN"),
        lasts=timedelta(minutes=1),
    )


@pytest.mark.parametrize("model", MODELS)
def test_every_page_opens_and_is_read_only(admin, books, model):
    listed = admin.get(reverse(f"admin:funds_{model}_changelist"))
    assert listed.status_code == 200

    row = listed.context["cl"].queryset.first()
    page = reverse(f"admin:funds_{model}_change", args=[row.pk])
    assert admin.get(page).status_code == 200
    assert admin.post(page, {}).status_code == 403
    assert admin.get(reverse(f"admin:funds_{model}_add")).status_code == 403
    assert admin.post(reverse(f"admin:funds_{model}_delete", args=[row.pk])).status_code == 403


def test_the_trial_balance_stands_above_the_accounts(admin, books):
    shown = admin.get(reverse("admin:funds_account_changelist")).content.decode()

    assert "Trial balance" in shown
    assert "12.34 MXN" in shown
    assert "-105.00 MXN" in shown
    assert "BROKEN" not in shown


def test_a_journal_shows_its_postings_in_major_units(admin, books):
    journal = Journal.objects.get(kind="order_payment")

    shown = admin.get(reverse("admin:funds_journal_change", args=[journal.pk])).content.decode()

    assert "12.34 MXN" in shown
    assert "92.66 MXN" in shown


def test_lists_cost_the_same_however_long(admin, books, django_assert_max_num_queries):
    for _ in range(10):
        customer_with(1_00)
    assert Account.objects.count() > 10

    for model in MODELS:
        with django_assert_max_num_queries(13):  # one is the menu's: how many returns wait
            admin.get(reverse(f"admin:funds_{model}_changelist"))
