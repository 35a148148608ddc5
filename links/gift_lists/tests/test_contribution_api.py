"""Contributions over HTTP: who may give to what, once per key, and what each side reads of it."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from links.gift_lists.services.editors import add_editor
from links.gift_lists.services.lists import close_list
from links.models import Contribution

from .factories import OPENING, given, make_gift, make_list, person, purse
from .http import ROOT, client, contribute

pytestmark = pytest.mark.django_db
CONTRIBUTIONS = f"{ROOT}/funds/contributions/"


def test_money_goes_to_a_gift_of_a_list_whose_link_one_has_once_per_key():
    gift, giver = make_gift(), person(name="Luis Pérez")
    body = {"gift": str(gift.pk), "share_token": gift.gift_list.share_token, "message": "¡Felicidades!"}

    answers = [contribute(giver, key="one", **body) for _ in range(2)]
    reused = contribute(giver, key="one", **body | {"minor": 1})

    shown = answers[0].json()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].json() == shown
    assert (shown["gift"], shown["title"], shown["rest"]) == (str(gift.pk), "Bicicleta", None)
    assert (shown["amount"]["amount"], shown["contributor_name"], shown["is_mine"]) == ("100.00", "Luis P.", True)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert (Contribution.objects.count(), purse(giver)) == (1, OPENING - 10_000)


def test_without_a_key_nothing_is_given():
    gift, giver = make_gift(), person()

    answer = client(giver).post(CONTRIBUTIONS, {"gift": str(gift.pk)}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("visibility", "with_link", "status"),
    [("private", True, 404), ("shared", False, 404), ("shared", True, 201), ("public", False, 201)],
)
def test_one_gives_to_what_one_may_see(visibility, with_link, status):
    giver, gift = person(), make_gift(make_list(visibility=visibility))
    token = {"share_token": gift.gift_list.share_token} if with_link else {}

    for target in (
        {"gift": str(gift.pk)},
        {"gift_list": str(gift.gift_list_id)},
        {"beneficiary": str(gift.gift_list.owner_id)},
    ):
        assert contribute(giver, minor=100, **target, **token).status_code == status
    assert purse(giver) == OPENING - (300 if status == 201 else 0)


def test_owners_and_editors_give_to_a_private_list():
    owner, editor = person(), person()
    gift_list = make_list(owner, visibility="private")
    add_editor(gift_list_id=gift_list.pk, email=editor.email)

    assert [contribute(who, gift_list=str(gift_list.pk)).status_code for who in (owner, editor)] == [201, 201]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"gift": str(uuid4()), "gift_list": str(uuid4())},
        {"gift": "x"},
        {"gift": str(uuid4()), "amount": {"amount": "0.00", "currency": "MXN"}},
        {"gift": str(uuid4()), "amount": {"amount": "-1.00", "currency": "MXN"}},
        {"gift": str(uuid4()), "amount": {"amount": "1.001", "currency": "MXN"}},
        {"gift": str(uuid4()), "message": "x" * 281},
    ],
    ids=["nobody", "two", "no id", "nothing", "less", "decimals", "long"],
)
def test_what_makes_no_sense_is_400_and_moves_nothing(body):
    giver = person()

    assert contribute(giver, **body).status_code == 400
    assert (Contribution.objects.count(), purse(giver)) == (0, OPENING)


@pytest.mark.parametrize("target", ["gift", "gift_list", "beneficiary"])
def test_what_does_not_exist_is_404(target):
    giver = person()

    assert contribute(giver, **{target: str(uuid4())}).status_code == 404
    assert purse(giver) == OPENING


def test_refusals_say_what_is_missing_or_left_and_move_nothing():
    poor, giver, gift = person(100), person(), make_gift(make_list(visibility="public"), price=10_000)
    closed = make_list(visibility="public")
    close_list(gift_list_id=closed.pk, at=timezone.now())
    dollars: dict[str, Any] = {"amount": {"amount": "1.00", "currency": "USD"}}

    answers = [
        contribute(poor, gift=str(gift.pk)),
        contribute(giver, gift=str(gift.pk), minor=11_501),
        contribute(giver, gift=str(gift.pk), **dollars),
        contribute(giver, gift_list=str(closed.pk)),
        contribute(gift.gift_list.owner, beneficiary=str(gift.gift_list.owner_id)),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "insufficient_funds"), (409, "gift_funded"), (409, "currency_mismatch"), (409, "gift_list_closed"),
        (400, "invalid"),
    ]  # fmt: skip
    assert answers[1].json()["left"] == "115.00"
    assert (Contribution.objects.count(), purse(giver), purse(poor)) == (0, OPENING, 100)


def test_the_rest_of_a_gift_is_shown_beside_it():
    giver, gift = person(), make_gift(make_list(visibility="public", overfunding="to_list"), price=10_000)

    shown = contribute(giver, gift=str(gift.pk), minor=12_000).json()

    assert (shown["amount"]["amount"], shown["rest"]["amount"]["amount"]) == ("115.00", "5.00")
    assert shown["rest"]["gift_list"] == str(gift.gift_list_id)


def test_givers_read_what_became_of_theirs_and_owners_what_they_were_given():
    luis, rosa = person(name="Luis Pérez"), person(name="Rosa Díaz")
    gift = make_gift()
    given(luis, 100, to=gift, message="¡Felicidades!")
    given(rosa, 200, to=gift.gift_list, is_anonymous=True, message="De una amiga")
    owner = client(gift.gift_list.owner)

    received = owner.get(f"{CONTRIBUTIONS}?received=true")

    shown = [(row["contributor_name"], row["message"], row["is_mine"]) for row in received.json()["results"]]
    assert shown == [("", "De una amiga", False), ("Luis P.", "¡Felicidades!", False)]
    text = received.content.decode()
    assert not any(secret in text for secret in (str(rosa.pk), str(luis.pk), "Rosa", rosa.email, luis.email))
    assert owner.get(CONTRIBUTIONS).json()["results"] == []
    close_list(gift_list_id=gift.gift_list_id, at=timezone.now())
    (mine,) = client(rosa).get(CONTRIBUTIONS).json()["results"]
    assert (mine["contributor_name"], mine["refunded"]["amount"]) == ("Rosa D.", "2.00")


@pytest.mark.parametrize("count", [1, 8])
def test_contributions_are_read_with_the_same_number_of_queries(count, django_assert_num_queries):
    giver, gift = person(), make_gift()
    for _ in range(count):
        given(giver, 10, to=gift)

    with django_assert_num_queries(1):
        assert len(client(giver).get(CONTRIBUTIONS).json()["results"]) == count
