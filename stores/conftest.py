"""People of the stores context's tests."""

from collections.abc import Callable

import pytest

from users.accounts.tests.factories import AdministratorFactory, UserFactory
from users.models import Department, User
from users.staff.tests.factories import DepartmentMemberFactory

MakeUser = Callable[..., User]


@pytest.fixture
def person(db: None) -> MakeUser:
    """`person()`: an account without any key; columns as keywords."""
    return UserFactory


@pytest.fixture
def administrator(db: None) -> User:
    """A superuser."""
    return AdministratorFactory()


@pytest.fixture
def clerk_of(db: None) -> Callable[..., User]:
    """`clerk_of(department)`: staff with the catalogue's and inventory's keys there."""

    def make(department: Department, keys: tuple[str, ...] = ("catalog:write", "inventory:write")) -> User:
        user: User = DepartmentMemberFactory(department=department, keys=list(keys)).user
        return user

    return make
