"""Accounts through HTTP: own, others', staff's; archiving."""

import pytest

from marketplace.core.audit import AuditEntry
from users.accounts.models import MailToken, Session, User
from users.accounts.services.registration import issue_mail_token
from users.accounts.tests.factories import PASSWORD, AdministratorFactory, StaffFactory, UserFactory
from users.customers.models import CustomerPlace, SegmentMembership
from users.customers.tests.factories import SegmentFactory, make_customer
from users.staff.models import DepartmentMember
from users.staff.tests.factories import DepartmentMemberFactory

pytestmark = pytest.mark.django_db

BASE = "/api/v1/users/"
ME = f"{BASE}me/"


@pytest.fixture
def as_user(api):
    """The client, signed in."""

    def sign_in(user):
        api.force_authenticate(user)
        return api

    return sign_in


def url(user):
    return f"{BASE}{user.pk}/"


def test_owner_reads_and_renames(as_user):
    user = UserFactory.create(name="Ana")
    client = as_user(user)

    assert client.get(url(user)).json() == client.get(ME).json()
    assert client.patch(ME, {"name": "Ana María"}, format="json").json()["name"] == "Ana María"
    assert client.get(f"{ME}?fields=name").json() == {"name": "Ana María"}


def test_account_of_somebody_else_is_not_found(as_user):
    other = UserFactory.create(name="Other")
    client = as_user(UserFactory.create())

    assert client.get(url(other)).status_code == 404
    assert client.patch(url(other), {"name": "x"}, format="json").status_code == 404
    assert client.patch(url(other), {"is_staff": True}, format="json").status_code == 404
    assert client.delete(url(other)).status_code == 404
    other.refresh_from_db()
    assert (other.name, other.archived_at) == ("Other", None)


@pytest.mark.parametrize(
    "path", ["not-an-id/", "0/", "%00/", "99999999999999999999/", "0198c6a0-5f3e-7c1e-9d5f-2b6f0a3c4d5e/"]
)
def test_unknown_and_malformed_ids_are_not_found(as_user, path):
    client = as_user(StaffFactory.create())

    for method in (client.get, client.patch, client.delete):
        assert method(f"{BASE}{path}").status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [({"is_active": False}, "activity_change_forbidden"), ({"is_staff": True}, "role_change_forbidden")],
)
def test_customers_cannot_raise_themselves(as_user, body, code):
    user = UserFactory.create(name="Ana")

    answer = as_user(user).patch(ME, {"name": "x", **body}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, code)
    user.refresh_from_db()
    assert (user.name, user.is_active, user.is_staff) == ("Ana", True, False)


def test_foreign_and_read_only_fields_change_nothing(as_user):
    user = UserFactory.create()
    before = User.objects.filter(pk=user.pk).values().get()

    foreign = {
        "id": "0198c6a0-5f3e-7c1e-9d5f-2b6f0a3c4d5e",
        "email": "other@example.com",
        "is_superuser": True,
        "is_verified": False,
        "email_verified_at": None,
        "token_version": 7,
        "created_at": "2020-01-01T00:00:00Z",
        "archived_at": "2020-01-01T00:00:00Z",
        "groups": [1],
    }
    assert as_user(user).patch(ME, foreign, format="json").status_code == 200

    assert User.objects.filter(pk=user.pk).values().get() == before


def test_owner_changes_the_password_knowing_the_old_one(as_user, log_in, api):
    user = UserFactory.create()
    refresh = log_in(user)["refresh"]
    client = as_user(user)

    missing = client.patch(ME, {"password": "a brand new secret"}, format="json")
    wrong = client.patch(ME, {"password": "a brand new secret", "current_password": "no"}, format="json")
    weak = client.patch(ME, {"password": "short", "current_password": PASSWORD}, format="json")
    good = client.patch(ME, {"password": "a brand new secret", "current_password": PASSWORD}, format="json")

    assert [answer.status_code for answer in (missing, wrong, weak, good)] == [400, 400, 400, 200]
    assert wrong.json()["errors"][0]["field"] == "current_password"
    user.refresh_from_db()
    assert user.check_password("a brand new secret")
    api.force_authenticate(None)
    assert api.post("/api/v1/auth/token/refresh/", {"refresh": refresh}, format="json").status_code == 401


