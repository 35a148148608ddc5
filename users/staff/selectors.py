"""Reads of the staff slice, and its answer to `core.access`."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, QuerySet

from marketplace.core import access
from marketplace.core.access import NOWHERE, Reach
from users.accounts.models import User

from .models import Department, DepartmentMember


def department_reach(user: User | AnonymousUser, key: str) -> Reach:
    """The departments where `user` holds `key`; writing includes reading. Keys of people who left staff sleep."""
    if not user.is_staff:
        return NOWHERE
    opening = {key, f"{key.partition(':')[0]}:write"}
    held = access.recalled("departments", user, lambda: departments_of(user.pk))
    return Reach(departments=frozenset(department_id for department_id, keys in held.items() if opening & keys))


def departments() -> "QuerySet[Department]":
    """Departments with `member_count`."""
    return Department.objects.annotate(member_count=Count("members"))


def members(department_id: UUID) -> "QuerySet[DepartmentMember]":
    """The people of one department."""
    return DepartmentMember.objects.filter(department_id=department_id)


def departments_of(user_id: UUID) -> dict[UUID, frozenset[str]]:
    """A person's keys by department."""
    rows = DepartmentMember.objects.filter(user_id=user_id).values_list("department_id", "keys")
    return {department_id: frozenset(keys) for department_id, keys in rows}


def staff_holding(key: str, department_id: UUID) -> list[UUID]:
    """Active people of the house who hold `key` in the department; writing includes reading."""
    opening = {key, f"{key.partition(':')[0]}:write"}
    rows = DepartmentMember.objects.filter(department=department_id, user__is_active=True, user__is_staff=True)
    return [user_id for user_id, keys in rows.order_by("user_id").values_list("user_id", "keys") if opening & set(keys)]
