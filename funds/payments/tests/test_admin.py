"""The back office of payments: what is only looked at, and decisions by the people who may make them."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from funds.ledger.models import Journal
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments.models import Decision, FundsPolicy, PaymentTask, Payout, ProviderPayment
from funds.payments.services import request_withdrawal
from marketplace.core.outbox.relay import drain
from users.accounts.tests.factories import AdministratorFactory, StaffFactory
from users.models import User

from .readings import deposit_for, mxn, record

pytestmark = pytest.mark.django_db
ADD = "admin:funds_decision_add"
LIST = "admin:funds_decision_changelist"
CLABE = "032180000118359719"


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def treasurer() -> User:
    person: User = StaffFactory()
    person.user_permissions.set(
        Permission.objects.filter(content_type__app_label="funds", codename__regex=r"^view_|^add_decision$")
    )
    return person


def onlooker() -> User:
    person: User = StaffFactory()
    person.user_permissions.set(
        Permission.objects.filter(content_type__app_label="funds", codename__startswith="view_")
    )
    return person


def decide(client: Client, **values: Any) -> Any:
    usual = {"task": "", "payment": "", "payout": "", "customer": "", "amount": "", "currency": "MXN", "reason": "why"}
    return client.post(reverse(ADD), {**usual, "direction": "credit", **values})


def act(client: Client, action: str, *rows: Decision) -> Any:
    return client.post(
        reverse(LIST), {"action": action, "_selected_action": [str(row.pk) for row in rows]}, follow=True
    )


def test_an_adjustment_is_made_in_major_units_and_says_who_asked():
    customer, person = customer_with(), treasurer()

    answer = decide(signed_in(person), kind="adjust", customer=str(customer), amount="12.50")

    decision = Decision.objects.get()
    assert answer.status_code == 302
    assert (decision.state, decision.requested_by, decision.amount_minor) == ("done", person.pk, 1250)
    assert posted_and_held(customer) == (1250, 0)


def test_what_the_form_does_not_ask_for_cannot_be_smuggled_in():
    customer = customer_with()
    FundsPolicy.objects.create(currency="MXN", second_person_above_minor=0)

    decide(
        signed_in(treasurer()),
        kind="adjust",
        customer=str(customer),
        amount="1.00",
        state="done",
        needs_second_person="",
        requested_by=str(customer),
        decided_by=str(customer),
    )

    decision = Decision.objects.get()
    assert (decision.state, decision.needs_second_person, decision.decided_by) == ("waiting", True, None)
    assert decision.requested_by != customer
    assert Journal.objects.count() == 0


def test_a_second_person_carries_out_what_the_first_one_asked_for():
    customer, first, second = customer_with(), treasurer(), treasurer()
    FundsPolicy.objects.create(currency="MXN", second_person_above_minor=0)
    decide(signed_in(first), kind="adjust", customer=str(customer), amount="5")
    decision = Decision.objects.get()

    refused = act(signed_in(first), "approve", decision)
    assert "second person" in refused.content.decode()
    assert Journal.objects.count() == 0
    act(signed_in(second), "approve", decision)
    act(signed_in(second), "approve", decision)

    decision.refresh_from_db()
    assert (decision.state, decision.decided_by) == ("done", second.pk)
    assert posted_and_held(customer) == (500, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "adjust", "amount": "1"},
        {"kind": "adjust", "amount": "-1", "customer": True},
        {"kind": "adjust", "amount": "0.001", "customer": True},
        {"kind": "adjust", "amount": "1", "customer": True, "reason": ""},
        {"kind": "adjust", "amount": "1", "customer": True, "currency": "XXX"},
        {"kind": "adjust", "amount": "5", "customer": True, "direction": "debit"},
        {"kind": "retry"},
        {"kind": "bribe"},
    ],
    ids=["nobody", "negative", "decimals", "no reason", "currency", "more than there is", "no task", "kind"],
)
def test_a_form_that_makes_no_sense_comes_back_and_nothing_happened(values):
    customer = customer_with(400)
    values = {name: str(customer) if value is True else value for name, value in values.items()}
    before = Journal.objects.count()

    answer = decide(signed_in(treasurer()), **values)

    assert answer.status_code == 200
    assert answer.context["errors"]
    assert Decision.objects.count() == 0
    assert Journal.objects.count() == before


def test_who_may_only_look_decides_nothing():
    customer = customer_with()
    client = signed_in(onlooker())
    waiting = Decision.objects.create(
        kind="adjust", customer_id=customer, currency="MXN", amount_minor=100, reason="x",
        needs_second_person=True, requested_by=treasurer().pk,
    )  # fmt: skip

    assert client.get(reverse(ADD)).status_code == 403
    assert decide(client, kind="adjust", customer=str(customer), amount="1").status_code == 403
    assert client.get(reverse(LIST)).status_code == 200
    act(client, "approve", waiting)

    waiting.refresh_from_db()
    assert waiting.state == Decision.State.WAITING
    assert Journal.objects.count() == 0


def test_a_decision_is_never_changed_or_deleted():
    customer = customer_with()
    client = signed_in(AdministratorFactory())
    decide(client, kind="adjust", customer=str(customer), amount="1")
    decision = Decision.objects.get()

    client.post(reverse("admin:funds_decision_change", args=[decision.pk]), {"reason": "another"})
    client.post(reverse("admin:funds_decision_delete", args=[decision.pk]), {"post": "yes"})

    decision.refresh_from_db()
    assert decision.reason == "why"


def test_a_payment_that_was_set_aside_leads_to_its_decision():
    deposit = deposit_for(customer := customer_with())
    payment = record(deposit, amount=mxn(4000)).payment
    client = signed_in(treasurer())
    page = client.get(reverse("admin:funds_providerpayment_change", args=[payment.pk])).content.decode()
    assert "Credit what came" in page

    form = client.get(reverse("admin:funds_providerpayment_credit_it", args=[payment.pk]), follow=True)
    decide(client, kind="accept_payment", payment=str(payment.pk))

    assert f'value="{payment.pk}"' in form.content.decode()
    assert ProviderPayment.objects.get().state == ProviderPayment.State.APPROVED
    assert posted_and_held(customer) == (4000, 0)


def test_the_board_shows_what_waits_and_for_whom():
    deposit_for(customer_with())
    record(deposit_for(customer_with()), amount=mxn(1))
    PaymentTask.objects.filter(pk=PaymentTask.objects.latest("pk").pk).update(state=PaymentTask.State.NEEDS_REVIEW)

    page = signed_in(onlooker()).get(reverse("admin:funds_paymenttask_changelist"))

    board = page.context["board"]
    assert {(line.state, line.count) for line in board.lines} == {("queued", 1), ("needs_review", 1)}
    assert board.set_aside == 1
    assert "For a person" in page.content.decode()


def test_the_whole_bank_account_is_shown_only_while_it_has_to_be_typed(settings):
    settings.PAYOUT_PROVIDER = "manual"
    customer = customer_with(50_00)
    payout = request_withdrawal(customer_id=customer, amount=mxn(1000), destination=CLABE)
    drain()
    client = signed_in(treasurer())
    url = reverse("admin:funds_payout_change", args=[payout.pk])
    assert CLABE in client.get(url).content.decode()

    decide(client, kind="payout_settled", payout=str(payout.pk), reason="bank statement 12")

    page = client.get(url).content.decode()
    assert Payout.objects.get().state == Payout.State.SETTLED
    assert CLABE not in page
    assert CLABE[-4:] in page
