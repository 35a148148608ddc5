"""The wallet over HTTP: whose it is, what it says, what it refuses."""

from datetime import UTC, datetime, timedelta
from unittest.mock import ANY
from uuid import uuid4

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from funds.facade import pay_order
from funds.ledger.models import AccountKind, Hold, Journal
from funds.ledger.services import place_hold
from funds.ledger.terms import AccountKey
from funds.ledger.tests.factories import customer_with, wallet
from funds.payments.models import Deposit, PaymentTask
from funds.wallets.models import StatementNote
from funds.wallets.selectors import Period, sums_of
from marketplace.core.http.idempotency import IdempotencyKey
from marketplace.core.money import Money
from marketplace.core.outbox.models import OutboxEvent
from marketplace.core.outbox.relay import drain
from users.models import User

ROUTES = ["", "deposits/", "transactions/", "holds/", "spends/", "summary/"]
ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")


def url(path: str = "") -> str:
    return f"/api/v1/funds/{path}"


def signed_in(customer) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.get(pk=customer))
    return client


def post(client: APIClient, body: object, path: str = "", key: str = ""):
    return client.post(url(path), body, format="json", headers={"Idempotency-Key": key or uuid4().hex})


def mxn(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "MXN"}


def buy(customer, minor: int, **values):
    return pay_order(order_id=uuid4(), customer_id=customer, total=Money(minor, "MXN"), **values)


def hold(customer, minor: int):
    return place_hold(
        scope="test",
        key=uuid4().hex,
        payer=wallet(customer),
        payee=ESCROW,
        amount=Money(minor, "MXN"),
        lasts=timedelta(minutes=5),
        source="order:1",
    )


@pytest.mark.parametrize("path", ROUTES)
def test_strangers_see_nothing(api, path):
    assert api.get(url(path)).status_code == 401


@pytest.mark.parametrize("path", ["", "deposits/"])
def test_strangers_start_nothing(api, path):
    answer = post(api, {"amount": mxn("1.00")}, path)

    assert answer.status_code == 401
    assert Deposit.objects.count() == 0


def test_a_new_customer_has_an_empty_wallet_in_the_shops_currency():
    answer = signed_in(customer_with()).get(url())

    nothing = {"amount": "0.00", "currency": settings.DEFAULT_CURRENCY}
    assert answer.json() == {
        "wallets": [
            {
                "currency": settings.DEFAULT_CURRENCY,
                "available": nothing,
                "held": nothing,
                "deposited": nothing,
                "spent": nothing,
            }
        ]
    }


def test_balances_by_currency_in_one_query(django_assert_num_queries):
    customer = customer_with(100_00)
    buy(customer, 12_50)
    hold(customer, 20_00)
    client = signed_in(customer)

    with django_assert_num_queries(1):
        answer = client.get(url())

    assert answer.json()["wallets"] == [
        {
            "currency": "MXN",
            "available": mxn("67.50"),
            "held": mxn("20.00"),
            "deposited": mxn("100.00"),
            "spent": mxn("12.50"),
        }
    ]


def test_what_a_lapsed_hold_keeps_is_available_at_once():
    customer = customer_with(100_00)
    Hold.objects.filter(pk=hold(customer, 20_00).hold_id).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    (shown,) = signed_in(customer).get(url()).json()["wallets"]
    (line,) = signed_in(customer).get(url("holds/")).json()["results"]

    assert (shown["available"], shown["held"]) == (mxn("100.00"), mxn("0.00"))
    assert line["state"] == "expired"


@pytest.mark.parametrize("path", ["", "deposits/"])
def test_a_deposit_is_accepted_and_settles_by_itself(path):
    customer = customer_with()
    client = signed_in(customer)

    answer = post(client, {"amount": mxn("500.00"), "provider": "sandbox", "note": "rent"}, path)

    assert answer.status_code == 202
    body = answer.json()
    assert body == {
        "id": ANY,
        "kind": "deposit",
        "state": "created",
        "direction": "in",
        "amount": mxn("500.00"),
        "balance_after": None,
        "provider": "sandbox",
        "checkout_url": None,
        "source": f"deposit:{body['id']}",
        "note": "rent",
        "created_at": ANY,
    }
    drain()
    assert client.get(url(f"{body['id']}/")).json()["state"] == "credited"
    assert client.get(url()).json()["wallets"][0]["available"] == mxn("500.00")


def test_the_provider_may_be_left_out():
    answer = post(signed_in(customer_with()), {"amount": {"amount": "5.00"}})

    assert answer.status_code == 202
    assert answer.json()["provider"] == "sandbox"


