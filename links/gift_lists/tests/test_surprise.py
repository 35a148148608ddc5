"""Claims, and that whoever keeps a list learns nothing of them: whole answers are compared, headers included."""

import pytest
from django.utils import timezone

from links.events import GiftClaimed
from links.gift_lists.models import GiftClaim
from links.gift_lists.services.claims import claim_gift
from links.gift_lists.services.editors import add_editor
from links.gift_lists.services.lists import close_list
from links.gift_lists.wanted import wanted_gifts
from marketplace.core.outbox.models import OutboxEvent

from .factories import given, make_gift, make_list, ordering, person
from .http import ROOT, claim_url, client, contribute, shared

pytestmark = pytest.mark.django_db


def answers_to(user, gift):
    """Everything that somebody may ask about a list, as they get it; what an answer says by the clock is left out."""
    api, gift_list = client(user), gift.gift_list
    urls = [
        f"{ROOT}/gift-lists/", f"{ROOT}/gift-lists/{gift_list.pk}/", f"{ROOT}/gifts/", f"{ROOT}/gifts/{gift.pk}/",
        f"{ROOT}/gifts/?gift_list={gift_list.pk}&state=wanted", shared(gift_list),
        f"{ROOT}/funds/contributions/?received=true",
    ]  # fmt: skip
    answers = [api.get(url) for url in urls]
    answers.append(api.patch(f"{ROOT}/gifts/{gift.pk}/", {"note": "x"}, format="json", headers={"If-Match": '"99"'}))
    answers.append(api.post(claim_url(gift), {}, format="json"))
    answers.append(api.post(claim_url(gift), {"guest_name": "x"}, format="json"))
    answers.append(api.delete(claim_url(gift)))
    answers.append(contribute(user, gift=str(gift.pk), minor=10**7, key="the same"))
    changing = {"x-request-id", "date"}
    return [
        (
            answer.status_code,
            {name.lower(): value for name, value in answer.items() if name.lower() not in changing},
            {**answer.json(), "request_id": ""} if answer.content else None,
        )
        for answer in answers
    ]


@pytest.mark.parametrize("who", ["owner", "editor"])
def test_whoever_keeps_the_list_reads_the_same_before_and_after_a_claim(who):
    gift = make_gift()
    given(person(), 100, to=gift)
    editor = person()
    add_editor(gift_list_id=gift.gift_list_id, email=editor.email)
    keeper = gift.gift_list.owner if who == "owner" else editor
    before = answers_to(keeper, gift)

    client(person(0)).post(claim_url(gift), {}, format="json")

    assert GiftClaim.objects.count() == 1
    assert answers_to(keeper, gift) == before


def test_guests_see_that_it_is_claimed_and_not_by_whom():
    gift, claimer = make_gift(), person(0, name="Luis Pérez")
    client(claimer).post(claim_url(gift), {}, format="json")

    for user in (None, person(0), claimer):
        answer = client(user).get(shared(gift.gift_list))
        (row,) = answer.json()["gifts"]
        assert (row["is_claimed"], row["is_claimed_by_me"]) == (True, user is claimer)
        assert "Luis" not in answer.content.decode()
        assert str(claimer.pk) not in answer.content.decode()


def test_the_owner_is_told_once_the_gift_is_there_or_when_there_is_no_surprise():
    gift, open_gift = make_gift(), make_gift(make_list(keeps_surprise=False))
    for each in (gift, open_gift):
        claim_gift(gift_id=each.pk, claimer_id=person(0).pk, guest_name="")
    api = client(gift.gift_list.owner)

    assert api.get(f"{ROOT}/gifts/{gift.pk}/").json()["is_claimed"] is None
    received = api.patch(f"{ROOT}/gifts/{gift.pk}/", {"state": "received"}, format="json")
    assert received.json()["is_claimed"] is True
    assert client(open_gift.gift_list.owner).get(f"{ROOT}/gifts/{open_gift.pk}/").json()["is_claimed"] is True


