"""Lists over HTTP: who sees which, who changes what, and what cannot be changed any more."""

from uuid import uuid4

import pytest
from django.utils import timezone

from links.gift_lists.models import Gift, GiftList, GiftListEditor
from links.gift_lists.services.editors import add_editor
from links.gift_lists.services.lists import close_list
from purchases.models import AutoPurchase
from users.accounts.tests.factories import UnverifiedUserFactory

from .factories import given, make_gift, make_list, person
from .http import ROOT, client, shared

pytestmark = pytest.mark.django_db
LISTS = f"{ROOT}/gift-lists/"


def rows():
    return list(GiftList.objects.order_by("pk").values())


def ids(answer):
    return [row["id"] for row in answer.json()["results"]]


def test_a_list_is_private_and_in_the_platforms_currency_unless_said():
    owner = person(0, name="Ana García")

    answer = client(owner).post(LISTS, {"name": "Boda"}, format="json")

    body = answer.json()
    assert (answer.status_code, answer["ETag"]) == (201, '"1"')
    shown = {name: body[name] for name in ("visibility", "currency", "on_close", "overfunding", "role", "owner_name")}
    assert shown == {
        "visibility": "private", "currency": "MXN", "on_close": "refund", "overfunding": "refuse", "role": "owner",
        "owner_name": "Ana G.",
    }  # fmt: skip
    assert len(body["share_token"]) == 43
    assert ids(client(owner).get(LISTS)) == [body["id"]]


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "x" * 121}, {"name": "x", "currency": "XXX"}, {"name": "x", "visibility": "secret"},
     {"name": "x", "occasion_on": "tomorrow"}, {"name": 5}],
    ids=["nothing", "no name", "long name", "currency", "visibility", "day", "number"],
)  # fmt: skip
def test_a_list_that_makes_no_sense_is_not_begun(body):
    answer = client(person(0)).post(LISTS, body, format="json")

    assert answer.status_code == 400
    assert rows() == []


def test_a_person_has_so_many_lists(settings):
    settings.GIFT_LISTS_PER_CUSTOMER = 1
    owner = person(0)
    make_list(owner)

    answer = client(owner).post(LISTS, {"name": "Boda"}, format="json")

    assert (answer.status_code, answer.json()["code"], len(rows())) == (409, "too_many_gift_lists", 1)


@pytest.mark.parametrize(
    ("visibility", "by_id", "by_link"), [("private", 404, 404), ("shared", 404, 200), ("public", 200, 200)]
)
def test_who_sees_a_list(visibility, by_id, by_link):
    gift_list = make_list(visibility=visibility)
    stranger = client(person(0))

    assert stranger.get(f"{LISTS}{gift_list.pk}/").status_code == by_id
    assert stranger.get(shared(gift_list)).status_code == by_link
    assert client().get(shared(gift_list)).status_code == by_link
    assert client(gift_list.owner).get(f"{LISTS}{gift_list.pk}/").status_code == 200


def test_public_lists_are_found_by_everybody_and_by_owner_until_they_are_closed():
    public, other = make_list(visibility="public"), make_list(visibility="public")
    make_list(public.owner)
    close_list(gift_list_id=make_list(visibility="public").pk, at=timezone.now())
    stranger = client(person(0))

    assert ids(stranger.get(LISTS)) == []
    assert ids(stranger.get(f"{LISTS}?public=true")) == [str(other.pk), str(public.pk)]
    assert ids(stranger.get(f"{LISTS}?owner={public.owner_id}")) == [str(public.pk)]
    assert stranger.get(f"{LISTS}?public=yes").status_code == 400


def test_lists_come_in_pages_with_the_same_number_of_queries(django_assert_num_queries):
    owner = person(0)
    for _ in range(3):
        make_list(owner)
    api = client(owner)

    with django_assert_num_queries(4):
        first = api.get(f"{LISTS}?page_size=1").json()
    with django_assert_num_queries(4):
        assert len(api.get(LISTS).json()["results"]) == 3
    assert first["next"]


def test_a_change_compares_versions_and_says_what_is_there_now():
    gift_list = make_list()
    api, url = client(gift_list.owner), f"{LISTS}{gift_list.pk}/"

    changed = api.patch(url, {"name": "Boda"}, format="json", headers={"If-Match": '"1"'})
    stale = api.patch(url, {"name": "Otra"}, format="json", headers={"If-Match": '"1"'})

    assert (changed.status_code, changed["ETag"], changed.json()["name"]) == (200, '"2"', "Boda")
    assert (stale.status_code, stale.json()["current"]["name"]) == (412, "Boda")
    assert GiftList.objects.get().name == "Boda"


def test_what_happens_to_money_cannot_change_once_somebody_has_given():
    gift = make_gift()
    url, api = f"{LISTS}{gift.gift_list_id}/", client(gift.gift_list.owner)
    assert api.patch(url, {"overfunding": "to_list"}, format="json").status_code == 200
    given(person(), 100, to=gift)
    before = rows()

    answers = [api.patch(url, body, format="json") for body in ({"on_close": "to_wallet"}, {"overfunding": "refuse"})]

    assert [answer.json()["code"] for answer in answers] == ["gift_list_promised"] * 2
    assert rows() == before
    assert api.patch(url, {"name": "Boda", "on_close": "refund"}, format="json").status_code == 200


def test_a_surprise_is_kept():
    gift_list = make_list()

    answer = client(gift_list.owner).patch(f"{LISTS}{gift_list.pk}/", {"keeps_surprise": False}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "surprise_kept")
    assert GiftList.objects.get().keeps_surprise is True