BAD_BODIES = {
    "negative": {"amount": mxn("-1.00")},
    "plus": {"amount": mxn("+1.00")},
    "zero": {"amount": mxn("0.00")},
    "minus zero": {"amount": mxn("-0.00")},
    "too many decimals": {"amount": mxn("1.001")},
    "decimals of a currency without": {"amount": {"amount": "1.5", "currency": "CLP"}},
    "arabic digits": {"amount": mxn("١٢")},
    "full-width digits": {"amount": mxn("１２")},
    "exponent": {"amount": mxn("1e3")},
    "underscore": {"amount": mxn("1_000")},
    "thousands": {"amount": mxn("1,000.00")},
    "blank": {"amount": mxn(" 1")},
    "newline": {"amount": mxn("1\n")},
    "empty": {"amount": mxn("")},
    "hex": {"amount": mxn("0x10")},
    "not a number": {"amount": mxn("NaN")},
    "infinite": {"amount": mxn("Infinity")},
    "huge": {"amount": mxn("9" * 400)},
    "just too large": {"amount": mxn("1000000000000.00")},
    "number": {"amount": {"amount": 5, "currency": "MXN"}},
    "bare text": {"amount": "5.00"},
    "list": {"amount": ["5.00", "MXN"]},
    "null": {"amount": None},
    "nothing": {},
    "unknown currency": {"amount": {"amount": "5.00", "currency": "XXX"}},
    "lower-case currency": {"amount": {"amount": "5.00", "currency": "mxn"}},
    "currency as number": {"amount": {"amount": "5.00", "currency": 484}},
    "unknown provider": {"amount": mxn("5.00"), "provider": "bank"},
    "provider as list": {"amount": mxn("5.00"), "provider": ["sandbox"]},
    "long note": {"amount": mxn("5.00"), "note": "x" * 201},
    "a list": [],
    "a text": "500",
}


@pytest.mark.parametrize("path", ["", "deposits/"])
@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_bad_amounts_are_refused_and_change_nothing(path, body):
    answer = post(signed_in(customer_with()), body, path)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"]
    assert Deposit.objects.count() == PaymentTask.objects.count() == OutboxEvent.objects.count() == 0
    assert IdempotencyKey.objects.count() == 0


def test_a_deposit_needs_a_key():
    answer = signed_in(customer_with()).post(url(), {"amount": mxn("5.00")}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert Deposit.objects.count() == 0


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused():
    client = signed_in(customer_with())

    first = post(client, {"amount": mxn("5.00")}, key="k")
    second = post(client, {"amount": mxn("5.00")}, key="k")
    other = post(client, {"amount": mxn("6.00")}, key="k")

    assert first.json() == second.json()
    assert other.status_code == 422
    assert Deposit.objects.count() == 1


def test_accepting_a_deposit_has_a_query_budget(django_assert_max_num_queries):
    client = signed_in(customer_with())

    with django_assert_max_num_queries(11):
        assert post(client, {"amount": mxn("5.00")}).status_code == 202


def test_a_deposit_can_be_called_off_until_it_is_sent():
    client = signed_in(customer_with())
    deposit = post(client, {"amount": mxn("5.00")}).json()["id"]

    answer = client.patch(url(f"{deposit}/"), {"state": "cancelled", "note": "no"}, format="json")
    drain()

    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["note"]) == ("cancelled", "no")
    assert Journal.objects.count() == 0


