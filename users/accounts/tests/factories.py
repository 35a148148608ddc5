"""Accounts for tests of every context."""

from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory

from users.accounts.models import User

PASSWORD = "correct horse battery"


class UserFactory(DjangoModelFactory[User]):
    """A verified account with its profile, as registration makes it. Log in with `PASSWORD`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.com")
    name = factory.Faker("first_name")
    email_verified_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **values: Any) -> User:
        password = values.pop("password", PASSWORD)
        return User.objects.create_hashed(values.pop("email"), make_password(password), **values)


class UnverifiedUserFactory(UserFactory):
    """Registered, the mail not answered yet."""

    email_verified_at = None


class StaffFactory(UserFactory):
    """Of the house, without any key."""

    is_staff = True


class AdministratorFactory(StaffFactory):
    """May do everything."""

    is_superuser = True