def test_a_list_that_is_public_no_more_has_a_new_link():
    gift_list = make_list(visibility="public")
    api = client(gift_list.owner)

    api.patch(f"{LISTS}{gift_list.pk}/", {"visibility": "shared"}, format="json")
    assert client().get(shared(gift_list)).status_code == 404
    now = GiftList.objects.get()
    assert client().get(shared(now)).status_code == 200

    assert api.post(f"{LISTS}{gift_list.pk}/new-link/").json()["share_token"] != now.share_token
    assert client().get(shared(now)).status_code == 404


def test_closing_is_for_the_owner_for_good_and_harmless_twice():
    gift = make_gift(make_list(visibility="public"))
    editor = person(0)
    add_editor(gift_list_id=gift.gift_list_id, email=editor.email)
    url = f"{LISTS}{gift.gift_list_id}/"

    assert client(person(0)).post(f"{url}close/").status_code == 403
    assert client(editor).post(f"{url}close/").status_code == 403
    assert GiftList.objects.get().state == "open"
    answers = [client(gift.gift_list.owner).post(f"{url}close/") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    api = client(gift.gift_list.owner)
    for answer in (
        api.patch(url, {"name": "Boda"}, format="json"),
        api.post(f"{url}new-link/"),
        api.post(f"{url}editors/", {"email": "x@example.com"}, format="json"),
        api.patch(f"{ROOT}/gifts/{gift.pk}/", {"note": "x"}, format="json"),
        api.delete(f"{ROOT}/gifts/{gift.pk}/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "gift_list_closed")
    assert api.patch(f"{ROOT}/gifts/{gift.pk}/", {"state": "received"}, format="json").status_code == 200


def test_a_list_with_a_history_is_closed_and_not_deleted():
    gift, bought, empty = make_gift(), make_gift(), make_gift()
    given(person(), 100, to=gift)
    AutoPurchase.objects.create(
        customer=bought.gift_list.owner, gift=bought, state="declined", title="x", price_minor=1, currency="MXN"
    )
    before = rows()

    for each in (gift, bought):
        answer = client(each.gift_list.owner).delete(f"{LISTS}{each.gift_list_id}/")
        assert (answer.status_code, answer.json()["code"]) == (409, "gift_list_in_use")
    assert rows() == before
    assert client(empty.gift_list.owner).delete(f"{LISTS}{empty.gift_list_id}/").status_code == 204
    assert set(Gift.objects.all()) == {gift, bought}


# --- editors


def test_the_answer_does_not_say_whether_an_address_has_an_account():
    gift_list, known, unproven = make_list(), person(0), UnverifiedUserFactory.create()
    api, url = client(gift_list.owner), f"{LISTS}{gift_list.pk}/editors/"

    answers = [
        api.post(url, {"email": email}, format="json") for email in (known.email, unproven.email, "nobody@example.com")
    ]

    assert {answer.status_code for answer in answers} == {201}
    assert {tuple(answer.json()) for answer in answers} == {("id", "email", "added_at")}
    assert [row["email"] for row in api.get(url).json()["results"]] == [
        "nobody@example.com", unproven.email, known.email,
    ]  # fmt: skip


def test_an_editor_has_the_place_once_the_address_is_proven_and_loses_it():
    gift_list, editor = make_list(visibility="private"), UnverifiedUserFactory.create()
    api, url = client(gift_list.owner), f"{LISTS}{gift_list.pk}/editors/"
    place = api.post(url, {"email": editor.email.upper()}, format="json").json()["id"]
    again = api.post(url, {"email": editor.email}, format="json").json()["id"]
    assert again == place

    assert client(editor).get(f"{LISTS}{gift_list.pk}/").status_code == 404
    editor.email_verified_at = timezone.now()
    editor.save()
    seen = client(editor).get(f"{LISTS}{gift_list.pk}/")
    assert (seen.status_code, seen.json()["role"]) == (200, "editor")
    assert ids(client(editor).get(LISTS)) == [str(gift_list.pk)]

    assert api.delete(f"{url}{place}/").status_code == 204
    assert client(editor).get(f"{LISTS}{gift_list.pk}/").status_code == 404
    assert [api.delete(f"{url}{number}/").status_code for number in (place, 10**30)] == [404, 404]


def test_an_editor_keeps_the_gifts_and_not_the_list():
    gift_list, editor = make_list(visibility="private"), person(0)
    gift = make_gift(gift_list)
    add_editor(gift_list_id=gift_list.pk, email=editor.email)
    before, api = rows(), client(editor)

    answers = [
        api.patch(f"{LISTS}{gift_list.pk}/", {"name": "Mía"}, format="json"),
        api.delete(f"{LISTS}{gift_list.pk}/"),
        api.post(f"{LISTS}{gift_list.pk}/new-link/"),
        api.get(f"{LISTS}{gift_list.pk}/editors/"),
        api.post(f"{LISTS}{gift_list.pk}/editors/", {"email": "x@example.com"}, format="json"),
        api.patch(f"{ROOT}/gifts/{gift.pk}/", {"state": "received"}, format="json"),
    ]

    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert (rows(), GiftListEditor.objects.count(), Gift.objects.get().state) == (before, 1, "wanted")
    assert api.patch(f"{ROOT}/gifts/{gift.pk}/", {"note": "La azul"}, format="json").status_code == 200


def test_a_list_takes_so_many_editors(settings):
    settings.EDITORS_PER_LIST = 1
    gift_list = make_list()
    add_editor(gift_list_id=gift_list.pk, email=f"{uuid4().hex}@example.com")

    answer = client(gift_list.owner).post(f"{LISTS}{gift_list.pk}/editors/", {"email": "x@example.com"}, format="json")

    assert (answer.status_code, answer.json()["code"], GiftListEditor.objects.count()) == (409, "too_many_editors", 1)
