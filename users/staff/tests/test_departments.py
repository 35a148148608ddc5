"""Departments, members, and what their keys open."""

import pytest

from marketplace.core.access import KEYS, reach
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UserFactory
from users.facade import departments_of
from users.staff.models import Department, DepartmentMember
from users.staff.tests.factories import DepartmentFactory, DepartmentMemberFactory

pytestmark = pytest.mark.django_db

BASE = "/api/v1/users/departments/"


@pytest.fixture
def admin(api):
    """The client as an administrator."""
    api.force_authenticate(AdministratorFactory.create())
    return api


def test_departments_crud(admin):
    made = admin.post(BASE, {"name": "Bakery", "slug": "bakery"}, format="json")
    assert (made.status_code, made.json()["member_count"]) == (201, 0)
    url = f"{BASE}{made.json()['id']}/"

    assert admin.post(BASE, {"name": "B", "slug": "bakery"}, format="json").json()["code"] == "department_slug_taken"
    assert admin.patch(url, {"name": "Bread"}, format="json").json()["name"] == "Bread"
    assert [row["slug"] for row in admin.get(BASE).json()["results"]] == ["bakery"]
    assert admin.delete(url).status_code == 204
    assert admin.get(url).status_code == 404


def test_staff_without_the_role_cannot(api):
    api.force_authenticate(StaffFactory.create())

    assert api.post(BASE, {"name": "Bakery", "slug": "bakery"}, format="json").status_code == 403
    assert not Department.objects.exists()


def test_members_crud(admin):
    department, user = DepartmentFactory.create(), StaffFactory.create()
    url = f"{BASE}{department.pk}/members/"

    made = admin.post(url, {"user": str(user.pk), "keys": ["inventory:read", "catalog:write"]}, format="json")
    assert (made.status_code, made.json()["keys"]) == (201, ["catalog:write", "inventory:read"])
    again = admin.post(url, {"user": str(user.pk), "keys": []}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "already_member")
    one = f"{url}{made.json()['id']}/"
    assert admin.patch(one, {"keys": ["promotions:read"]}, format="json").json()["keys"] == ["promotions:read"]
    assert admin.get(url).json()["results"][0]["user"] == str(user.pk)
    elsewhere = one.replace(str(department.pk), str(DepartmentFactory.create().pk))
    assert admin.get(elsewhere).status_code == admin.delete(elsewhere).status_code == 404
    assert admin.delete(one).status_code == 204
    assert not DepartmentMember.objects.exists()


@pytest.mark.parametrize("keys", [["catalog:delete"], ["catalog"], "catalog:read", [1], None, ["catalog:read"] * 50])
def test_unknown_keys_are_refused(admin, keys):
    department = DepartmentFactory.create()
    body = {"user": str(StaffFactory.create().pk), "keys": keys}

    assert admin.post(f"{BASE}{department.pk}/members/", body, format="json").status_code == 400
    assert not DepartmentMember.objects.exists()


def test_customers_cannot_be_members(admin):
    body = {"user": str(UserFactory.create().pk), "keys": ["catalog:read"]}

    answer = admin.post(f"{BASE}{DepartmentFactory.create().pk}/members/", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_staff")


def test_unknown_department_is_not_found(admin):
    url = f"{BASE}0198c6a0-5f3e-7c1e-9d5f-2b6f0a3c4d5e/members/"

    assert admin.get(url).status_code == 404
    assert admin.post(url, {"user": str(StaffFactory.create().pk), "keys": []}, format="json").status_code == 404


def test_writing_includes_reading_and_stays_in_the_department():
    member = DepartmentMemberFactory.create(keys=["catalog:write", "inventory:read"])
    other = DepartmentFactory.create()

    assert reach(member.user, "catalog:read").departments == {member.department_id}
    assert reach(member.user, "catalog:write").covers(department_id=member.department_id)
    assert not reach(member.user, "catalog:write").covers(department_id=other.pk)
    assert reach(member.user, "inventory:read").departments == {member.department_id}
    assert reach(member.user, "inventory:write").is_empty
    assert reach(member.user, "procurement:read").is_empty
    assert departments_of(member.user_id) == {member.department_id: {"catalog:write", "inventory:read"}}


def test_keys_sleep_when_their_holder_leaves_staff():
    member = DepartmentMemberFactory.create(keys=list(KEYS))
    member.user.is_staff = False

    assert all(reach(member.user, key).is_empty for key in KEYS)


def test_being_staff_opens_nothing_and_administrators_everything():
    assert all(reach(StaffFactory.create(), key).is_empty for key in KEYS)
    assert all(reach(AdministratorFactory.create(), key).everywhere for key in KEYS)