def test_staff_disable_and_enable_with_an_audit_trail(as_user, log_in):
    staff, user = StaffFactory.create(), UserFactory.create()
    log_in(user)

    answer = as_user(staff).patch(url(user), {"is_active": False}, format="json")

    assert answer.json()["is_active"] is False
    assert Session.objects.get().revoked_because == "disabled"
    entry = AuditEntry.objects.get(action="users.change_account")
    assert (entry.actor_id, entry.before, entry.after) == (staff.pk, {"is_active": True}, {"is_active": False})
    assert as_user(staff).patch(url(user), {"is_active": True}, format="json").json()["is_active"] is True


def test_staff_cannot_touch_staff_nor_roles_nor_passwords(as_user):
    staff, colleague, user = StaffFactory.create(), StaffFactory.create(), UserFactory.create()
    client = as_user(staff)

    assert client.patch(url(colleague), {"is_active": False}, format="json").json()["code"] == "staff_account_protected"
    assert client.delete(url(colleague)).json()["code"] == "staff_account_protected"
    assert client.patch(url(user), {"is_staff": True}, format="json").json()["code"] == "role_change_forbidden"
    body = {"password": "a brand new secret", "current_password": PASSWORD}
    assert client.patch(url(user), body, format="json").json()["code"] == "password_change_forbidden"
    assert client.patch(ME, {"is_active": False}, format="json").status_code == 403


def test_administrators_make_staff(as_user):
    user = UserFactory.create()

    answer = as_user(AdministratorFactory.create()).patch(url(user), {"is_staff": True}, format="json")

    assert answer.json()["is_staff"] is True


def test_staff_list_searches_and_pages_in_one_query(as_user, django_assert_num_queries):
    for number in range(5):
        UserFactory.create(email=f"ana{number}@example.com")
    client = as_user(StaffFactory.create())

    with django_assert_num_queries(1):
        page = client.get(BASE, {"search": "ANA", "page_size": 3, "is_staff": "false"}).json()

    assert [row["email"] for row in page["results"]] == [f"ana{number}@example.com" for number in (4, 3, 2)]
    following = client.get(page["next"]).json()
    assert [row["email"] for row in following["results"]] == ["ana1@example.com", "ana0@example.com"]
    assert client.get(BASE, {"search": "a\x00"}).status_code == 400
    assert client.get(BASE, {"search": "a" * 101}).status_code == 400


def test_archiving_forgets_the_person_and_keeps_the_row(as_user, log_in, api):
    segment = SegmentFactory.create()
    user = make_customer(latitude=1.0, longitude=2.0, segments=[segment], email="ana@example.com", name="Ana")
    pair = log_in(user)
    issue_mail_token(user_id=user.pk, purpose=MailToken.Purpose.RESET)

    assert as_user(user).delete(ME).status_code == 204

    row = User.objects.get(pk=user.pk)
    assert row.archived_at is not None
    assert (row.name, row.is_active, row.is_verified, row.has_usable_password()) == ("", False, False, False)
    assert "ana" not in row.email
    assert (row.profile.latitude, row.profile.longitude) == (None, None)
    assert not CustomerPlace.objects.filter(customer=user.pk).exists()
    assert not SegmentMembership.objects.filter(profile__user=user).exists()
    assert not MailToken.objects.filter(user=user).exists()
    assert "ana" not in str(list(AuditEntry.objects.values()))
    api.force_authenticate(None)
    assert api.post("/api/v1/auth/token/refresh/", {"refresh": pair["refresh"]}, format="json").status_code == 401
    assert as_user(StaffFactory.create()).get(url(user)).status_code == 404
    assert User.objects.create_user("ana@example.com", "x").pk != user.pk


def test_archiving_staff_takes_their_keys(as_user):
    member = DepartmentMemberFactory.create(keys=["catalog:write"])

    assert as_user(AdministratorFactory.create()).delete(url(member.user)).status_code == 204

    assert not DepartmentMember.objects.exists()


def test_last_administrator_stays(as_user):
    admin = AdministratorFactory.create()
    client = as_user(admin)

    assert client.delete(ME).json()["code"] == "last_administrator"
    assert User.objects.get(pk=admin.pk).archived_at is None
    AdministratorFactory.create()
    assert client.delete(ME).status_code == 204
