"""One contract, two clients: ours and the official SDK get the same from the same server."""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

import pytest

from funds.payments.providers.mercadopago.client import MercadoPagoClient
from funds.payments.providers.protocol import ProviderDeferredError, ProviderRefusedError, ProviderUncertainError

from .sdk import official_sdk, with_key
from .server import TOKEN, FakeMercadoPago

pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore:notification_url is deprecated:DeprecationWarning"),
]


@dataclass(frozen=True)
class Said:
    """How a call ended: done, missing, refused, deferred or uncertain; and the JSON of what was done."""

    kind: str
    json: Any = None


class Client(Protocol):
    def get(self, path: str, filters: dict[str, str] | None = None) -> Said: ...
    def prefer(self, body: dict[str, Any], key: str) -> Said: ...
    def refund(self, payment_id: object, amount: object, key: str) -> Said: ...


class Ours:
    def __init__(self, url: str, token: str = TOKEN) -> None:
        self._client = MercadoPagoClient(access_token=token, api_url=url)

    def get(self, path: str, filters: dict[str, str] | None = None) -> Said:
        return self._said(lambda limit: self._client.get(*path.strip("/").split("/"), params=filters, limit=limit))

    def prefer(self, body: dict[str, Any], key: str) -> Said:
        return self._said(lambda limit: self._client.post("checkout", "preferences", body=body, key=key, limit=limit))

    def refund(self, payment_id: object, amount: object, key: str) -> Said:
        path, body = ("v1", "payments", str(payment_id), "refunds"), {"amount": amount}
        return self._said(lambda limit: self._client.post(*path, body=body, key=key, limit=limit))

    def _said(self, call: Any) -> Said:
        try:
            found = call(self._client.limit())
        except ProviderRefusedError:
            return Said("refused")
        except ProviderDeferredError:
            return Said("deferred")
        except ProviderUncertainError:
            return Said("uncertain")
        return Said("missing") if found is None else Said("done", found)


class Official:
    def __init__(self, url: str, token: str = TOKEN) -> None:
        self._sdk, self._token = official_sdk(url=url, token=token), token

    def get(self, path: str, filters: dict[str, str] | None = None) -> Said:
        _, first, *rest = path.split("/")
        resource = self._sdk.preference() if first == "checkout" else self._sdk.payment()
        if rest[1] == "search":
            return self._said(resource.search(filters), is_look_up=True)
        if len(rest) > 2:
            return self._said(self._sdk.refund().list_all(rest[1]), is_look_up=True)
        return self._said(resource.get(rest[1]), is_look_up=True)

    def prefer(self, body: dict[str, Any], key: str) -> Said:
        return self._said(self._sdk.preference().create(body, with_key(token=self._token, key=key)))

    def refund(self, payment_id: object, amount: object, key: str) -> Said:
        options = with_key(token=self._token, key=key)
        return self._said(self._sdk.refund().create(payment_id, {"amount": amount}, options))

    def _said(self, answer: Any, *, is_look_up: bool = False) -> Said:
        """The SDK leaves the meaning of a status to its caller; this is ours."""
        status = answer["status"]
        if status in {200, 201}:
            found = answer["response"]
            return Said("done", {"results": found} if isinstance(found, list) else found)
        if status == 404 and is_look_up:
            return Said("missing")
        return Said({401: "deferred", 429: "deferred"}.get(status, "refused" if status < 409 else "uncertain"))


