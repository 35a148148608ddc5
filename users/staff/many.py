"""Departments and their people, for demo data and importers. Re-runnable: what is there stays as it is."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from marketplace.core.clock import read_db_now
from users.accounts.models import User
from users.contracts import NewStaff

from .models import Department, DepartmentMember


@transaction.atomic
def add_departments(names: dict[str, str]) -> dict[str, UUID]:
    """Make the departments (name by slug) that are not there yet; the ids of all by slug."""
    Department.objects.bulk_create(
        (Department(slug=slug, name=name) for slug, name in names.items()), ignore_conflicts=True
    )
    return dict(Department.objects.filter(slug__in=names).values_list("slug", "pk"))


def add_staff(rows: Iterable[NewStaff], *, password: str) -> list[UUID]:
    """Make verified accounts of the house with their keys; the ids in the rows' order.

    An address that has an account is left as it is. The password is hashed once for all.
    """
    password_hash = make_password(password)
    return [_add(row, password_hash) for row in rows]


@transaction.atomic
def _add(row: NewStaff, password_hash: str) -> UUID:
    known = User.objects.filter(email=row.email.lower()).first()
    if known is not None:
        return known.pk
    user = User.objects.create_hashed(
        row.email,
        password_hash,
        name=row.name,
        is_staff=True,
        is_superuser=row.is_administrator,
        email_verified_at=read_db_now(),
    )
    DepartmentMember.objects.bulk_create(
        DepartmentMember(department_id=department_id, user=user, keys=sorted(keys))
        for department_id, keys in row.keys.items()
    )
    return user.pk
