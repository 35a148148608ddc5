"""The first administrator comes from the environment, once."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import override_settings

GIVEN = override_settings(DJANGO_SUPERUSER_EMAIL="Root@Shop.example", DJANGO_SUPERUSER_PASSWORD="first-password-1")


@GIVEN
@pytest.mark.django_db
def test_administrator_is_made() -> None:
    call_command("ensure_superuser")

    user = get_user_model().objects.get(email="root@shop.example")
    assert user.is_superuser
    assert user.is_staff
    assert user.check_password("first-password-1")


@GIVEN
@pytest.mark.django_db
def test_existing_account_keeps_its_password() -> None:
    get_user_model().objects.create_user("root@shop.example", "changed-since-2")

    call_command("ensure_superuser")

    assert get_user_model().objects.get(email="root@shop.example").check_password("changed-since-2")


@override_settings(DJANGO_SUPERUSER_EMAIL="root@shop.example", DJANGO_SUPERUSER_PASSWORD="")
@pytest.mark.django_db
def test_without_a_password_nothing_is_made() -> None:
    call_command("ensure_superuser")

    assert not get_user_model().objects.exists()
