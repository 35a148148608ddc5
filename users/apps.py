"""The users context."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Accounts, customers, staff."""

    name = "users"
    label = "users"
