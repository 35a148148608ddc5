"""Departments for tests of every context."""

import factory
from factory.django import DjangoModelFactory

from users.accounts.tests.factories import StaffFactory
from users.staff.models import Department, DepartmentMember


class DepartmentFactory(DjangoModelFactory[Department]):
    """A department without people."""

    class Meta:
        model = Department

    name = factory.Sequence(lambda number: f"Department {number}")
    slug = factory.Sequence(lambda number: f"department-{number}")


class DepartmentMemberFactory(DjangoModelFactory[DepartmentMember]):
    """A person of staff with keys, such as `keys=["catalog:write"]`."""

    class Meta:
        model = DepartmentMember

    department = factory.SubFactory(DepartmentFactory)
    user = factory.SubFactory(StaffFactory)
    keys = factory.LazyFunction(list)