@pytest.fixture(params=[Ours, Official], ids=["ours", "official SDK"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def client(kind: Any, fake: FakeMercadoPago) -> Client:
    made: Client = kind(fake.url)
    return made


def preference(reference: str = "r-1", price: float = 499.5) -> dict[str, Any]:
    item = {"id": reference, "title": "Wallet deposit", "quantity": 1, "currency_id": "MXN", "unit_price": price}
    return {"items": [item], "external_reference": reference, "notification_url": "https://shop.example/hook"}


def test_a_preference_is_created_and_read_back(client: Client) -> None:
    made = client.prefer(preference(), str(uuid4()))

    read = client.get(f"/checkout/preferences/{made.json['id']}")
    assert made.kind == read.kind == "done"
    assert made.json == read.json
    assert made.json["external_reference"] == "r-1"
    assert made.json["init_point"].endswith(made.json["id"])
    assert float(made.json["items"][0]["unit_price"]) == 499.5


def test_preferences_are_found_by_reference_alone_and_without_their_url(client: Client) -> None:
    made = client.prefer(preference("wanted"), str(uuid4()))
    client.prefer(preference("other"), str(uuid4()))

    found = client.get("/checkout/preferences/search", {"external_reference": "wanted"})

    assert [each["id"] for each in found.json["elements"]] == [made.json["id"]]
    assert found.json["total"] == 1
    assert "init_point" not in found.json["elements"][0]


def test_a_payment_is_read_by_its_id(client: Client, fake: FakeMercadoPago) -> None:
    made = client.prefer(preference(), str(uuid4()))
    paid = fake.account.pay(made.json["id"])

    read = client.get(f"/v1/payments/{paid.id}")

    assert read.kind == "done"
    assert (read.json["status"], read.json["external_reference"]) == ("approved", "r-1")
    assert float(read.json["transaction_amount"]) == 499.5
    assert read.json["fee_details"][0]["fee_payer"] == "collector"


@pytest.mark.parametrize("known", ["1", "not-a-number"])
def test_an_unknown_payment_is_missing(client: Client, known: str) -> None:
    assert client.get(f"/v1/payments/{known}").kind == "missing"


def test_payments_are_searched_by_reference_and_time_in_pages(client: Client, fake: FakeMercadoPago) -> None:
    made = client.prefer(preference(), str(uuid4()))
    paid = [fake.account.pay(made.json["id"]).id for _ in range(5)]
    fake.account.pay(client.prefer(preference("other"), str(uuid4())).json["id"])
    filters = {"external_reference": "r-1", "sort": "date_last_updated", "criteria": "asc", "limit": "2"}

    pages = [client.get("/v1/payments/search", {**filters, "offset": str(offset)}).json for offset in (0, 2, 4)]

    assert [each["id"] for page in pages for each in page["results"]] == paid
    assert pages[0]["paging"] == {"total": 5, "limit": 2, "offset": 0}


def test_a_range_of_time_includes_what_changed_in_it(client: Client, fake: FakeMercadoPago) -> None:
    made = client.prefer(preference(), str(uuid4()))
    old, new = (fake.account.pay(made.json["id"]) for _ in range(2))
    changed = fake.account.shown_payment(fake.account.change_payment(str(old.id), "charged_back"))
    moment = changed["date_last_updated"]
    filters = {"range": "date_last_updated", "begin_date": moment, "end_date": moment}

    found = client.get("/v1/payments/search", filters)

    assert [each["id"] for each in found.json["results"]] == [old.id]
    assert new.id != old.id


def test_a_refund_takes_from_the_payment(client: Client, fake: FakeMercadoPago) -> None:
    paid = fake.account.pay(client.prefer(preference(), str(uuid4())).json["id"])

    made = client.refund(paid.id, 100, str(uuid4()))

    listed = client.get(f"/v1/payments/{paid.id}/refunds")
    read = client.get(f"/v1/payments/{paid.id}")
    assert made.kind == "done"
    assert (made.json["payment_id"], made.json["amount"], made.json["status"]) == (paid.id, 100, "approved")
    assert [each["id"] for each in listed.json["results"]] == [made.json["id"]]
    assert (read.json["transaction_amount_refunded"], read.json["status"]) == (100, "approved")


def test_one_key_is_one_refund(client: Client, fake: FakeMercadoPago) -> None:
    paid = fake.account.pay(client.prefer(preference(), str(uuid4())).json["id"])
    key = str(uuid4())

    first, second = (client.refund(paid.id, 100, key) for _ in range(2))
    other = client.refund(paid.id, 100, str(uuid4()))

    assert first == second
    assert other.json["id"] != first.json["id"]
    assert len(paid.refunds) == 2


def test_a_key_used_for_something_else_is_no_answer_and_changes_nothing(client: Client, fake: FakeMercadoPago) -> None:
    paid = fake.account.pay(client.prefer(preference(), str(uuid4())).json["id"])
    key = str(uuid4())
    client.refund(paid.id, 100, key)

    other = client.refund(paid.id, 50, key)

    assert other.kind == "uncertain"
    assert [refund.amount for refund in paid.refunds] == [100]


@pytest.mark.parametrize("amount", [0, -1, 500])
def test_a_refund_that_cannot_be_is_refused_and_changes_nothing(
    client: Client, fake: FakeMercadoPago, amount: int
) -> None:
    paid = fake.account.pay(client.prefer(preference(), str(uuid4())).json["id"])

    said = client.refund(paid.id, amount, str(uuid4()))

    assert said.kind == "refused"
    assert paid.refunds == []


def test_a_preference_without_a_price_is_refused(client: Client, fake: FakeMercadoPago) -> None:
    said = client.prefer(preference(price=0), str(uuid4()))

    assert said.kind == "refused"
    assert fake.account.preferences == {}


def test_a_wrong_token_is_no_refusal_of_the_customer(kind: Any, fake: FakeMercadoPago) -> None:
    stranger: Client = kind(fake.url, "expired")

    assert stranger.prefer(preference(), str(uuid4())).kind == "deferred"
    assert fake.account.preferences == {}
