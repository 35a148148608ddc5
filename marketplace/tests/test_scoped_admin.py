"""The base of the admin pages: a key opens a page, its reach decides about the rows, and nothing is moved beyond it."""

import pytest
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import modelform_factory
from django.test import RequestFactory

from marketplace.core import access
from marketplace.core.admin import ReadOnlyAdmin, ScopedAdmin
from marketplace.core.models import AuditEntry
from stores.catalog.models import Category
from stores.catalog.tests.factories import CategoryFactory
from users.accounts.tests.factories import AdministratorFactory, StaffFactory
from users.staff.tests.factories import DepartmentMemberFactory

pytestmark = pytest.mark.django_db


class CategoryPage(ScopedAdmin):
    """A page as a context writes it."""

    access_area = "catalog"
    department_path = "department"


def page():
    return CategoryPage(Category, admin.site)


def asking(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


def clerk(*keys):
    return DepartmentMemberFactory.create(keys=list(keys))


def test_without_a_key_the_page_does_not_exist_even_for_staff():
    request = asking(StaffFactory.create())

    assert not page().has_module_permission(request)
    assert not page().has_add_permission(request)
    assert list(page().get_queryset(request)) == []


def test_a_reader_sees_the_rows_of_the_department_and_changes_none():
    member = clerk("catalog:read")
    mine, other = CategoryFactory.create(department=member.department), CategoryFactory.create()
    request = asking(member.user)

    assert list(page().get_queryset(request)) == [mine]
    assert page().has_view_permission(request, mine)
    assert not page().has_view_permission(request, other)
    assert not page().has_change_permission(request, mine)
    assert not page().has_delete_permission(request, mine)


def test_a_writer_writes_there_and_nowhere_else():
    member = clerk("catalog:write")
    mine, other = CategoryFactory.create(department=member.department), CategoryFactory.create()
    request = asking(member.user)

    assert page().has_change_permission(request, mine)
    assert page().has_delete_permission(request, mine)
    assert not page().has_change_permission(request, other)


def test_an_object_cannot_be_moved_out_of_reach():
    member = clerk("catalog:write")
    mine, other = CategoryFactory.create(department=member.department), CategoryFactory.create()
    request = asking(member.user)
    form = modelform_factory(Category, fields=["name"])({"name": "New"}, instance=mine)
    assert form.is_valid()
    form.save(commit=False)

    page().save_related(request, form, [], change=True)
    form.instance.department = other.department
    form.instance.save()
    with pytest.raises(PermissionDenied):
        page().save_related(request, form, [], change=True)


def test_administrators_reach_everything_and_still_do_not_touch_the_books():
    request = asking(AdministratorFactory.create())
    books = ReadOnlyAdmin(AuditEntry, admin.site)

    assert page().has_change_permission(request, CategoryFactory.create())
    assert books.has_view_permission(request)
    assert not books.has_add_permission(request)
    assert not books.has_change_permission(request)
    assert not books.has_delete_permission(request)


def test_a_page_reads_memberships_once_and_the_next_page_reads_them_anew(django_assert_num_queries):
    member = clerk("catalog:read")

    def opened():
        with access.remembered():
            return {key for key in access.KEYS if not access.reach(member.user, key).is_empty}

    # The departments, the stores of the person, and those that are the person's own.
    with django_assert_num_queries(3):
        assert opened() == {"catalog:read"}

    member.keys = ["money:write"]
    member.save()

    assert opened() == {"money:read", "money:write"}