def test_a_guest_says_a_name_and_takes_it_back_with_the_token():
    gift, api = make_gift(), client()

    assert api.post(claim_url(gift), {}, format="json").status_code == 400
    answer = api.post(claim_url(gift), {"guest_name": "Tía Rosa"}, format="json")

    token = answer.json()["token"]
    claim = GiftClaim.objects.get()
    assert (answer.status_code, claim.guest_name, claim.claimer) == (201, "Tía Rosa", None)
    assert token not in {claim.token_hash, ""}
    assert [api.delete(claim_url(gift), headers=headers).status_code for headers in ({}, {"X-Claim-Token": "x"})] == [
        404, 404,
    ]  # fmt: skip
    assert GiftClaim.objects.get().released_at is None
    statuses = [api.delete(claim_url(gift), headers={"X-Claim-Token": token}).status_code for _ in range(2)]
    assert statuses == [204, 404]
    assert api.post(claim_url(gift), {"guest_name": "Tío Pepe"}, format="json").status_code == 201


def test_a_person_claims_once_and_takes_it_back_as_that_person():
    gift, claimer, other = make_gift(), person(0), person(0)

    answers = [client(claimer).post(claim_url(gift), {}, format="json") for _ in range(2)]
    refused = client(other).post(claim_url(gift), {}, format="json")

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert (refused.status_code, refused.json()["code"]) == (409, "gift_claimed")
    assert OutboxEvent.objects.filter(wire_name=GiftClaimed.wire_name).count() == 1
    assert client(other).delete(claim_url(gift)).status_code == 404
    assert client(claimer).delete(claim_url(gift)).status_code == 204


def test_whoever_keeps_the_list_claims_nothing():
    gift, editor = make_gift(), person(0)
    add_editor(gift_list_id=gift.gift_list_id, email=editor.email)

    for keeper in (gift.gift_list.owner, editor):
        answer = client(keeper).post(claim_url(gift), {}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (409, "own_gift_list")
    assert GiftClaim.objects.count() == 0


def test_what_is_not_wanted_any_more_or_not_to_be_seen_is_not_claimed():
    ordered, closed, private = make_gift(), make_gift(), make_gift(make_list(visibility="private"))
    ordering(ordered)
    close_list(gift_list_id=closed.gift_list_id, at=timezone.now())
    api = client(person(0))

    codes = [api.post(claim_url(gift), {}, format="json").json()["code"] for gift in (ordered, closed, private)]
    elsewhere = f"{shared(ordered.gift_list)}gifts/{closed.pk}/claim/"

    assert codes == ["gift_not_wanted", "gift_list_closed", "not_found"]
    assert api.post(elsewhere, {}, format="json").status_code == 404
    assert GiftClaim.objects.count() == 0


def test_whoever_buys_is_told_of_the_claim():
    gift = make_gift()
    assert wanted_gifts(gift_ids=[gift.pk])[0].is_claimed is False

    claim_gift(gift_id=gift.pk, claimer_id=None, guest_name="Tía Rosa")

    assert wanted_gifts(gift_ids=[gift.pk])[0].is_claimed is True


def test_claims_and_shared_lists_are_throttled_by_address(settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"claims": "1/hour", "shared_lists": "1/hour"}
    gift, other = make_gift(), make_gift()

    reads = [client().get(shared(each.gift_list)).status_code for each in (gift, other)]
    claims = [client().post(claim_url(each), {"guest_name": "x"}, format="json").status_code for each in (gift, other)]

    assert (reads, claims) == ([200, 429], [201, 429])
    assert GiftClaim.objects.count() == 1


def test_a_shared_list_is_read_with_the_same_number_of_queries(django_assert_num_queries):
    gift_list = make_list()
    for count in (1, 8):
        while gift_list.gifts.count() < count:
            make_gift(gift_list)
        with django_assert_num_queries(7):
            assert len(client().get(shared(gift_list)).json()["gifts"]) == count