def test_a_credited_deposit_cannot_be_called_off():
    client = signed_in(customer_with())
    deposit = post(client, {"amount": mxn("5.00")}).json()["id"]
    drain()

    answer = client.patch(url(f"{deposit}/"), {"state": "cancelled", "note": "no"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "deposit_not_cancellable")
    assert client.get(url(f"{deposit}/")).json()["note"] == ""


@pytest.mark.parametrize("body", [{"state": "credited"}, {"note": 5}, {"note": "x" * 201}, {"state": None}])
def test_a_deposit_cannot_be_talked_into_anything_else(body):
    client = signed_in(customer_with())
    deposit = post(client, {"amount": mxn("5.00")}).json()

    answer = client.patch(url(f"{deposit['id']}/"), body, format="json")

    assert answer.status_code == 400
    assert client.get(url(f"{deposit['id']}/")).json() == deposit


def test_read_only_members_stay_as_they_are():
    client = signed_in(customer_with())
    deposit = post(client, {"amount": mxn("5.00")}).json()

    answer = client.patch(url(f"{deposit['id']}/"), {**deposit, "state": "cancelled", "amount": mxn("9.00")}, "json")

    assert answer.json() == {**deposit, "state": "cancelled"}


def test_the_statement_runs():
    customer = customer_with(100_00)
    buy(customer, 30_00)
    buy(customer, 20_00)
    client = signed_in(customer)

    rows = client.get(url("transactions/")).json()["results"]

    shown = [(row["kind"], row["direction"], row["amount"]["amount"], row["balance_after"]["amount"]) for row in rows]
    assert shown == [
        ("order_payment", "out", "20.00", "50.00"),
        ("order_payment", "out", "30.00", "70.00"),
        ("deposit", "in", "100.00", "100.00"),
    ]
    assert [row["kind"] for row in client.get(url("spends/")).json()["results"]] == ["order_payment"] * 2
    assert [row["kind"] for row in client.get(url("transactions/?kind=deposit")).json()["results"]] == ["deposit"]
    assert client.get(url("transactions/?currency=USD")).json()["results"] == []
    assert client.get(url("transactions/?currency=usd")).status_code == 400


def test_the_statement_has_a_query_budget_and_pages(django_assert_num_queries):
    customer = customer_with(100_00)
    for _ in range(5):
        buy(customer, 1_00)
    client = signed_in(customer)

    with django_assert_num_queries(2):
        first = client.get(url("transactions/?page_size=4")).json()
    second = client.get(first["next"]).json()

    balances = [row["balance_after"]["amount"] for row in first["results"] + second["results"]]
    assert balances == ["95.00", "96.00", "97.00", "98.00", "99.00", "100.00"]


@pytest.mark.parametrize(("path", "budget"), [("holds/", 1), ("deposits/", 1), ("spends/", 2), ("summary/", 2)])
def test_lists_have_a_query_budget(django_assert_num_queries, path, budget):
    customer = customer_with(100_00)
    for _ in range(3):
        hold(customer, 1_00)
        buy(customer, 1_00)
    client = signed_in(customer)

    with django_assert_num_queries(budget):
        assert client.get(url(path)).status_code == 200


def test_holds_are_listed_by_state():
    customer = customer_with(100_00)
    active, lapsed = hold(customer, 20_00).hold_id, hold(customer, 5_00).hold_id
    Hold.objects.filter(pk=lapsed).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    client = signed_in(customer)

    def ids(query: str) -> list[str]:
        return [row["id"] for row in client.get(url(f"holds/{query}")).json()["results"]]

    assert ids("") == [str(lapsed), str(active)]
    assert ids("?state=active") == [str(active)]
    assert ids("?state=expired") == [str(lapsed)]
    assert ids("?state=captured") == []
    assert client.get(url("holds/?state=odd")).status_code == 400


def test_a_line_of_the_statement_takes_a_note():
    customer = customer_with(100_00)
    buy(customer, 30_00)
    client = signed_in(customer)
    line = client.get(url("transactions/")).json()["results"][0]

    answer = client.patch(url(f"{line['id']}/"), {"note": "gift"}, format="json")

    assert answer.json() == {**line, "note": "gift"}
    assert client.get(url(f"{line['id']}/")).json()["note"] == "gift"
    refused = client.patch(url(f"{line['id']}/"), {"note": "x", "state": "cancelled"}, format="json")
    assert refused.status_code == 409
    assert StatementNote.objects.get().text == "gift"


def test_what_belongs_to_others_does_not_exist():
    customer = customer_with(100_00)
    buy(customer, 30_00)
    mine = signed_in(customer)
    ids = [row["id"] for path in ("transactions/", "deposits/") for row in mine.get(url(path)).json()["results"]]
    stranger = signed_in(customer_with(1_00))

    for number in ids:
        assert mine.get(url(f"{number}/")).status_code == 200
        assert stranger.get(url(f"{number}/")).status_code == 404
        assert stranger.patch(url(f"{number}/"), {"note": "x"}, format="json").status_code == 404
    assert StatementNote.objects.count() == 0


@pytest.mark.parametrize(
    "number",
    ["0", "9" * 18, "9" * 36, "abc", "-", "a-b", "019f0000-0000-7000-8000-000000000000", "x", "%00", "1e3", "²"],
)
def test_ids_that_lead_nowhere_are_404(number):
    client = signed_in(customer_with())

    assert client.get(url(f"{number}/")).status_code == 404
    assert client.patch(url(f"{number}/"), {"note": "x"}, format="json").status_code == 404


def test_sums_by_month_count_days_in_the_platforms_zone():
    customer = customer_with(100_00)
    # Half past eleven at night in Mexico City, already the next month in UTC.
    buy(customer, 30_00, at=datetime(2026, 2, 1, 5, 30, tzinfo=UTC))
    client = signed_in(customer)

    sums = sums_of(customer, period=Period.MONTH, at=datetime(2026, 2, 10, tzinfo=UTC))

    assert [(row.starts_on.isoformat(), row.spent.minor) for row in sums[:2]] == [
        ("2026-02-01", 0),
        ("2026-01-01", 3000),
    ]
    assert len(sums) == 12
    answer = client.get(url("summary/?period=week")).json()
    assert answer["period"] == "week"
    assert answer["time_zone"] == settings.PLATFORM_TIME_ZONE
    assert len(answer["sums"]) == 12
    assert answer["sums"][0]["deposited"] == mxn("100.00")


@pytest.mark.parametrize("query", ["?period=day", "?period=", "?period=WEEK"])
def test_unknown_periods_are_refused(query):
    assert signed_in(customer_with()).get(url(f"summary/{query}")).status_code == 400


def test_sparse_answers():
    client = signed_in(customer_with(1_00))

    assert client.get(url("transactions/?fields=id,amount")).json()["results"][0].keys() == {"id", "amount"}
