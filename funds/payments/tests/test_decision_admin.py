"""The form of a decision: each kind asks for what it is about, and for nothing else."""

import pytest
from django.urls import reverse

from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments.models import Decision, Refund
from users.accounts.tests.factories import UserFactory

from .readings import paid_deposit

pytestmark = pytest.mark.django_db
ADD = "admin:funds_decision_add"


def form(**values):
    return {"currency": "MXN", "direction": "credit", "reason": "seen at the bank", **values}


def test_a_wallet_is_adjusted_by_the_form(admin_client):
    customer = UserFactory()

    answer = admin_client.post(reverse(ADD), form(kind="adjust", customer=customer.pk, amount="10.50"))

    assert answer.status_code == 302
    assert posted_and_held(customer.pk) == (1050, 0)
    assert Decision.objects.get().state == Decision.State.DONE


def test_a_payment_is_refunded_by_the_form(admin_client):
    _deposit, payment = paid_deposit(customer_with())

    answer = admin_client.post(reverse(ADD), form(kind="refund", payment=payment.pk, amount="20.00"))

    assert answer.status_code == 302
    assert Refund.objects.get().amount_minor == 2000


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "retry"}, "task"),
        ({"kind": "refund", "amount": "1"}, "payment"),
        ({"kind": "payout_settled"}, "payout"),
        ({"kind": "adjust", "amount": "1"}, "customer"),
    ],
)
def test_the_form_asks_for_what_the_kind_is_about(admin_client, values, field):
    answer = admin_client.post(reverse(ADD), form(**values))

    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("amount", ["0", "-1", "50.01"])
def test_a_refund_of_what_cannot_be_is_refused_by_the_form(admin_client, amount):
    _deposit, payment = paid_deposit(customer_with())

    answer = admin_client.post(reverse(ADD), form(kind="refund", payment=payment.pk, amount=amount))

    assert answer.status_code == 200
    assert Decision.objects.count() == Refund.objects.count() == 0
