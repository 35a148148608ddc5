"""The back office of the context: every page opens, writes go through services, refusals are shown."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from marketplace.core.audit import AuditEntry
from users.accounts.models import Session, User
from users.accounts.tests.factories import PASSWORD, AdministratorFactory, StaffFactory, UserFactory
from users.customers.models import CustomerPlace, CustomerProfile, Segment, SegmentPolicy, TierPolicy
from users.customers.tests.factories import SegmentFactory, make_customer
from users.staff.models import Department, DepartmentMember
from users.staff.tests.factories import DepartmentFactory, DepartmentMemberFactory

pytestmark = pytest.mark.django_db

MODELS = ["user", "session", "customerprofile", "segment", "department", "tierpolicy", "segmentpolicy"]


@pytest.fixture
def office(client):
    """A browser signed in to the back office."""

    def enter(user):
        client.force_login(user)
        return client

    return enter


def carer():
    """Somebody of the house who looks after customers: the permissions of a group, no role."""
    person = StaffFactory.create()
    allowed = Permission.objects.filter(
        content_type__app_label="users", content_type__model__in=["user", "customerprofile", "segment"]
    )
    person.user_permissions.set(allowed)
    return person


def page(model, what="changelist", *args):
    return reverse(f"admin:users_{model}_{what}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_lists_open_for_administrators(office, model):
    make_customer(segments=[SegmentFactory.create()])
    DepartmentMemberFactory.create(keys=["catalog:read"])
    TierPolicy.objects.create()
    SegmentPolicy.objects.create()
    Session.objects.create(user=UserFactory.create(), expires_at="2030-01-01T00:00:00Z")

    assert office(AdministratorFactory.create()).get(page(model)).status_code == 200


@pytest.mark.parametrize(
    ("model", "status"), [("user", 200), ("segment", 200), ("customerprofile", 200), ("department", 403)]
)
def test_lists_open_by_permission(office, model, status):
    assert office(carer()).get(page(model)).status_code == status


@pytest.mark.parametrize("model", ["user", "segment", "customerprofile", "session", "department"])
def test_being_staff_opens_nothing_by_itself(office, model):
    assert office(StaffFactory.create()).get(page(model)).status_code == 403


def test_only_administrators_set_passwords_and_see_their_hashes(office):
    user = UserFactory.create()
    before = user.password
    client = office(carer())
    body = {"password1": "a brand new secret", "password2": "a brand new secret", "usable_password": "true"}

    refused = client.post(reverse("admin:auth_user_password_change", args=[user.pk]), {**body, "set-password": "1"})

    user.refresh_from_db()
    assert refused.status_code == 403
    assert user.password == before
    assert b'name="password"' not in (shown := client.get(page("user", "change", user.pk)).content)
    assert b"algorithm" not in shown


def test_customers_do_not_enter(office):
    assert office(UserFactory.create()).get(page("user")).status_code == 302


def test_account_is_made_with_its_profile(office):
    client = office(carer())
    assert client.get(page("user", "add")).status_code == 200

    secret = "a long enough secret"
    body = {
        "email": "New@Example.com",
        "name": "Neo",
        "usable_password": "true",
        "password1": secret,
        "password2": secret,
    }
    answer = client.post(page("user", "add"), body)

    made = User.objects.get(email="new@example.com")
    assert answer.status_code == 302
    assert made.check_password(secret)
    assert made.is_verified
    assert made.profile.memberships.count() == 1
    assert client.get(page("user", "change", made.pk)).status_code == 200


def test_staff_rename_customers_but_give_no_roles(office):
    user = UserFactory.create(name="Ana")

    body = {"name": "Ana María", "is_staff": "on", "is_superuser": "on"}
    office(carer()).post(page("user", "change", user.pk), body)

    user.refresh_from_db()
    assert (user.name, user.is_staff, user.is_superuser) == ("Ana María", False, False)


def test_administrators_give_roles_with_an_audit_trail(office):
    user = UserFactory.create(name="Ana")

    office(AdministratorFactory.create()).post(page("user", "change", user.pk), {"name": "Ana", "is_staff": "on"})

    user.refresh_from_db()
    assert (user.is_staff, user.token_version) == (True, 2)
    assert AuditEntry.objects.get(action="users.change_account").after == {"is_staff": True}


def test_staff_cannot_change_colleagues(office):
    colleague = StaffFactory.create(name="Eva")
    client = office(carer())

    assert client.post(page("user", "change", colleague.pk), {"name": "x"}).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[colleague.pk])).status_code == 403
    colleague.refresh_from_db()
    assert colleague.name == "Eva"


def test_password_is_set_by_the_service(office, log_in):
    user = UserFactory.create()
    log_in(user)
    client = office(AdministratorFactory.create())
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    assert client.get(url).status_code == 200

    body = {"password1": "a brand new secret", "password2": "a brand new secret", "usable_password": "true"}
    answer = client.post(url, {**body, "set-password": "1"})

    user.refresh_from_db()
    assert answer.status_code == 302
    assert user.check_password("a brand new secret")
    assert Session.objects.get().revoked_because == "password_changed"


def test_actions_do_what_the_services_do_and_show_refusals(office, log_in):
    user, colleague = UserFactory.create(), StaffFactory.create()
    log_in(user)
    client = office(carer())

    def act(name, *accounts):
        body = {"action": name, "_selected_action": [str(account.pk) for account in accounts]}
        answer = client.post(page("user"), body, follow=True)
        user.refresh_from_db()
        return [str(message) for message in answer.context["messages"]]

    shown = act("disable", user, colleague)
    assert not user.is_active
    assert any("Only administrators may do this" in text for text in shown)
    act("enable", user)
    assert user.is_active
    act("end_sessions", user)
    act("archive", user)
    assert user.archived_at is not None
    assert client.get(page("user", "change", user.pk), follow=True).status_code == 200
    colleague.refresh_from_db()
    assert colleague.is_active


def test_last_administrator_cannot_give_the_role_away(office):
    admin = AdministratorFactory.create(name="Root")

    answer = office(admin).post(page("user", "change", admin.pk), {"name": "Root", "is_staff": "on"}, follow=True)

    admin.refresh_from_db()
    assert admin.is_superuser
    assert "last administrator" in answer.content.decode()


def test_profile_page_writes_place_and_segments_with_the_projection(office):
    segment = SegmentFactory.create()
    user = make_customer(latitude=1.0, longitude=2.0)
    url = page("customerprofile", "change", user.profile.pk)
    client = office(carer())
    assert client.get(url).status_code == 200

    values = {"language": "en", "time_zone": "UTC", "manual_segments": [str(segment.pk)]}
    assert client.post(url, {**values, "latitude": "3.5", "longitude": "4.5"}).status_code == 302
    half = client.post(url, {**values, "latitude": "3.5", "longitude": ""}, follow=True)

    assert CustomerPlace.objects.get(customer=user.pk, segment=segment.pk).latitude == 3.5
    assert CustomerProfile.objects.get(user=user).longitude == 4.5
    assert half.status_code == 200


def test_segment_pages_add_change_and_delete(office):
    client = office(carer())
    client.post(page("segment", "add"), {"name": "Bakers", "slug": "bakers"})
    segment = Segment.objects.get(slug="bakers")
    make_customer(latitude=1.0, longitude=2.0, segments=[segment])

    client.post(page("segment", "change", segment.pk), {"name": "Good bakers", "slug": "bakers"})
    assert Segment.objects.get(pk=segment.pk).name == "Good bakers"
    taken = client.post(page("segment", "add"), {"name": "B", "slug": "bakers"})
    assert taken.status_code == 200
    client.post(page("segment", "delete", segment.pk), {"post": "yes"})

    assert not Segment.objects.filter(pk=segment.pk).exists()
    assert not CustomerPlace.objects.filter(segment=segment.pk).exists()
    automatic = Segment.objects.get(rule="new")
    assert client.post(page("segment", "delete", automatic.pk), {"post": "yes"}).status_code == 403


def test_department_page_keeps_members_and_keys(office):
    staff, customer, department = StaffFactory.create(), UserFactory.create(), DepartmentFactory.create()
    client = office(AdministratorFactory.create())
    url = page("department", "change", department.pk)
    assert client.get(url).status_code == 200

    def body(user, *, total="1", initial="0", **row):
        rows = {f"members-0-{name}": value for name, value in {"user": str(user.pk), **row}.items()}
        form = {"members-TOTAL_FORMS": total, "members-INITIAL_FORMS": initial}
        return {"name": department.name, "slug": department.slug, **form, **rows}

    client.post(url, body(customer, keys=["catalog:read"]))
    assert not DepartmentMember.objects.exists()
    client.post(url, body(staff, keys=["catalog:read", "catalog:write"]))
    member = DepartmentMember.objects.get()
    assert member.keys == ["catalog:read", "catalog:write"]
    mine = {"id": str(member.pk), "department": str(department.pk)}
    client.post(url, body(staff, initial="1", keys=["inventory:read"], **mine))
    member.refresh_from_db()
    assert member.keys == ["inventory:read"]
    client.post(url, body(staff, initial="1", DELETE="on", **mine))
    assert not DepartmentMember.objects.exists()


def test_department_is_made_with_its_people(office):
    staff = StaffFactory.create()
    form = {"members-TOTAL_FORMS": "1", "members-INITIAL_FORMS": "0", "members-0-user": str(staff.pk)}

    body = {"name": "Bakery", "slug": "bakery", **form, "members-0-keys": ["catalog:read"]}
    office(AdministratorFactory.create()).post(page("department", "add"), body)

    assert DepartmentMember.objects.get().department == Department.objects.get(slug="bakery")


def test_policies_are_added_by_administrators_and_never_changed(office):
    limits = {"silver_from": "5", "gold_from": "10"}
    assert office(carer()).post(page("tierpolicy", "add"), limits).status_code == 403
    client = office(AdministratorFactory.create())

    assert client.post(page("tierpolicy", "add"), limits).status_code == 302
    wrong = client.post(page("tierpolicy", "add"), {"silver_from": "5", "gold_from": "5"})
    rules = {"new_days": "7", "frequent_orders": "2", "frequent_days": "30"}
    assert client.post(page("segmentpolicy", "add"), rules).status_code == 302

    policy = TierPolicy.objects.get()
    assert (policy.gold_from, wrong.status_code) == (10, 200)
    assert (
        client.post(page("tierpolicy", "change", policy.pk), {"silver_from": "1", "gold_from": "2"}).status_code == 403
    )


def test_log_in_to_the_back_office_works_with_an_address_in_any_case(client):
    admin = AdministratorFactory.create(email="root@example.com")

    client.post("/admin/login/", {"username": "Root@Example.com", "password": PASSWORD})

    assert client.get(page("user", "change", admin.pk)).status_code == 200


def test_erased_person_is_not_named_in_the_admin_log(office):
    person = UserFactory.create(email="gone@example.com")
    browser = office(AdministratorFactory.create())
    browser.post(page("user", "change", person.pk), {"name": "Renamed"})
    assert LogEntry.objects.get().object_repr == "gone@example.com"

    browser.post(page("user"), {"action": "archive", "_selected_action": [person.pk]})

    assert User.objects.get(pk=person.pk).archived_at is not None
    assert {entry.object_repr for entry in LogEntry.objects.all()} == {str(person.pk)}
