"""Writes of the staff slice: departments and who holds which keys in them. All by administrators."""

from collections.abc import Collection
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from marketplace.core import audit
from marketplace.core.access import KEYS
from marketplace.core.errors import InvalidInputError, gettext_noop
from users.accounts.models import User

from .errors import (
    AlreadyMemberError,
    DepartmentInUseError,
    DepartmentMemberNotFoundError,
    DepartmentNotFoundError,
    DepartmentSlugTakenError,
    NotStaffError,
)
from .models import Department, DepartmentMember


@transaction.atomic
def add_department(*, actor: User, name: str, slug: str) -> Department:
    """A department without people. Raises `DepartmentSlugTakenError`."""
    department = Department(name=name, slug=slug)
    _save(department)
    audit.record(actor_id=actor.pk, action="users.add_department", subject=department, after={"slug": slug})
    return department


@transaction.atomic
def change_department(*, actor: User, department_id: UUID, **values: str) -> Department:
    """Change name or slug. Raises `DepartmentNotFoundError`, `DepartmentSlugTakenError`."""
    department = _locked(department_id)
    before = {name: getattr(department, name) for name in values}
    for name, value in values.items():
        setattr(department, name, value)
    _save(department)
    audit.record(actor_id=actor.pk, action="users.change_department", subject=department, before=before, after=values)
    return department


@transaction.atomic
def delete_department(*, actor: User, department_id: UUID) -> None:
    """Delete a department and its memberships. Raises `DepartmentInUseError` while categories belong to it."""
    department = _locked(department_id)
    audit.record(
        actor_id=actor.pk, action="users.delete_department", subject=department, before={"slug": department.slug}
    )
    try:
        department.delete()
    except ProtectedError as error:
        raise DepartmentInUseError from error


def _locked(department_id: UUID) -> Department:
    department = Department.objects.select_for_update().filter(pk=department_id).first()
    if department is None:
        raise DepartmentNotFoundError
    return department


def _save(department: Department) -> None:
    try:
        with transaction.atomic():
            department.save()
    except IntegrityError as error:
        raise DepartmentSlugTakenError from error


@transaction.atomic
def add_member(*, actor: User, department_id: UUID, user: User, keys: Collection[str]) -> DepartmentMember:
    """Give a person of staff keys in a department.

    Raises `DepartmentNotFoundError`, `NotStaffError`, `AlreadyMemberError`, `InvalidInputError` for an unknown key.
    """
    department = _locked(department_id)
    if not (user.is_staff and user.is_active):
        raise NotStaffError
    if DepartmentMember.objects.filter(department=department, user=user).exists():
        raise AlreadyMemberError
    member = DepartmentMember.objects.create(department=department, user=user, keys=_known(keys))
    audit.record(actor_id=actor.pk, action="users.add_member", subject=member, after=_facts(member))
    return member


@transaction.atomic
def change_member(*, actor: User, department_id: UUID, member_id: UUID, keys: Collection[str]) -> DepartmentMember:
    """Replace a member's keys. Raises `DepartmentMemberNotFoundError`, `InvalidInputError` for an unknown key."""
    member = _locked_member(department_id, member_id)
    before = _facts(member)
    member.keys = _known(keys)
    member.save(update_fields=["keys", "updated_at"])
    audit.record(actor_id=actor.pk, action="users.change_member", subject=member, before=before, after=_facts(member))
    return member


@transaction.atomic
def remove_member(*, actor: User, department_id: UUID, member_id: UUID) -> None:
    """Take a person out of a department. Raises `DepartmentMemberNotFoundError`."""
    member = _locked_member(department_id, member_id)
    audit.record(actor_id=actor.pk, action="users.remove_member", subject=member, before=_facts(member))
    member.delete()


def _locked_member(department_id: UUID, member_id: UUID) -> DepartmentMember:
    rows = DepartmentMember.objects.select_for_update()
    member = rows.filter(pk=member_id, department_id=department_id).first()
    if member is None:
        raise DepartmentMemberNotFoundError
    return member


def _known(keys: Collection[str]) -> list[str]:
    if not set(keys) <= set(KEYS):
        raise InvalidInputError.of("keys", "unknown_key", gettext_noop("There is no such key."))
    return [key for key in KEYS if key in keys]


def _facts(member: DepartmentMember) -> dict[str, object]:
    return {"department": str(member.department_id), "user": str(member.user_id), "keys": member.keys}


def erase_member(user_id: UUID) -> None:
    """The slice's eraser: the person is a member of nothing."""
    DepartmentMember.objects.filter(user_id=user_id).delete()
