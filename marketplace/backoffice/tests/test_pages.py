"""Every page of every model: for an administrator, a clerk of a department, staff without keys. Never 500."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from marketplace.core.access import KEYS
from users.accounts.tests.factories import AdministratorFactory, UserFactory
from users.staff.tests.factories import DepartmentMemberFactory

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
WHO = ["superuser", "clerk", "nobody"]


@pytest.fixture
def people():
    clerk = UserFactory(is_staff=True)
    DepartmentMemberFactory(user=clerk, keys=list(KEYS))
    return {
        "superuser": UserFactory(is_staff=True, is_superuser=True),
        "clerk": clerk,
        "nobody": UserFactory(is_staff=True),
    }


@pytest.fixture
def signed_in(people):
    def sign_in(who: str) -> Client:
        client = Client()
        client.force_login(people[who])
        return client

    return sign_in


def url(model, page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_list_and_add_pages_answer(model, who, signed_in):
    client = signed_in(who)

    listing = client.get(url(model, "changelist"))
    searching = client.get(url(model, "changelist"), {"q": "x'%\x00 1"})
    adding = client.get(url(model, "add"))

    assert listing.status_code in ({200} if who == "superuser" else {200, 403})
    assert searching.status_code in {200, 302, 400, 403}
    assert adding.status_code in {200, 403}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
@pytest.mark.parametrize("ident", ["1", "01923f4e-7c1b-7d7e-9f53-0d6a1b2c3d4e", "x", "9" * 40])
def test_pages_of_objects_that_do_not_exist_answer(model, who, ident, signed_in):
    client = signed_in(who)

    for page in ("change", "delete", "history"):
        assert client.get(url(model, page, ident)).status_code in {302, 403, 404}


@pytest.mark.parametrize("who", WHO)
def test_first_page_answers(who, signed_in):
    assert signed_in(who).get(reverse("admin:index")).status_code == 200


def test_log_in_by_e_mail(client):
    UserFactory(email="boss@example.com", is_staff=True, is_superuser=True).set_password("x")
    boss = UserFactory(email="chief@example.com", is_staff=True, is_superuser=True)
    boss.set_password("correct horse")
    boss.save()
    page = reverse("admin:login")

    assert b"chief@example.com" not in client.get(page).content
    refused = client.post(page, {"username": "chief@example.com", "password": "wrong"})
    accepted = client.post(page, {"username": "chief@example.com", "password": "correct horse"})

    assert refused.status_code == 200
    assert accepted.status_code == 302


def test_customers_stay_outside(client):
    client.force_login(UserFactory())

    for address in [reverse("admin:index"), *(url(model, "changelist") for model in MODELS)]:
        assert client.get(address).status_code == 302


def test_the_menu_switches_language(client):
    client.force_login(AdministratorFactory())

    client.post(reverse("set_language"), {"language": "es", "next": reverse("admin:index")})

    assert "Maquinaria" in client.get(reverse("admin:index")).content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": reverse("admin:index")})
    assert "Machinery" in client.get(reverse("admin:index")).content.decode()
