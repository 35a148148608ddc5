"""People of the stores context's tests."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Model

from marketplace.core import access
from users.models import DepartmentMember, User

MakeUser = Callable[..., User]


@pytest.fixture
def person(db: None) -> MakeUser:
    """`person()`: an account nobody knows; columns as keywords."""
    made = iter(range(10_000))

    def make(**columns: Any) -> User:
        user: User = get_user_model().objects.create_user(f"person{next(made)}@example.com", **columns)
        return user

    return make


@pytest.fixture
def administrator(person: MakeUser) -> User:
    """A superuser."""
    return person(is_staff=True, is_superuser=True)


@pytest.fixture
def clerk_of(person: MakeUser, monkeypatch: pytest.MonkeyPatch) -> Callable[..., User]:
    """`clerk_of(department)`: staff with the catalogue's and inventory's keys there."""

    monkeypatch.setattr(access, "_authorities", [*access._authorities, _department_reach])

    def make(department: Model, keys: tuple[str, ...] = ("catalog:write", "inventory:write")) -> User:
        user = person(is_staff=True)
        DepartmentMember.objects.create(department_id=department.pk, user=user, keys=list(keys))
        return user

    return make


def _department_reach(user: Any, key: str) -> access.Reach:
    area = key.partition(":")[0]
    mine = DepartmentMember.objects.filter(user_id=user.pk)
    return access.Reach(
        departments=frozenset(row.department_id for row in mine if key in row.keys or f"{area}:write" in row.keys)
    )
